"""The rows of an upload's files, written many at a time."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pacs_portal.inserting import insert_rows
from pacs_portal.uploads.models import FileState, UploadFile


class FileRow(NamedTuple):
    """A file that is to be; the names are those of `UploadFile`."""

    upload_id: UUID
    number: int
    sealed_path: bytes
    path_digest: bytes
    size_bytes: int
    kind: str = ""
    state: FileState = FileState.EXPECTED
    received_bytes: int = 0
    modified_at: datetime | None = None
    sealed_source: bytes | None = None
    sop_instance_uid: str = ""
    container_id: int | None = None
    content_digest: bytes | None = None


def insert_files(rows: Iterable[FileRow]) -> None:
    """Make the files of `rows`; inside the caller's transaction."""
    insert_rows(UploadFile, FileRow._fields, rows)
