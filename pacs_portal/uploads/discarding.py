"""What goes without a job: uploads that somebody drops, or that stood still for too long."""

from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from pacs_portal.accounts.models import User
from pacs_portal.projects.services import record_in
from pacs_portal.uploads.errors import UploadBusyError, UploadClosedError
from pacs_portal.uploads.models import FileState, Upload, UploadFile, UploadState
from pacs_portal.uploads.packed import is_unpacking
from pacs_portal.uploads.storage import upload_folder

_DROPPABLE = Q(state=UploadState.OPEN) | Q(
    state=UploadState.COMPLETE, source_project=None, jobs=None
)


def discard_upload(upload: Upload, *, by: User | str) -> None:
    """Drop an upload that no job has worked on, with everything received.

    Raises
    ------
    UploadClosedError, UploadBusyError
        If it was dropped before or a job has begun; if a zip is being unpacked.
    """
    if is_unpacking(upload):
        raise UploadBusyError
    with upload_folder(upload.pk).locked(), transaction.atomic():
        # Its row is held: a job that is being started is seen, or sees the upload dropped.
        Upload.objects.select_for_update().get(pk=upload.pk)
        dropped = Upload.objects.filter(_DROPPABLE, pk=upload.pk).first()
        if dropped is None:
            raise UploadClosedError
        dropped.state = UploadState.DISCARDED
        dropped.save(update_fields=["state"])
        upload.files.filter(sealed_source=None).update(state=FileState.GONE)
        record_in(upload.project, by, "upload.discarded", upload)
    upload.state = UploadState.DISCARDED
    upload_folder(upload.pk).remove()


def discard_stale_uploads(older_than: timedelta) -> int:
    """Discard the uploads without a job to which nothing came for `older_than`; return how many."""
    limit = timezone.now() - older_than
    stale = [
        upload
        for upload in Upload.objects.filter(_DROPPABLE, created_at__lt=limit)
        if _last_change(upload) < limit
    ]
    discarded = 0
    for upload in stale:
        with suppress(UploadClosedError, UploadBusyError):  # somebody works with it after all
            discard_upload(upload, by="housekeeping")
            discarded += 1
    return discarded


def removal_at(upload: Upload) -> datetime | None:
    """Return when a complete upload is dropped if nobody begins a job; None for any other."""
    if not upload.waits_for_start or upload.source_project_id is not None:
        return None
    return _last_change(upload) + timedelta(days=settings.KEEP_UNFINISHED_DAYS)


def _last_change(upload: Upload) -> datetime:
    return upload.completed_at or upload_folder(upload.pk).last_change() or upload.created_at


def sweep_storage() -> int:
    """Remove the folders of uploads that need none any more; return how many."""
    root = Path(settings.UPLOADS_DIR)
    removed = 0
    for path in root.iterdir() if root.exists() else ():
        if not _is_needed(path.name):
            upload_folder(UUID(path.name)).remove()
            removed += 1
    return removed


def _is_needed(folder_name: str) -> bool:
    try:
        upload_id = UUID(folder_name)
    except ValueError:
        return True  # not ours to judge
    waiting = (FileState.EXPECTED, FileState.STORED, FileState.RECEIVED)
    return UploadFile.objects.filter(upload_id=upload_id, state__in=waiting).exists()
