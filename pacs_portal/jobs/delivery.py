"""The last step of every pipeline: into the archive, a download, or a folder."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from django.utils.translation import gettext_noop
from pydicom import dcmread
from pydicom.errors import InvalidDicomError

from pacs_portal.archive.errors import ArchiveUnavailableError
from pacs_portal.archive.services import PATIENT_MERGED, NewInstance, StoreResult, store
from pacs_portal.jobs.companions import COMPANIONS, keep_files
from pacs_portal.jobs.delivered import Delivered
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import Job, Outcome
from pacs_portal.jobs.placing import Placed, place_instance
from pacs_portal.jobs.steps import StepFile, StepUnavailableError
from pacs_portal.jobs.storage import make_private, results_dir
from pacs_portal.jobs.verdicts import disk_full_told

TAKEN = gettext_noop(
    "The folder holds another image with the same UID; it was left alone. "
    "If that one is of another run, choose an empty folder."
)
ALREADY_THERE = gettext_noop("Exactly this image is in the folder already; nothing was changed.")
CONFLICT = gettext_noop(
    "Another image of this job has the same UID and other content. A steward decides which stays."
)
STORE_OUTCOMES = {
    "stored": Outcome.STORED,
    "duplicate": Outcome.DUPLICATE,
    "conflict": Outcome.HELD,
    "refused": Outcome.FAILED,
}
NOT_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


@dataclass(frozen=True, repr=False)
class Target:
    """Where the files of a job go."""

    job: Job
    name: str  # "store", "download" or "folder"
    options: Mapping[str, Any]
    work_dir: Path  # what lies below belongs to the worker and may be linked
    # Receipts whose images take the place of stored ones: a steward decided so.
    replacing: frozenset[int] = frozenset()


def deliver(target: Target, files: Sequence[StepFile]) -> list[Delivered]:
    """Deliver `files`, idempotently; one answer per file, in their order.

    What `flushed_folder` names has to be flushed to the disk before anybody says they are there.

    Raises
    ------
    StepUnavailableError
        If the archive is away, or the disk is full.
    """
    if not files:
        return []
    if target.name == "store":
        return _store(target, files)
    if target.name == COMPANIONS:
        return keep_files(files)
    return _write(target, files)


def flushed_folder(target: Target) -> Path | None:
    """Return the folder whose files have to be on the disk before their receipts say so.

    None where the archive takes them, and for a command's folder: its sources stay where they
    are, and what a power cut tears is mended by the next run, so it does as `cp` does.
    """
    return results_dir(target.job.pk) if target.name == "download" else None


def output_dir(job: Job, options: Mapping[str, Any]) -> Path:
    """Return the folder that a command writes to, from the job's sealed options."""
    return Path(os.fsdecode(bytes.fromhex(options["output_dir"])))


def folder_option(path: Path) -> dict[str, str]:
    """Return the sealed option that names the folder of a command; its name may say who is in."""
    return {"output_dir": os.fsencode(path.absolute()).hex()}


def _store(target: Target, files: Sequence[StepFile]) -> list[Delivered]:
    instances = [
        NewInstance(
            path=file.path,
            receipt_key=file.receipt_ids[0],
            sha256=file.instance.sha256 if file.instance else "",
            provenance=file.provenance,
            is_replacement=not target.replacing.isdisjoint(file.receipt_ids),
            is_moved=file.is_moved,
        )
        for file in files
    ]
    try:
        results = store(project=target.job.project, files=instances)
    except ArchiveUnavailableError:
        raise StepUnavailableError from None
    if any(result.code == PATIENT_MERGED for result in results):
        # Made again under the pseudonym that counts now; what is stored already stays so.
        raise StepUnavailableError("A patient was merged meanwhile.")
    return [_stored(result) for result in results]


def _stored(result: StoreResult) -> Delivered:
    return Delivered(STORE_OUTCOMES[result.outcome], result.code, result.sentence)


def _root(target: Target) -> Path:
    if target.name == "download":
        return results_dir(target.job.pk)
    return output_dir(target.job, target.options)


def _write(target: Target, files: Sequence[StepFile]) -> list[Delivered]:
    root, is_download = _root(target), target.name == "download"
    answers: list[Delivered] = []
    with disk_full_told():
        make_private(root)
        try:
            answers += (_write_one(target, root, file) for file in files)
        except OSError:
            if not is_download:  # there the next try finds them
                _take_back(root, answers)
            raise
    return answers


def _take_back(root: Path, answers: Sequence[Delivered]) -> None:
    """Remove what was written and will have no receipt that says so."""
    for answer in answers:
        if answer.outcome == Outcome.WRITTEN:
            (root / answer.path).unlink(missing_ok=True)


def _write_one(target: Target, root: Path, file: StepFile) -> Delivered:
    relative = result_path(file)
    goal = root / relative
    is_own = file.path.is_relative_to(target.work_dir)
    sha256 = file.instance.sha256 if file.instance else ""
    placed = place_instance(file.path, goal, sha256, is_linkable=is_own)
    is_same = placed is Placed.SAME
    if placed is Placed.WRITTEN:
        return Delivered(Outcome.WRITTEN, path=str(relative))
    if target.name == "download":  # the folder is the job's own: a try before this one was here
        if is_same:
            return Delivered(Outcome.WRITTEN, path=str(relative))
        return Delivered(Outcome.HELD, "uid-conflict", CONFLICT)
    if is_same:
        return Delivered(Outcome.DUPLICATE, "already-there", ALREADY_THERE, str(relative))
    return Delivered(Outcome.FAILED, "name-taken", TAKEN)


def result_path(file: StepFile) -> PurePosixPath:
    """Return `<pseudonym>/<study>/<series>/<instance>.dcm` for a file that a step made."""
    facts = file.instance
    if facts is None:
        raise JobError("A step delivered a file without saying which instance it is.")
    patient_id = _read_patient_id(file.path) if facts.patient_id is None else facts.patient_id
    patient = NOT_PLAIN.sub("_", patient_id).strip("_")[:64] or "patient"
    return PurePosixPath(
        patient,
        facts.study_instance_uid,
        facts.series_instance_uid,
        f"{facts.sop_instance_uid}.dcm",
    )


def _read_patient_id(path: Path) -> str:
    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=["PatientID"])
    except InvalidDicomError:
        return ""
    return str(header.get("PatientID") or "")
