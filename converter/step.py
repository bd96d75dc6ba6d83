"""The step "convert": images in, DICOM out."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

from django.utils.translation import gettext_noop

from converter.conversion import NAME, convert_unit
from converter.engine import CONVERTIBLE
from converter.engine.conversion import ANALYZE
from converter.engine.foreign import FOREIGN
from converter.options import ConvertOptions
from converter.pairs import COMPANION_KINDS, whole_sources
from converter.planning import KeyedDigest, plan_units
from converter.tables import TABLE_KIND, Tables
from converter.unit_plans import UnitPlan
from converter.units import Joining
from pacs_portal.jobs.joining import JoinedStudy, JoinError, join, series_before
from pacs_portal.jobs.models import FileReceipt, Job, Outcome
from pacs_portal.jobs.steps import Plan, PlannedUnit, StepFile, StepResult, UnitContext
from pacs_portal.jobs.verdicts import verdicts_on
from pacs_portal.projects.keys import project_keys

IS_DICOM = gettext_noop("This is already DICOM. Give it to Pseudonymize instead.")
# Images with these outcomes exist, or wait for a data steward.
KEPT = frozenset({Outcome.STORED, Outcome.WRITTEN, Outcome.DUPLICATE, Outcome.HELD})
NOT_AN_IMAGE = gettext_noop(
    "This is not an image that can be converted. "
    "Use JPEG, PNG, BMP, GIF, WebP, TIFF, a slide or NIfTI."
)


def planned(
    files: Sequence[StepFile],
    options: ConvertOptions,
    digest: KeyedDigest,
    joining: Joining | None = None,
) -> Plan:
    """Return the plan of all files, tables of attributes among them; needs no database."""
    tables = Tables(file for file in files if file.kind == TABLE_KIND)
    whole, verdicts = whole_sources(file for file in files if file.kind != TABLE_KIND)
    units, wrong = plan_units(whole, options, digest, tables, joining)
    return Plan(units=tuple(units), verdicts=(*verdicts, *wrong, *tables.verdicts()))


class ConvertStep:
    """Makes DICOM of pictures and volumes, one study per folder unless another rule is chosen."""

    name = NAME
    is_guard = False

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return (code, sentence) why files of `kind` are not for this step, or None."""
        if kind in CONVERTIBLE or kind in COMPANION_KINDS or kind == TABLE_KIND:
            return None
        if kind in {"dicom", "dicomdir"}:
            return "is-dicom", IS_DICOM
        if kind == "analyze":
            return "geometry", ANALYZE
        if kind in FOREIGN:
            return "unsupported", FOREIGN[kind]
        return "not-an-image", NOT_AN_IMAGE

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Find the studies, and fix all UIDs and numbers."""
        chosen, digest = ConvertOptions.of_job(options), project_keys(job.project_id).uid_seed
        if not chosen.study:
            return planned(files, chosen, digest)
        try:
            study = join(job, chosen.study)
        except JoinError as error:
            gone = (Outcome.FAILED, "study-gone", str(error), NAME)
            verdicts = itertools.chain.from_iterable(verdicts_on(file, *gone) for file in files)
            return Plan(verdicts=tuple(verdicts))
        before = cache(partial(series_before, job, chosen.study))
        return planned(files, chosen, digest, Joining(study, before))

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Return the unit as it is: the plan fixed everything."""
        return unit

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Convert each file; one that fails does not stop the others."""
        options = ConvertOptions.of_job(context.options)
        plans = UnitPlan.all_of(context.values, context.private, options)
        joined = JoinedStudy.of_unit(context.private)
        if joined is not None and context.job.project.accepts_identified:
            # else the guard puts it in, as the last
            plans = [replace(plan, joined=joined) for plan in plans]
        return convert_unit(files, plans, context.work_dir, _made_before(context.job, plans, files))


def _made_before(job: Job, plans: Sequence[UnitPlan], files: Sequence[StepFile]) -> frozenset[str]:
    """Return the series of a unit's volume if it ended well before: label maps alone come again."""
    volume, *label_maps = plans
    here = {number for file in files for number in file.receipt_ids}
    if not label_maps or volume.receipt_ids & here:
        return frozenset()
    receipts = FileReceipt.objects.filter(job=job, pk__in=volume.receipt_ids)
    outcomes = set(receipts.values_list("outcome", flat=True))
    return frozenset({volume.series_uid}) if outcomes <= KEPT and outcomes else frozenset()
