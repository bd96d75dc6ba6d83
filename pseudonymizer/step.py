"""The step "pseudonymize": DICOM in, DICOM under the project's pseudonyms out."""

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_noop

from pacs_portal.jobs.joining import CHANGED as STUDY_CHANGED
from pacs_portal.jobs.joining import JoinedStudy, module_tags
from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.jobs.steps import (
    FileRuling,
    FoundText,
    GivenIdentity,
    Plan,
    PlannedUnit,
    Region,
    StepFile,
    StepResult,
    UnitContext,
    Verdict,
)
from pacs_portal.jobs.verdicts import unreadable, verdicts_on
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.projects.models import Project
from pseudonymizer.causes import POSSIBLE_MATCH as CAUSE
from pseudonymizer.engine import (
    Box,
    Context,
    Header,
    HeldBack,
    IdentifierLeft,
    PseudonymizationError,
    Result,
    StoredStudy,
    TextFound,
    pseudonymize_file,
)
from pseudonymizer.facts import facts_of
from pseudonymizer.matches.decisions import is_settled
from pseudonymizer.models import RegistryPatient
from pseudonymizer.profiles.versions import fix_profile, profile_of, version_of
from pseudonymizer.reading_apart import read_headers
from pseudonymizer.registry.patients import resolve_each, subject_of
from pseudonymizer.transfers.origins import (
    context_after,
    identity_behind,
    known_of,
    patient_named,
    provenance,
)

NAME = "pseudonymize"
FILES_PER_UNIT = 200  # a longer series is cut: its patient and UIDs do not depend on the cut
PLACE_LENGTH = 200  # of a deeply nested tag; the end says most
IMAGE_KINDS = frozenset(
    {"jpeg", "png", "bmp", "gif", "webp", "tiff", "nifti", "nifti-gz", "nifti-pair", "slide"}
)
IS_IMAGE = gettext_noop("This is an image, not DICOM. Use Convert, or let the portal choose.")
NOT_DICOM = gettext_noop("This is not a DICOM file. Export it as DICOM from its source.")
IS_DICOMDIR = gettext_noop("This is the table of contents of a disc; its images are taken.")
MAY_BE_KNOWN = gettext_noop(
    "This may be a patient whom the registry knows by another spelling or number. "
    "A data steward decides on the page Possible matches of the registry."
)
CHANGED = gettext_noop("The file changed while the job ran. Start it again.")

_NO_RULING = FileRuling()
_Series = tuple[GivenIdentity, str]


class PseudonymizeStep:
    """Recognizes each file's own patient in the registry and puts the pseudonym in."""

    name = NAME
    is_guard = True

    def refusal(self, kind: str) -> tuple[str, str] | None:
        """Return (code, sentence) why files of `kind` are not for this step, or None."""
        if kind in {"dicom", "dicomdir"}:
            return None
        return ("is-image", IS_IMAGE) if kind in IMAGE_KINDS else ("not-dicom", NOT_DICOM)

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        """Group the files by patient, study and series, as each file's own header says."""
        series: dict[_Series, list[StepFile]] = defaultdict(list)
        verdicts: list[Verdict] = []
        for file in files:
            if file.kind == "dicomdir":
                verdicts += verdicts_on(file, Outcome.SKIPPED, "dicomdir", IS_DICOMDIR, NAME)
        for file, header in read_headers([file for file in files if file.kind != "dicomdir"]):
            if not isinstance(header, Header):
                verdicts += _failure(file, header)
                continue
            identity = GivenIdentity(**vars(header.identity))
            series[identity, header.series_instance_uid].append(file)
        units = tuple(_units(series))
        source = job.upload.source_project
        if source is not None:
            units = tuple(_behind(source, unit) for unit in units)
        return Plan(units=units, verdicts=tuple(verdicts))

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        """Fix the unit's patient, so that all parts write the same pseudonym."""
        return self.prepare_all(job, [unit])[0]

    def prepare_all(self, job: Job, units: Sequence[PlannedUnit]) -> list[PlannedUnit]:
        """Fix the patients of many units, with few questions to the registry."""
        fix_profile(job)
        joined = [JoinedStudy.of_unit(unit.private) for unit in units]
        others = [unit for unit, study in zip(units, joined, strict=True) if study is None]
        identities = [unit.identity for unit in others if unit.identity is not None]
        if len(identities) < len(others):
            raise ValueError("A unit to pseudonymize says whose it is.")
        patients = iter(resolve_each(job.project, identities, job))
        return [
            _of_patient(unit, next(patients)) if study is None else _of_joined(job, unit, study)
            for unit, study in zip(units, joined, strict=True)
        ]

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        """Pseudonymize each file; one that fails or is held does not stop the others."""
        joined = JoinedStudy.of_unit(context.private)
        if joined is not None and "patient" not in context.values:
            return StepResult(verdicts=_changed(files))
        patient = _patient(context)
        if not is_settled(patient):
            return StepResult(verdicts=_waiting(files))
        keys = project_keys(context.job.project_id)
        engine_context = _engine_context(context, patient, keys)
        if joined is not None:
            study = StoredStudy(joined.modules, module_tags())
            if study.patient_id != engine_context.subject.pseudonym:  # merged meanwhile
                return StepResult(verdicts=_changed(files))
            engine_context = replace(engine_context, study=study)
        outputs: list[StepFile] = []
        verdicts: list[Verdict] = []
        planned = context.private.get("identity")
        check = partial(_check_unchanged, planned) if planned else None
        source = context.job.upload.source_project
        made_by = provenance(version_of(context.job))
        for number, file in enumerate(files):
            ruled = _ruled(engine_context, context.ruling_for(file), file)
            try:
                if source is not None:
                    ruled = context_after(source, file.path, ruled)
                # A name each: two inputs may claim to be the same instance.
                name = f"{number}.dcm"
                result = pseudonymize_file(file.path, context.work_dir, ruled, check, name)
            except (PseudonymizationError, OSError) as error:
                verdicts += _failure(file, error)
                continue
            outputs.append(_output(file, result, made_by))
        return StepResult(files=tuple(outputs), verdicts=tuple(verdicts))


def _units(series: Mapping[_Series, list[StepFile]]) -> Iterator[PlannedUnit]:
    for (identity, _), files in series.items():
        private = {"identity": asdict(identity)}
        for start in range(0, len(files), FILES_PER_UNIT):
            chunk = tuple(files[start : start + FILES_PER_UNIT])
            yield PlannedUnit(files=chunk, identity=identity, private=private)


def _behind(source: Project, unit: PlannedUnit) -> PlannedUnit:
    """Return a unit of a source's archive with the patient behind its pseudonym."""
    named = unit.identity
    return unit if named is None else replace(unit, identity=identity_behind(source, named))


def _check_unchanged(planned: object, header: Header) -> None:
    """Refuse a file that names another patient now than when it was planned.

    A command reads its sources in place, and a retry may come days later.
    """
    if vars(header.identity) != planned:
        raise PseudonymizationError("changed", CHANGED)


def _patient(context: UnitContext) -> RegistryPatient:
    return RegistryPatient.objects.select_related("project", "merged_into").get(
        pk=UUID(str(context.values["patient"])), project=context.job.project_id
    )


def _waiting(files: Sequence[StepFile]) -> tuple[Verdict, ...]:
    verdicts = [verdicts_on(file, Outcome.HELD, CAUSE, MAY_BE_KNOWN, NAME) for file in files]
    return tuple(itertools.chain.from_iterable(verdicts))


def _changed(files: Sequence[StepFile]) -> tuple[Verdict, ...]:
    verdicts = [verdicts_on(f, Outcome.FAILED, "study-changed", STUDY_CHANGED, NAME) for f in files]
    return tuple(itertools.chain.from_iterable(verdicts))


def _of_joined(job: Job, unit: PlannedUnit, study: JoinedStudy) -> PlannedUnit:
    """Return a unit with the patient of the stored study that it joins."""
    known = patient_named(job.project, study.patient_id)
    return unit if known is None else _of_patient(unit, known)


def _of_patient(unit: PlannedUnit, patient: RegistryPatient) -> PlannedUnit:
    return replace(unit, values={**unit.values, "patient": str(patient.pk)})


def _engine_context(context: UnitContext, patient: RegistryPatient, keys: ProjectKeys) -> Context:
    return Context(
        subject=subject_of(patient),
        uid_key=keys.uid_key,
        profile=profile_of(context.job),
        now=context.job.created_at,
        known=known_of(patient),
    )


def _ruled(context: Context, ruling: FileRuling, file: StepFile) -> Context:
    """Return the context for one file, with what is known and what stewards decided about it."""
    if ruling == _NO_RULING and not file.is_unlooked:  # most files
        return context
    return replace(
        context,
        accepted=ruling.accepted,
        false_alarms=ruling.false_alarms,
        removals=ruling.removals,
        is_unlooked=file.is_unlooked,
        redactions=tuple(
            Box(one.left, one.top, one.width, one.height, one.frame) for one in ruling.redactions
        ),
    )


def _output(file: StepFile, result: Result, made_by: str) -> StepFile:
    return replace(
        file,
        path=result.path,
        kind="dicom",
        provenance=made_by,
        instance=facts_of(result),
    )


def _failure(file: StepFile, error: PseudonymizationError | OSError) -> list[Verdict]:
    if isinstance(error, OSError):
        return unreadable(file, error, NAME)
    outcome = Outcome.HELD if isinstance(error, HeldBack) else Outcome.FAILED
    verdicts = verdicts_on(file, outcome, error.code, str(error), NAME)
    if isinstance(error, IdentifierLeft):
        findings = tuple(
            FoundText(found.place[-PLACE_LENGTH:], found.text, found.value)
            for found in error.findings
        )
        return [replace(verdict, findings=findings) for verdict in verdicts]
    if isinstance(error, TextFound):
        regions = tuple(
            Region(box.frame, box.left, box.top, box.width, box.height) for box in error.boxes
        )
        return [replace(verdict, regions=regions) for verdict in verdicts]
    return verdicts
