"""What can be done with uploads: announce, receive, complete, unpack, read, remove."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from pacs_portal.accounts.models import User
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pacs_portal.uploads.discarding import (
    discard_stale_uploads,
    discard_upload,
    removal_at,
    sweep_storage,
)
from pacs_portal.uploads.errors import (
    ManifestError,
    UploadBusyError,
    UploadClosedError,
    UploadError,
    UploadIncompleteError,
)
from pacs_portal.uploads.manifest import Announced, ManifestEntry, announce_files, announcements
from pacs_portal.uploads.models import FileState, Upload, UploadFile, UploadState
from pacs_portal.uploads.packed import (
    input_files,
    is_unpacking,
    packed_files,
    unpack_containers,
    unpack_next,
)
from pacs_portal.uploads.paths import (
    SealedFile,
    digest_content,
    readable,
    relative_path,
    shown_path,
    source_path,
)
from pacs_portal.uploads.sniffing import TELL_NOTHING, sniff_file
from pacs_portal.uploads.storage import upload_folder

__all__ = [
    "Announced",
    "ManifestEntry",
    "announce_files",
    "complete_upload",
    "create_upload",
    "discard_stale_uploads",
    "discard_upload",
    "input_files",
    "is_unpacking",
    "local_path",
    "located",
    "missing_files",
    "packed_files",
    "readable",
    "receive_file",
    "receive_stored",
    "relative_path",
    "removal_at",
    "remove_original",
    "reopen_upload",
    "shown_path",
    "sniff_file",
    "sweep_storage",
    "unpack_containers",
    "unpack_next",
]


def create_upload(
    *,
    project: Project,
    by: User | None,
    actor_label: str = "",
    manifest: Sequence[ManifestEntry] = (),
    source_project: Project | None = None,
) -> Upload:
    """Open an upload for the files of `manifest`; where none of them has to be sent, close it."""
    first, *others = announcements(manifest)
    with transaction.atomic():
        upload = Upload.objects.create(
            project=project, created_by=by, actor_label=actor_label, source_project=source_project
        )
        announce_files(upload, first, are_new=True)
        record_in(project, by or actor_label, "upload.created", upload, files=len(manifest))
    try:
        for entries in others:
            announce_files(upload, entries, are_new=True)
    except UploadError:
        discard_upload(upload, by=by or actor_label)
        raise
    if manifest and not any(entry.is_sent for entry in manifest):
        complete_upload(upload)
    return upload


_RECEIVING = ("upload", "number", "state", "size_bytes", "kind", "sealed_path")


def missing_files(upload: Upload) -> list[int]:
    """Return the numbers of the files whose bytes have not come."""
    return list(_expected(upload).values_list("number", flat=True))


def receive_file(upload: Upload, number: int, chunks: Iterable[bytes]) -> None:
    """Keep the bytes of file `number`; one that came before is left as it is.

    Raises
    ------
    UploadFile.DoesNotExist
        If no file of that number was announced.
    UploadClosedError, WrongSizeError, StorageFullError
        If the file is not kept.
    """
    if upload.state != UploadState.OPEN:
        raise UploadClosedError
    file = upload.files.only(*_RECEIVING).get(number=number)
    if file.state != FileState.EXPECTED:
        return
    folder = upload_folder(upload.pk)
    sha256 = folder.write(number, chunks, file.size_bytes)
    kind = file.kind or _kind_of(upload, file)
    received = UploadFile.objects.filter(pk=file.pk, state=FileState.EXPECTED).update(
        state=FileState.RECEIVED,
        received_bytes=file.size_bytes,
        kind=kind,
        content_digest=digest_content(upload.pk, sha256),
    )
    if not received:
        _refuse_if_discarded(upload)


def _kind_of(upload: Upload, file: UploadFile) -> str:
    """Sniff a received file; its name is opened only where it may count."""
    path = upload_folder(upload.pk).file(file.number)
    kind = sniff_file(path)
    if kind not in TELL_NOTHING:
        return kind
    return sniff_file(path, relative_path(file, project_keys(upload.project_id)))


def receive_stored(file: UploadFile, chunks: Iterable[bytes], size_bytes: int) -> None:
    """Keep the bytes of a file that lies in the archive, until its job is done with it.

    The caller saves the row; doing it twice is the same as once.

    Raises
    ------
    WrongSizeError, StorageFullError
        If the file is not kept.
    """
    upload_folder(file.upload_id).write(file.number, chunks, size_bytes)
    file.size_bytes = file.received_bytes = size_bytes
    file.state = FileState.RECEIVED


def complete_upload(upload: Upload) -> None:
    """Close the upload once everything announced is there; closing it twice is the same as once.

    Raises
    ------
    UploadIncompleteError, UploadClosedError, ManifestError
        If files are missing, the upload was discarded, or it never had a file.
    """
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.state == UploadState.OPEN:
            _close(locked)
        elif locked.state == UploadState.DISCARDED:
            raise UploadClosedError
    upload.state, upload.completed_at = locked.state, locked.completed_at


def reopen_upload(upload: Upload, *, by: User) -> None:
    """Let more files come to an upload that nobody works on yet.

    Raises
    ------
    UploadClosedError, UploadBusyError
        If it is not complete, none that files are sent to, or a job has begun; if a zip is being
        unpacked, whose members take the next numbers.
    """
    complete = Upload.objects.filter(state=UploadState.COMPLETE, source_project=None, created_by=by)
    if is_unpacking(upload):
        raise UploadBusyError
    folder = upload_folder(upload.pk)
    with folder.locked(), transaction.atomic():
        # Its row is held: a job that is being started is seen, or sees the upload open.
        locked = complete.select_for_update().filter(pk=upload.pk).first()
        if locked is None or locked.jobs.exists():
            raise UploadClosedError
        locked.state, locked.completed_at = UploadState.OPEN, None
        locked.save(update_fields=["state", "completed_at"])
        record_in(upload.project, by, "upload.reopened", upload)
        folder.path.touch()  # who goes on with an old upload has time to send the first file
    upload.state = UploadState.OPEN


def local_path(upload_file: UploadFile) -> Path:
    """Return where the bytes of a received file lie."""
    if upload_file.sealed_source is None:  # where no key is needed, none is asked for
        return upload_folder(upload_file.upload_id).file(upload_file.number)
    return located(upload_file, project_keys(upload_file.upload.project_id))


def located(file: SealedFile, keys: ProjectKeys) -> Path:
    """Return where the bytes of a received file lie, for whom has its project's keys."""
    if file.sealed_source is None:
        return upload_folder(file.upload_id).file(file.number)
    return source_path(file, keys)


def remove_original(upload_file: UploadFile) -> None:
    """Remove the bytes of a file that is done with; a command's source is never touched."""
    if upload_file.sealed_source is not None:
        return
    upload_folder(upload_file.upload_id).remove_file(upload_file.number)
    upload_file.state = FileState.GONE
    upload_file.save(update_fields=["state"])


def _expected(upload: Upload) -> QuerySet[UploadFile]:
    return upload.files.filter(state=FileState.EXPECTED)


def _close(upload: Upload) -> None:
    """Close an open upload inside the caller's transaction, which holds its row."""
    if not upload.file_count:
        raise ManifestError(
            "upload-empty", _("There is no file in this upload; choose some first.")
        )
    missing = _expected(upload).count()
    if missing:
        raise UploadIncompleteError(missing)
    folder = upload_folder(upload.pk)
    if folder.path.exists():
        folder.remove_parts()
        folder.flush()
    upload.state = UploadState.COMPLETE
    upload.completed_at = timezone.now()
    upload.save(update_fields=["state", "completed_at"])
    record_in(
        upload.project,
        upload.created_by or upload.actor_label,
        "upload.completed",
        upload,
        files=upload.file_count,
    )


def _refuse_if_discarded(upload: Upload) -> None:
    """Another tab was faster: either it sent the same file, or the upload is no more."""
    upload.refresh_from_db(fields=["state"])
    if upload.state == UploadState.DISCARDED:
        upload_folder(upload.pk).remove()
        raise UploadClosedError
