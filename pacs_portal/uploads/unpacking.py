"""Unpack zips that nobody vouches for: no escapes, no links, limits counted while unpacking.

This module knows paths and bytes only, so that a command can use it without a database.
"""

import errno
import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.utils.translation import gettext_noop as _

from pacs_portal.uploads.errors import UnpackError

CHUNK_BYTES = 2**20
NESTED_ZIP_LEVELS = 1  # a zip inside a zip is unpacked, one inside that is not
MAX_PATH_BYTES = 4096
# zipfile bounds the output of one read for these two only; 4 KB of bzip2 may become gigabytes.
BOUNDED_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
FLAG_ENCRYPTED = 0x1
FLAG_STRONG_ENCRYPTION = 0x40
FLAG_UTF8 = 0x800
DRIVE_LETTER = re.compile(r"\A[A-Za-z]:")
ENTRY_SIGNATURE, ENTRY_BYTES = b"PK\x01\x02", 46
ENTRY_LENGTHS = struct.Struct("<3H")  # of its name, extra fields and comment
END_SIGNATURE_64, END_BYTES_64 = b"PK\x06\x06", 56 + 20  # with the record that names its place
INDEX_BYTES_PER_FILE = 1024  # generous: an entry of the index is 46 bytes, a name and extras


@dataclass(frozen=True)
class UnpackLimits:
    """How much one zip may become."""

    max_files: int = 200_000
    max_bytes: int = 500 * 2**30
    max_ratio: int = 200  # unpacked to packed; blank images shrink a lot, bombs shrink more
    ratio_from_bytes: int = 256 * 2**20  # a zip that stays below this is no bomb

    def most_bytes(self, packed_bytes: int) -> int:
        """Return how much may come out of a zip of this size."""
        by_ratio = max(self.ratio_from_bytes, self.max_ratio * packed_bytes)
        return min(self.max_bytes, by_ratio)


@dataclass(frozen=True, repr=False)
class UnpackedFile:
    """One file of a zip: `number` is its neutral name in the target folder."""

    number: int
    path: PurePosixPath
    size_bytes: int
    sha256: bytes = b""


def unpack_zip(
    source: Path, target: Path, *, first_number: int = 1, limits: UnpackLimits | None = None
) -> list[UnpackedFile]:
    """Write the files of the zip `source` to `target`/1, `target`/2, …, all of them or none.

    Parameters
    ----------
    source : Path
        The zip.
    target : Path
        An existing folder; files of the same numbers are replaced.
    first_number : int
        Where the numbers start.
    limits : UnpackLimits, optional
        Bounds on count, bytes and ratio, kept against what really comes out.

    Returns
    -------
    list of UnpackedFile
        In the order of the zip; folders are left out, equal paths are told apart by " (2)".

    Raises
    ------
    UnpackError
        "zip-damaged", "zip-encrypted", "zip-unsupported", "zip-path-escape", "zip-link",
        "zip-bomb" or "zip-too-many-files"; nothing is left in `target` then.
    """
    limits = limits or UnpackLimits()
    written: list[Path] = []
    try:
        with _opened(source, limits) as archive:
            entries = _checked_entries(archive, limits)
            budget = _Budget(limits, source.stat().st_size)
            unpacked = []
            for number, (info, path) in enumerate(entries, start=first_number):
                written.append(target / str(number))
                size_bytes, sha256 = _write_entry(archive, info, written[-1], budget)
                unpacked.append(UnpackedFile(number, path, size_bytes, sha256))
            return unpacked
    except BaseException:
        for file in written:
            file.unlink(missing_ok=True)
        raise


@contextmanager
def _opened(source: Path, limits: UnpackLimits) -> Iterator[zipfile.ZipFile]:
    try:
        with source.open("rb") as stream:
            _check_index(stream, limits)
            with zipfile.ZipFile(stream) as archive:
                yield archive
    except NotImplementedError:
        raise _unsupported() from None
    except (zipfile.BadZipFile, zlib.error, EOFError, UnicodeError, struct.error, ValueError):
        raise _damaged() from None
    except OSError as error:
        if error.errno == errno.EINVAL:  # the index names a place that no file has
            raise _damaged() from None
        raise


def _check_index(stream: BinaryIO, limits: UnpackLimits) -> None:
    """Refuse an index that would fill the memory; zipfile reads all of it at once.

    Where it lies is asked of zipfile itself, since a zip may tell it twice and differently.
    """
    end = zipfile._EndRecData(stream)  # type: ignore[attr-defined]
    if end is None:
        raise _damaged()
    signature, size_bytes, place = end[0], end[5], end[9]
    if size_bytes > (limits.max_files + 1) * INDEX_BYTES_PER_FILE:
        raise _too_many_files()
    stream.seek(place - size_bytes - (END_BYTES_64 if signature == END_SIGNATURE_64 else 0))
    most = 2 * (limits.max_files + 1)  # folders stand in the index, too
    if _count_entries(stream.read(size_bytes), most) > most:
        raise _too_many_files()


def _count_entries(index: bytes, most: int) -> int:
    count = position = 0
    while count <= most and index.startswith(ENTRY_SIGNATURE, position):
        position += ENTRY_BYTES + sum(ENTRY_LENGTHS.unpack_from(index, position + 28))
        count += 1
    return count


def _checked_entries(
    archive: zipfile.ZipFile, limits: UnpackLimits
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Return the files with their safe paths, or refuse the whole zip for one bad entry."""
    entries: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    taken: dict[PurePosixPath, int] = {}
    for info in archive.infolist():
        path = _safe_path(_entry_name(info))
        _check_entry(info)
        if info.is_dir():
            continue
        if len(entries) == limits.max_files:
            raise _too_many_files()
        entries.append((info, _distinct(path, taken)))
    return entries


def _entry_name(info: zipfile.ZipInfo) -> str:
    """Return the name as the zip has it, before zipfile cuts and replaces characters.

    Names without the UTF-8 flag are UTF-8 all the same when Unix tools wrote them; what is no
    UTF-8 stays in code page 437, which maps every byte.
    """
    name = info.orig_filename
    if info.flag_bits & FLAG_UTF8:
        return name
    try:
        return name.encode("cp437").decode("utf-8")
    except UnicodeError:
        return name


def _safe_path(name: str) -> PurePosixPath:
    parts = name.split("/")
    is_escape = (
        not name.strip("/")
        or name.startswith("/")
        or ".." in parts
        or "\\" in name
        or "\0" in name
        or DRIVE_LETTER.match(name) is not None
        or len(name.encode("utf-8", "surrogatepass")) > MAX_PATH_BYTES
    )
    path = PurePosixPath(name)
    if is_escape or not path.parts:
        raise UnpackError(
            "zip-path-escape",
            _(
                "The zip holds a file whose path leads out of the zip's folder or is malformed; "
                "pack the files again with plain relative paths."
            ),
        )
    return path


def _check_entry(info: zipfile.ZipInfo) -> None:
    if info.flag_bits & (FLAG_ENCRYPTED | FLAG_STRONG_ENCRYPTION):
        raise UnpackError(
            "zip-encrypted", _("The zip is protected by a password; upload it without one.")
        )
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise UnpackError(
            "zip-link",
            _("The zip holds a link or a device instead of a file; pack the files themselves."),
        )
    if info.compress_type not in BOUNDED_METHODS:
        raise _unsupported()


def _distinct(path: PurePosixPath, taken: dict[PurePosixPath, int]) -> PurePosixPath:
    """Return a path that is not taken; `taken` counts, so that none is tried twice for a path."""
    candidate = path
    while candidate in taken:
        taken[path] += 1
        candidate = path.with_name(f"{path.stem} ({taken[path]}){path.suffix}")
    taken[candidate] = 1
    return candidate


class _Budget:
    """Counts what really comes out of one zip; headers may lie."""

    def __init__(self, limits: UnpackLimits, packed_bytes: int) -> None:
        self.left_bytes = limits.most_bytes(packed_bytes)

    def spend(self, size_bytes: int) -> None:
        self.left_bytes -= size_bytes
        if self.left_bytes < 0:
            raise UnpackError(
                "zip-bomb",
                _(
                    "The zip unpacks to more than is allowed; upload its files as a folder, "
                    "or in several smaller zips."
                ),
            )


def _write_entry(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, file: Path, budget: _Budget
) -> tuple[int, bytes]:
    size_bytes, digest = 0, hashlib.sha256()
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as output, archive.open(info) as entry:
        while chunk := entry.read(CHUNK_BYTES):
            budget.spend(len(chunk))
            output.write(chunk)
            digest.update(chunk)
            size_bytes += len(chunk)
    return size_bytes, digest.digest()


def _damaged() -> UnpackError:
    return UnpackError(
        "zip-damaged", _("The zip is damaged or cut short; pack it again and upload it once more.")
    )


def _unsupported() -> UnpackError:
    return UnpackError(
        "zip-unsupported",
        _("The zip is packed with an unusual method; pack it again with deflate."),
    )


def _too_many_files() -> UnpackError:
    return UnpackError(
        "zip-too-many-files",
        _("The zip holds more files than are allowed; upload it in several smaller zips."),
    )
