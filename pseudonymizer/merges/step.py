"""The step "merge": stored images get the pseudonym and dates of the patient they belong to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from pacs_portal.archive.models import Instance
from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.jobs.steps import (
    Plan,
    PlannedUnit,
    StepFile,
    StepResult,
    UnitContext,
    Verdict,
    plan_alone,
)
from pacs_portal.jobs.verdicts import unreadable, verdicts_on
from pseudonymizer.engine import PseudonymizationError, read_header
from pseudonymizer.engine.readdressing import Move, readdress_file
from pseudonymizer.facts import facts_of
from pseudonymizer.merges.moving import TOOL, goal_of
from pseudonymizer.models import MovedInstance, PatientMerge, RegistryPatient
from pseudonymizer.registry.patients import date_shift_of
from pseudonymizer.transfers.origins import UNKNOWN_PROFILE, profile_behind

FILES_PER_UNIT = 50
MOVED_ALREADY = ("moved-already", gettext_noop("The image carries the right pseudonym already."))


class MovingStep:
    """Rewrites what a merge, or its undo, gives to another patient; nobody chooses it as a tool."""

    name = TOOL
    is_guard = True

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return (code, sentence) why files of `kind` are not for this step: they all are DICOM."""
        return None

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Keep the images of a study together, so that it is two for a short time only."""
        studies: dict[str, list[StepFile]] = defaultdict(list)
        for file in files:
            studies[str(file.relative_path.parent)].append(file)
        units = [
            unit
            for images in studies.values()
            for unit in plan_alone(images, per_unit=FILES_PER_UNIT).units
        ]
        return Plan(units=tuple(units))

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Return the unit as it is: the merge says everything."""
        return unit

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Rewrite each image and note its old and new digest."""
        merge = PatientMerge.objects.select_related("project", "kept", "gone").get(
            pk=context.options["merge"], project=context.job.project_id
        )
        way = _Way(merge, bool(context.options["is_undo"]), context.work_dir)
        outputs: list[StepFile] = []
        verdicts: list[Verdict] = []
        for file in files:
            try:
                moved = _moved(way, file)
            except PseudonymizationError as error:
                verdicts += verdicts_on(file, Outcome.FAILED, error.code, str(error), TOOL)
            except OSError as error:
                verdicts += unreadable(file, error, TOOL)
            else:
                outputs += [moved] if moved else []
                if moved is None:
                    verdicts += verdicts_on(file, Outcome.DUPLICATE, *MOVED_ALREADY, TOOL)
        return StepResult(files=tuple(outputs), verdicts=tuple(verdicts))


@dataclass(frozen=True)
class _Way:
    """From whom to whom, and where the rewritten files lie meanwhile."""

    merge: PatientMerge
    is_undo: bool
    folder: Path

    @property
    def goal(self) -> RegistryPatient:
        """Whose the images are afterwards."""
        return goal_of(self.merge, is_undo=self.is_undo)

    def move(self, made_by: str) -> Move:
        """Return what happens to an image of this provenance."""
        profile = profile_behind(self.merge.project, made_by)
        if profile is None:
            raise PseudonymizationError("unknown-profile", UNKNOWN_PROFILE)
        start = self.merge.kept if self.is_undo else self.merge.gone
        days = date_shift_of(self.goal) - date_shift_of(start)
        return Move(start.pseudonym, self.goal.pseudonym, days, profile)


def _moved(way: _Way, file: StepFile) -> StepFile | None:
    """Return the image rewritten, its old and new digest noted; None if an earlier job did it."""
    header = read_header(file.path)
    if header.identity.patient_id == way.goal.pseudonym:
        return None
    stored = Instance.objects.filter(
        sop_instance_uid=header.sop_instance_uid, series__study__project=way.merge.project
    )
    made_by = stored.values_list("provenance", flat=True).first() or ""
    result = readdress_file(file.path, way.folder, way.move(made_by))
    with file.path.open("rb") as stream:
        old_sha256 = file_digest(stream, "sha256").hexdigest()
    MovedInstance.objects.update_or_create(
        merge=way.merge,
        is_undo=way.is_undo,
        sop_instance_uid=result.sop_instance_uid,
        defaults={"old_sha256": old_sha256, "new_sha256": result.sha256},
    )
    facts = facts_of(result)
    return replace(file, path=result.path, provenance=made_by, is_moved=True, instance=facts)
