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
    if _has_running_job(upload):
        return
    unfinished = _receipts(outcome__in=UNFINISHED)
    _remove(_with_receipts(upload).exclude(unfinished))


def remove_old_originals(upload: Upload, *, before: datetime) -> None:
    """Remove also what failed, was held or cancelled, if that is longer ago than `before`."""
    if _has_running_job(upload):
        return
    _remove(_with_receipts(upload).exclude(_receipts(updated_at__gte=before)))


def _has_running_job(upload: Upload) -> bool:
    running = (JobState.WAITING, JobState.RUNNING)
    return Job.objects.filter(upload=upload, state__in=running).exists()


def _with_receipts(upload: Upload) -> QuerySet[UploadFile]:
    return input_files(upload).filter(_receipts(), sealed_source=None)


def _receipts(**conditions: object) -> Exists:
    return Exists(FileReceipt.objects.filter(upload_file=OuterRef("pk"), **conditions))


def _remove(files: QuerySet[UploadFile]) -> None:
    """Remove in batches: a transaction per file would wait for the disk each time."""
    while batch := list(files.order_by("pk")[:BATCH_ROWS]):
        with transaction.atomic():
            for file in batch:
                remove_original(file)
