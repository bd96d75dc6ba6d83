"""The list of files an upload consists of, announced before the first byte comes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext_noop as _

from pacs_portal.projects.keys import SealingKeys, sealing_keys
from pacs_portal.uploads.errors import ManifestError, UploadClosedError
from pacs_portal.uploads.file_rows import FileRow, insert_files
from pacs_portal.uploads.models import FileState, Upload, UploadState
from pacs_portal.uploads.paths import digest_path, path_bytes, path_digests, seal_path, seal_source
from pacs_portal.uploads.sniffing import is_system_file, sniff_file
from pacs_portal.uploads.storage import has_room, require_room

BATCH_ROWS = 500
FILES_AT_ONCE = 2000  # in one transaction; SQLite has one writer at a time
MAX_FILE_BYTES = 2**63 - 1


@dataclass(frozen=True, repr=False, slots=True)
class ManifestEntry:
    """One announced file; it is sent, read in place from `source`, or fetched from the archive."""

    path: PurePosixPath
    size_bytes: int
    modified_at: datetime | None = None
    source: Path | None = None
    sop_instance_uid: str = ""

    @property
    def is_sent(self) -> bool:
        """Tell whether somebody has to send the bytes."""
        return self.source is None and not self.sop_instance_uid


@dataclass(frozen=True)
class Announced:
    """The number an announced file got, and whether its bytes are still to come."""

    number: int
    is_missing: bool


class Known(NamedTuple):
    """What an upload knows of a file that was announced."""

    number: int
    size_bytes: int
    state: str


def announcements(manifest: Sequence[ManifestEntry]) -> list[Sequence[ManifestEntry]]:
    """Return `manifest` in parts that let other writers in between, the first maybe empty.

    Raises
    ------
    ManifestError
        If a path is malformed or listed twice.
    """
    if len(manifest) <= FILES_AT_ONCE:
        return [manifest]
    _distinct_paths(manifest)
    starts = range(0, len(manifest), FILES_AT_ONCE)
    return [manifest[start : start + FILES_AT_ONCE] for start in starts]


def announce_files(
    upload: Upload, entries: Sequence[ManifestEntry], *, are_new: bool = False
) -> list[Announced]:
    """Add files to an open upload, in the order given; a path announced before keeps its number.

    With `are_new` none was: only the caller knows the upload, and lists each path once.

    Raises
    ------
    UploadClosedError
        If the upload takes no more files.
    ManifestError
        If a path is malformed or listed twice, a size changed or a limit is passed.
    StorageFullError
        If what is missing does not fit the disk.
    """
    paths = _distinct_paths(entries)
    with transaction.atomic():
        locked = Upload.objects.select_for_update().get(pk=upload.pk)
        if locked.state != UploadState.OPEN:
            raise UploadClosedError
        keys = sealing_keys(upload.project_id)
        known = {} if are_new else known_files(locked, paths, keys)
        fresh = dict(zip(paths, entries, strict=True))
        for path in known:
            del fresh[path]
        known |= _create_rows(locked, fresh, keys)
        _require_room(locked)
        upload.file_count, upload.size_bytes = locked.file_count, locked.size_bytes
    return [_announced(known[path], entry) for path, entry in zip(paths, entries, strict=True)]


def _distinct_paths(entries: Sequence[ManifestEntry]) -> list[bytes]:
    paths = [path_bytes(entry.path) for entry in entries]
    if len(set(paths)) != len(paths):
        raise ManifestError(
            "path-twice",
            _(
                "The same path is listed twice; choose the folder again, or upload its parts one "
                "by one."
            ),
        )
    if not all(0 <= entry.size_bytes <= MAX_FILE_BYTES for entry in entries):
        raise ManifestError("size-malformed", _("A file's size is no number of bytes."))
    return paths


def known_files(upload: Upload, paths: Sequence[bytes], keys: SealingKeys) -> dict[bytes, Known]:
    """Return which of `paths` the upload has."""
    known: dict[bytes, Known] = {}
    if not upload.file_count:
        return known
    for start in range(0, len(paths), BATCH_ROWS):
        by_digest = {
            digest: path
            for path in paths[start : start + BATCH_ROWS]
            for digest in path_digests(keys, upload.pk, path)
        }
        rows = upload.files.filter(path_digest__in=list(by_digest)).order_by()
        for digest, *facts in rows.values_list("path_digest", *Known._fields):
            known[by_digest[bytes(digest)]] = Known(*facts)
    return known


def _create_rows(
    upload: Upload, fresh: Mapping[bytes, ManifestEntry], keys: SealingKeys
) -> dict[bytes, Known]:
    upload.file_count += len(fresh)
    upload.size_bytes += sum(entry.size_bytes for entry in fresh.values())
    _check_limits(upload)
    last = upload.files.aggregate(last=Max("number"))["last"] or 0
    rows = {
        path: _row(upload, number, (path, entry), keys)
        for number, (path, entry) in enumerate(fresh.items(), start=last + 1)
    }
    insert_files(rows.values())
    upload.save(update_fields=["file_count", "size_bytes"])
    return {path: Known(row.number, row.size_bytes, row.state) for path, row in rows.items()}


def _check_limits(upload: Upload) -> None:
    if upload.file_count > settings.UPLOAD_MAX_FILES:
        raise ManifestError(
            "too-many-files",
            _("An upload takes at most %(most)s files; split it into several."),
            most=settings.UPLOAD_MAX_FILES,
        )
    if upload.size_bytes > settings.UPLOAD_MAX_BYTES:
        raise ManifestError(
            "too-large",
            _("An upload takes at most %(most)s bytes; split it into several."),
            most=settings.UPLOAD_MAX_BYTES,
        )


def _require_room(upload: Upload) -> None:
    root = Path(settings.UPLOADS_DIR)
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if has_room(root, upload.size_bytes):  # for what has come, too: nothing to add up
        return
    lacking = upload.files.filter(state__in=[FileState.EXPECTED, FileState.STORED]).aggregate(
        size_bytes=Sum("size_bytes", default=0)
    )
    require_room(root, lacking["size_bytes"])


def _row(
    upload: Upload, number: int, announced: tuple[bytes, ManifestEntry], keys: SealingKeys
) -> FileRow:
    path, entry = announced
    row = FileRow(
        upload_id=upload.pk,
        number=number,
        sealed_path=seal_path(keys, upload.pk, number, path),
        path_digest=digest_path(keys, upload.pk, path),
        size_bytes=entry.size_bytes,
        modified_at=entry.modified_at,
        kind="system" if entry.source is None and is_system_file(entry.path) else "",
    )
    if entry.sop_instance_uid:
        return row._replace(
            sop_instance_uid=entry.sop_instance_uid, state=FileState.STORED, kind="dicom"
        )
    if entry.source is not None:
        return row._replace(
            sealed_source=seal_source(keys, upload.pk, number, entry.source),
            state=FileState.RECEIVED,
            received_bytes=entry.size_bytes,
            kind=sniff_file(entry.source, entry.path),
        )
    return row


def _announced(row: Known, entry: ManifestEntry) -> Announced:
    if row.size_bytes != entry.size_bytes:
        raise ManifestError(
            "file-changed",
            _("A file changed its size since this upload began; start a new upload."),
        )
    return Announced(row.number, row.state == FileState.EXPECTED)
