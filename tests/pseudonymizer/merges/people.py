"""Three patients, their images, and what happens to them."""

import hashlib

from pacs_portal.archive.models import Instance
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.worker import run_job_here, take_one
from pseudonymizer.merges.merging import merge, undo_merge
from pseudonymizer.merges.moving import jobs_of
from pseudonymizer.models import MatchReason
from tests.pseudonymizer.stored import (
    datasets_of,
    files_in,
    stored_uids,
)

DATES = {"StudyDate": "20040119", "ContentDate": "20040119"}
HANS = {
    "PatientID": "A-471108",
    "PatientName": "Zwirbelmayr^Hans",
    "PatientBirthDate": "19560228",
    "StudyInstanceUID": "1.2.3.4",
    "SeriesInstanceUID": "1.2.3.4.1",
    **DATES,
}
UTE = {
    "PatientID": "B-815",
    "PatientName": "Quastenflosser^Ute",
    "PatientBirthDate": "19710809",
    "StudyInstanceUID": "1.2.3.5",
    "SeriesInstanceUID": "1.2.3.5.1",
    **DATES,
}
FRITZ = {
    "PatientID": "C-99120",
    "PatientName": "Nasenbaer^Fritz",
    "PatientBirthDate": "19330303",
    "StudyInstanceUID": "1.2.3.9",
    "SeriesInstanceUID": "1.2.3.9.1",
    **DATES,
}


def digests(orthanc, project) -> list[str]:
    return sorted(
        hashlib.sha256(file).hexdigest() for file in files_in(orthanc, *stored_uids(project))
    )


def indexed_digests(project) -> list[str]:
    stored = Instance.objects.filter(series__study__project=project, stored_at__isnull=False)
    return sorted(stored.values_list("sha256", flat=True))


def joined(kept, gone, steward, *, is_worked: bool = True):
    made = merge(kept=kept, gone=gone, by=steward, reason=MatchReason.SPELLING)
    if is_worked:
        work(made)
    return made


def parted(made, steward) -> None:
    undo_merge(made=made, by=steward, reason=MatchReason.RELATIVES)
    work(made)


def work(made) -> None:
    for job in jobs_of(made).filter(state="waiting"):
        run_job_here(job)


def pseudonyms_in(orthanc, project) -> set[str]:
    return {str(dataset.PatientID) for dataset in datasets_of(orthanc, project)}


def plan_only(job: Job) -> None:
    assert take_one(job, lambda: False)
