"""The step "convert": images in, DICOM out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from converter.conversion import NAME, UnitPlan, convert_unit
from converter.engine import CONVERTIBLE
from converter.engine.conversion import ANALYZE
from converter.options import ConvertOptions
from converter.pairs import COMPANION_KINDS, whole_sources
from converter.planning import KeyedDigest, plan_units
from converter.tables import TABLE_KIND, Tables
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import Plan, PlannedUnit, StepFile, StepResult, UnitContext
from pacs_portal.projects.keys import project_keys

IS_DICOM = gettext_noop("This is already DICOM. Give it to Pseudonymize instead.")
NOT_AN_IMAGE = gettext_noop(
    "This is not an image that can be converted. "
    "Use JPEG, PNG, BMP, GIF, WebP, TIFF, a slide or NIfTI."
)


def planned(files: Sequence[StepFile], options: ConvertOptions, digest: KeyedDigest) -> Plan:
    """Return the plan of all files, tables of attributes among them; needs no database."""
    tables = Tables(file for file in files if file.kind == TABLE_KIND)
    whole, verdicts = whole_sources(file for file in files if file.kind != TABLE_KIND)
    units, wrong = plan_units(whole, options, digest, tables)
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
        return "not-an-image", NOT_AN_IMAGE

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Find the studies, and fix all UIDs and numbers."""
        return planned(files, ConvertOptions.of_job(options), project_keys(job.project_id).uid_seed)

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Return the unit as it is: the plan fixed everything."""
        return unit

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Convert each file; one that fails does not stop the others."""
        options = ConvertOptions.of_job(context.options)
        plan = UnitPlan.of(context.values, context.private, options)
        return convert_unit(files, plan, context.work_dir)
