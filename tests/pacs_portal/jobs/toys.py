"""A tool for the tests: makes a small DICOM file of every text file; the text tells what to do.

"fail", "hold", "skip": a verdict, "hold" until a steward accepts it. "stumble": an exception that
nobody foresaw. "away": a service is missing as long as the file `away` lies in the data folder.
Anything else is copied.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.conf import settings
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.jobs.steps import (
    InstanceFacts,
    Plan,
    PlannedUnit,
    StepFile,
    StepResult,
    StepUnavailableError,
    UnitContext,
    Verdict,
)

VERDICTS = {
    b"fail": Verdict(0, Outcome.FAILED, "broken", "The toy is broken."),
    b"hold": Verdict(0, Outcome.HELD, "name-found", "The toy found a name."),
    b"skip": Verdict(0, Outcome.SKIPPED, "not-needed", "The toy does not need this file."),
}


class ToyStep:
    """Takes what nobody knows; a folder is a unit."""

    name = "toy"
    is_guard = True

    def refusal(self, kind: str) -> tuple[str, str] | None:
        return None if kind == "unknown" else ("not-a-toy", "This is not a toy.")

    def plan(self, job: Job, files: Sequence[StepFile], options: Mapping[str, Any]) -> Plan:
        folders: dict[str, list[StepFile]] = defaultdict(list)
        for file in files:
            folders[str(file.relative_path.parent)].append(file)
        study = uid_of(f"study of {job.pk}".encode())
        units = (PlannedUnit(tuple(group), {"study": study}) for group in folders.values())
        return Plan(units=tuple(units))

    def prepare(self, job: Job, unit: PlannedUnit) -> PlannedUnit:
        return replace(unit, values={**unit.values, "patient": "TOY-1"})

    def run(self, context: UnitContext, files: Sequence[StepFile]) -> StepResult:
        outputs: list[StepFile] = []
        verdicts: list[Verdict] = []
        for number, file in enumerate(files):
            text = file.path.read_bytes()
            _misbehave(text)
            verdict = VERDICTS.get(text.partition(b" ")[0])
            if verdict is not None and verdict.code in context.ruling_for(file).accepted:
                verdict = None
            if verdict is not None:
                verdicts.append(replace(verdict, receipt_id=file.receipt_ids[0]))
            if verdict is None or verdict.outcome == Outcome.HELD:
                outputs.append(_made(context, file, number, text))
        return StepResult(tuple(outputs), tuple(verdicts))


def uid_of(content: bytes) -> str:
    return f"2.25.{int.from_bytes(sha256(content).digest()[:15], 'big')}"


def _misbehave(text: bytes) -> None:
    if text.startswith(b"stumble"):
        raise RuntimeError("Hans Mueller, 1956-03-01")
    if text.startswith(b"away") and (Path(settings.DATA_DIR) / "away").exists():
        raise StepUnavailableError


def _made(context: UnitContext, file: StepFile, number: int, text: bytes) -> StepFile:
    path = context.work_dir / f"{number}.dcm"
    uid = uid_of(text.partition(b" as ")[2] or text)
    _write(path, context, uid, text)
    content = path.read_bytes()
    facts = InstanceFacts(
        sop_class_uid=SecondaryCaptureImageStorage,
        sop_instance_uid=uid,
        study_instance_uid=str(context.values["study"]),
        series_instance_uid=str(context.values["study"]) + ".1",
        sha256=sha256(content).hexdigest(),
        size_bytes=len(content),
    )
    return replace(file, path=path, kind="dicom", instance=facts, provenance="toy/1")


def _write(path: Path, context: UnitContext, uid: str, text: bytes) -> None:
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = uid
    made.StudyInstanceUID = str(context.values["study"])
    made.SeriesInstanceUID = str(context.values["study"]) + ".1"
    made.PatientID = made.PatientName = str(context.values["patient"])
    made.Modality = "OT"
    made.ImageComments = sha256(text).hexdigest()[:16]
    made.save_as(path, enforce_file_format=True)
