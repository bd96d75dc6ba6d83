"""The step "convert": images in, DICOM out."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_noop

from converter.conversion import NAME, UnitPlan, convert_unit
from converter.engine import CONVERTIBLE
from converter.engine.conversion import ANALYZE
from converter.options import ConvertOptions
from converter.pairs import COMPANION_KINDS, whole_sources
from converter.planning import plan_units
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import Plan, PlannedUnit, StepFile, StepResult, UnitContext
from pacs_portal.projects.keys import project_keys

IS_DICOM = gettext_noop("This is already DICOM. Give it to Pseudonymize instead.")
NOT_AN_IMAGE = gettext_noop(
    "This is not an image that can be converted. "
    "Use JPEG, PNG, BMP, GIF, WebP, TIFF, a slide or NIfTI."
)


class ConvertStep:
    """Makes DICOM of pictures and volumes, one study per folder."""

    name = NAME
    is_guard = False

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return (code, sentence) why files of `kind` are not for this step, or None."""
        if kind in CONVERTIBLE or kind in COMPANION_KINDS:
            return None
        if kind in {"dicom", "dicomdir"}:
            return "is-dicom", IS_DICOM
        if kind == "analyze":
            return "geometry", ANALYZE
        return "not-an-image", NOT_AN_IMAGE

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Make a study of each folder, and fix all UIDs and numbers."""
        seed = project_keys(job.project_id).uid_seed
        whole, verdicts = whole_sources(files)
        units = plan_units(whole, ConvertOptions.of_job(options), seed)
        return Plan(units=tuple(units), verdicts=tuple(verdicts))

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Return the unit as it is: the plan fixed everything."""
        return unit

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Convert each file; one that fails does not stop the others."""
        plan = UnitPlan.of(files, context.values, ConvertOptions.of_job(context.options))
        return convert_unit(files, plan, context.work_dir)
