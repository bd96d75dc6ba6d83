"""Originals go with the last receipt of their upload; what failed or is held stays a while."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from pacs_portal.jobs.models import FileReceipt, Job, JobState, Outcome
from pacs_portal.uploads.models import Upload, UploadFile
from pacs_portal.uploads.services import input_files, remove_original

BATCH_ROWS = 200
UNFINISHED = (Outcome.WAITING, Outcome.FAILED, Outcome.HELD, Outcome.CANCELLED)


def remove_finished_originals(upload: Upload) -> None:
    """Remove the files of `upload` that ended well in all its jobs, once these are over."""
    unfinished = _receipts(outcome__in=UNFINISHED)
    _remove(upload, _with_receipts(upload).exclude(unfinished))


def remove_old_originals(upload: Upload, *, before: datetime) -> None:
    """Remove also what failed, was held or cancelled, if that is longer ago than `before`."""
    _remove(upload, _with_receipts(upload).exclude(_receipts(updated_at__gte=before)))


def _has_running_job(upload: Upload) -> bool:
    running = (JobState.WAITING, JobState.RUNNING)
    return Job.objects.filter(upload=upload, state__in=running).exists()


def _with_receipts(upload: Upload) -> QuerySet[UploadFile]:
    return input_files(upload).filter(_receipts(), sealed_source=None)


def _receipts(**conditions: object) -> Exists:
    return Exists(FileReceipt.objects.filter(upload_file=OuterRef("pk"), **conditions))


def _remove(upload: Upload, files: QuerySet[UploadFile]) -> None:
    """Remove in batches: a transaction per file would wait for the disk each time."""
    last: int | None = None if _has_running_job(upload) else 0
    while last is not None:
        # Behind the last one: those before it are gone, and a query would read them all again.
        last = _remove_some(upload, files.filter(pk__gt=last).order_by("pk")[:BATCH_ROWS])


@transaction.atomic
def _remove_some(upload: Upload, files: QuerySet[UploadFile]) -> int | None:
    """Remove `files`, unless a job began; return the key of the last one if there were any."""
    # Its row is held, as by who starts a job: the job finds the files gone, or they stay.
    Upload.objects.select_for_update().get(pk=upload.pk)
    batch = [] if _has_running_job(upload) else list(files)
    for file in batch:
        remove_original(file)
    return batch[-1].pk if batch else None
