"""Jobs over studies that are stored already: their images are fetched when the job begins."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.archive.errors import ArchiveUnavailableError
from pacs_portal.archive.models import Instance
from pacs_portal.archive.services import InstanceGoneError, read_stored, stored_instances
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.leases import Lease, guarded
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.steps import StepUnavailableError
from pacs_portal.projects.models import Project
from pacs_portal.uploads.errors import StorageFullError, UploadError
from pacs_portal.uploads.models import FileState, UploadFile
from pacs_portal.uploads.services import ManifestEntry, create_upload, receive_stored

BATCH_FILES = 100
BATCH_BYTES = 64 * 2**20
NOTHING_STORED = gettext_noop("Nothing is stored of these studies any more.")
NO_LONGER_STORED = gettext_noop("The image is no longer in the archive.")
GONE = ("gone", NO_LONGER_STORED)
NO_LONGER_STEWARD = gettext_noop(
    "Who started this job is no longer data steward of the project that the image comes from."
)
NOT_ALLOWED = ("not-allowed", NO_LONGER_STEWARD)


@dataclass(frozen=True)
class ArchivedInput:
    """Stored instances of one project."""

    source: Project
    instances: QuerySet[Instance]


def start_archived_job(
    *, found_in: ArchivedInput, into: Project, tool: str, by: User, options: JobOptions
) -> Job:
    """Start a job of `into` over instances that are stored.

    The caller has seen to it that `by` may do so.

    Raises
    ------
    JobError
        If none is stored any more, or the disk has no room for them.
    """
    entries = [
        ManifestEntry(
            path=PurePosixPath(f"study-{found.study_number}", f"image-{found.image_number}"),
            size_bytes=found.size_bytes,
            sop_instance_uid=found.sop_instance_uid,
        )
        for found in stored_instances(found_in.instances)
    ]
    if not entries:
        raise JobError(NOTHING_STORED)
    try:
        with transaction.atomic():
            upload = create_upload(
                project=into, by=by, manifest=entries, source_project=found_in.source
            )
            return create_job(
                upload=upload, tool=tool, destination=Destination.ARCHIVE, by=by, options=options
            )
    except UploadError as error:
        raise JobError(error.sentence) from None


def fetch_inputs(lease: Lease, job: Job) -> dict[int, tuple[str, str]]:
    """Fetch what of the job's input lies in the archive; return what is there no more, and why.

    What was fetched stays where it is when the worker dies: the next one fetches the rest.

    Raises
    ------
    StepUnavailableError
        If the archive is away, the disk is full, or the job is being cancelled.
    """
    refused: dict[int, tuple[str, str]] = {}
    batch: list[UploadFile] = []
    lacking = job.upload.files.filter(state=FileState.STORED).select_related("upload")
    if not _may_fetch(job):
        return dict.fromkeys(lacking.values_list("pk", flat=True), NOT_ALLOWED)
    for file in lacking.order_by("number"):
        try:
            _fetch(file)
            batch.append(file)
        except InstanceGoneError:
            refused[file.pk] = GONE
        except (ArchiveUnavailableError, StorageFullError):
            _note(lease, batch)
            raise StepUnavailableError("The archive is away, or the disk is full.") from None
        if len(batch) >= BATCH_FILES or sum(file.size_bytes for file in batch) >= BATCH_BYTES:
            _note(lease, batch)
            batch = []
            if Job.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists():
                raise StepUnavailableError("The job is being cancelled.")
    _note(lease, batch)
    return refused


def _may_fetch(job: Job) -> bool:
    """Tell whether images of another project may still be had: rights that end, end at once."""
    source, by = job.upload.source_project, job.created_by
    if source is None or source == job.project:
        return True
    return by is not None and Project.objects.stewarded_by(by).filter(pk=source.pk).exists()


def _fetch(file: UploadFile) -> None:
    source = file.upload.source_project
    if source is None:
        raise ValueError("A file in the archive says which project holds it.")
    size_bytes, pieces = read_stored(source, file.sop_instance_uid)
    receive_stored(file, pieces, size_bytes)


def _note(lease: Lease, batch: Sequence[UploadFile]) -> None:
    with guarded(lease):
        UploadFile.objects.bulk_update(batch, ["state", "size_bytes", "received_bytes"])
