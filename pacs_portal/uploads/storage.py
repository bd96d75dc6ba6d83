"""Where received files lie: numbers only, on a local folder (another kind of store may follow)."""

import errno
import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from django.conf import settings

from pacs_portal.uploads.errors import StorageFullError, UploadClosedError, WrongSizeError

PART_SUFFIX = ".part"
LOCK_NAME = "lock"
DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
COPY_BYTES = 2**20
SWEEP_AFTER_SECONDS = 24 * 3600
MIN_FREE_BYTES = 512 * 2**20  # the database and the logs must go on living


@dataclass(frozen=True)
class UploadFolder:
    """The files of one upload: `<root>/<upload id>/<number>`, for this account's eyes only."""

    path: Path

    def file(self, number: int) -> Path:
        """Return where file `number` lies or will lie."""
        return self.path / str(number)

    def write(self, number: int, chunks: Iterable[bytes], size_bytes: int) -> bytes:
        """Keep exactly `size_bytes` from `chunks` as file `number`, or nothing at all.

        Returns the SHA-256 of what was kept.

        Raises
        ------
        WrongSizeError
            If more or less arrives.
        StorageFullError
            If the disk would be left too full.
        UploadClosedError
            If the upload ended meanwhile.
        """
        return self.write_as(str(number), chunks, size_bytes)

    def write_as(self, file_name: str, chunks: Iterable[bytes], size_bytes: int) -> bytes:
        """Do what `write` does, under a name of the caller's, which says nothing of the file."""
        self.make()
        require_room(self.path, size_bytes)
        descriptor, name = tempfile.mkstemp(PART_SUFFIX, f"{file_name}.", self.path)
        part = Path(name)
        try:
            with os.fdopen(descriptor, "wb") as output:
                digest = _copy_exactly(chunks, output, size_bytes)
                output.flush()
                os.fsync(output.fileno())
            _keep(part, self.path / file_name)
            return digest
        except BaseException as error:
            part.unlink(missing_ok=True)
            if isinstance(error, OSError) and error.errno in DISK_FULL:
                raise StorageFullError from None
            raise

    def make(self) -> None:
        """Make the folder, readable by this account only."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)

    def remove_file(self, number: int) -> None:
        """Remove file `number`, if it is there."""
        self.file(number).unlink(missing_ok=True)

    def remove_above(self, number: int) -> None:
        """Remove what has a higher number: an unpacking that died left it."""
        for file in self.path.iterdir():
            if file.name.isdecimal() and int(file.name) > number:
                file.unlink(missing_ok=True)

    def remove_parts(self) -> None:
        """Remove what broken transfers left."""
        for part in self.path.glob(f"*{PART_SUFFIX}"):
            part.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.path, ignore_errors=True)

    def flush(self) -> None:
        """Make the names durable; the contents are, since each file was synced on its own."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def last_change(self) -> datetime | None:
        """Return when a file last came or went, or None if none ever came."""
        try:
            return datetime.fromtimestamp(self.path.stat().st_mtime, tz=UTC)
        except FileNotFoundError:
            return None

    def is_busy(self) -> bool:
        """Tell whether somebody unpacks here at this moment."""
        self.make()
        descriptor = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Wait until nobody else unpacks here; a process that dies lets go by itself."""
        self.make()
        descriptor = os.open(self.path / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


@dataclass(frozen=True)
class CompanionStore:
    """The files kept with projects, `<root>/<companion id>`: written once, never changed."""

    root: Path

    def keep(self, companion_id: UUID, source: Path, size_bytes: int) -> None:
        """Copy the bytes of `source`, whole or not at all.

        Raises
        ------
        WrongSizeError
            If `source` changes meanwhile.
        StorageFullError
            If the disk would be left too full.
        """
        with source.open("rb") as stream:
            chunks = iter(partial(stream.read, COPY_BYTES), b"")
            UploadFolder(self.root).write_as(str(companion_id), chunks, size_bytes)

    def open(self, companion_id: UUID) -> BinaryIO:
        """Open a kept file to read it.

        Raises
        ------
        FileNotFoundError
            If it was removed.
        """
        return (self.root / str(companion_id)).open("rb")

    def remove(self, companion_id: UUID) -> None:
        """Remove a kept file, if it is there."""
        (self.root / str(companion_id)).unlink(missing_ok=True)

    def sweep(self, kept: Collection[UUID]) -> None:
        """Remove what is none of `kept`, unless it is so new that its row may still come."""
        names = {str(companion_id) for companion_id in kept}
        newest = time.time() - SWEEP_AFTER_SECONDS
        for path in self.root.iterdir() if self.root.exists() else ():
            if path.name not in names and path.stat().st_mtime < newest:
                path.unlink(missing_ok=True)


def companion_store() -> CompanionStore:
    """Return where the files kept with projects lie."""
    return CompanionStore(Path(settings.COMPANIONS_DIR))


def upload_folder(upload_id: UUID) -> UploadFolder:
    """Return the folder of an upload; it need not exist yet."""
    return UploadFolder(Path(settings.UPLOADS_DIR) / str(upload_id))


def free_bytes(path: Path) -> int:
    """Return how much may be written below `path` before the disk is too full."""
    return shutil.disk_usage(path).free - MIN_FREE_BYTES


def has_room(path: Path, size_bytes: int) -> bool:
    """Tell whether `size_bytes` fit and leave a margin."""
    return size_bytes <= free_bytes(path)


def require_room(path: Path, size_bytes: int) -> None:
    """Raise StorageFullError unless `size_bytes` fit and leave a margin."""
    if not has_room(path, size_bytes):
        raise StorageFullError


def _keep(part: Path, file: Path) -> None:
    try:
        part.replace(file)
    except FileNotFoundError:  # completed or discarded meanwhile, in another tab
        raise UploadClosedError from None


def _copy_exactly(chunks: Iterable[bytes], output: BinaryIO, size_bytes: int) -> bytes:
    received, digest = 0, hashlib.sha256()
    for chunk in chunks:
        received += len(chunk)
        if received > size_bytes:
            raise WrongSizeError(size_bytes)
        output.write(chunk)
        digest.update(chunk)
    if received < size_bytes:
        raise WrongSizeError(size_bytes)
    return digest.digest()
