"""The step "as-is": DICOM passes unchanged, in projects that accept identities only."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import file_digest
from typing import Any

from django.utils.translation import gettext_noop

from pacs_portal.archive.errors import UnreadableInstanceError
from pacs_portal.archive.headers import read_header, text_of
from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.jobs.steps import (
    InstanceFacts,
    Plan,
    PlannedUnit,
    StepFile,
    StepResult,
    UnitContext,
    Verdict,
    plan_alone,
)
from pacs_portal.jobs.verdicts import verdicts_on

NOT_DICOM = gettext_noop("Only DICOM can be stored as it is. Choose another tool for this file.")
NO_UIDS = gettext_noop("The DICOM file is damaged: its UIDs cannot be read. Export it again.")


class AsIsStep:
    """Says of each DICOM file what it is, and changes nothing."""

    name = "as-is"
    is_guard = False

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return (code, sentence) why files of `kind` are not for this step, or None."""
        return None if kind == "dicom" else ("not-dicom", NOT_DICOM)

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Let each file stand for itself."""
        return plan_alone(files)

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Return the unit as it is."""
        return unit

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Pass on what has its UIDs."""
        passed: list[StepFile] = []
        verdicts: list[Verdict] = []
        for file in files:
            facts = _facts(file)
            if facts is not None:
                passed.append(replace(file, instance=facts, provenance="as received"))
                continue
            verdicts += verdicts_on(file, Outcome.FAILED, "damaged", NO_UIDS, self.name)
        return StepResult(tuple(passed), tuple(verdicts))


def _facts(file: StepFile) -> InstanceFacts | None:
    try:
        header = read_header(file.path)
    except UnreadableInstanceError:
        return None
    with file.path.open("rb") as stream:
        sha256 = file_digest(stream, "sha256").hexdigest()
    return InstanceFacts(
        sop_class_uid=text_of(header, "SOPClassUID"),
        sop_instance_uid=text_of(header, "SOPInstanceUID"),
        study_instance_uid=text_of(header, "StudyInstanceUID"),
        series_instance_uid=text_of(header, "SeriesInstanceUID"),
        sha256=sha256,
        size_bytes=file.path.stat().st_size,
    )
