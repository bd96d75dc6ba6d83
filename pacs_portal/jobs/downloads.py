"""The results of a job as a zip that is made while it is sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from zipstream import ZIP_STORED, ZipStream

from pacs_portal.jobs.models import Destination, Job, JobState, Outcome, ReceiptOutput
from pacs_portal.jobs.storage import results_dir

ENDED = (JobState.DONE, JobState.CANCELLED, JobState.FAILED)


def is_downloadable(job: Job) -> bool:
    """Tell whether the job has ended and its results still lie here."""
    return (
        job.destination == Destination.DOWNLOAD
        and job.state in ENDED
        and results_dir(job.pk).is_dir()
    )


def removal_at(job: Job) -> datetime | None:
    """Return until when the results of an ended job lie here; None if it gives none back."""
    if job.destination != Destination.DOWNLOAD or job.finished_at is None:
        return None
    return job.finished_at + timedelta(days=settings.KEEP_RESULTS_DAYS)


def zip_stream(job: Job) -> ZipStream:
    """Return the zip of what the job wrote; its names are pseudonyms and UIDs."""
    root = results_dir(job.pk)
    stream = ZipStream(compress_type=ZIP_STORED, sized=True)
    for path in _paths(job):
        stream.add_path(str(root / path), arcname=path)
    return stream


def _paths(job: Job) -> Iterator[str]:
    written = ReceiptOutput.objects.filter(receipt__job=job, receipt__outcome=Outcome.WRITTEN)
    paths = written.exclude(path="").order_by("path").values_list("path", flat=True)
    return paths.distinct().iterator()  # an image may have come of several files
