"""Paths are identities: how they are sealed, told apart and opened again."""

import os
from pathlib import Path, PurePath, PurePosixPath
from typing import Protocol
from uuid import UUID

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop as _

from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys
from pacs_portal.uploads.errors import ManifestError
from pacs_portal.uploads.models import UploadFile

MAX_PATH_BYTES = 4096
CONTENT_BYTES = 16


class SealedFile(Protocol):
    """A file of an upload, with its paths as they are stored."""

    @property
    def upload_id(self) -> UUID: ...

    @property
    def number(self) -> int: ...

    @property
    def sealed_path(self) -> bytes | memoryview: ...

    @property
    def sealed_source(self) -> bytes | memoryview | None: ...


def path_bytes(path: PurePosixPath) -> bytes:
    """Return the bytes of a relative path as given, its Unicode normalization kept.

    Raises
    ------
    ManifestError
        If the path is empty, absolute, leads upwards, or cannot be a path at all.
    """
    try:
        plain = str(path).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise _malformed() from None
    is_plain = path.parts and not path.is_absolute() and ".." not in path.parts
    if not is_plain or b"\0" in plain or len(plain) > MAX_PATH_BYTES:
        raise _malformed()
    return plain


def seal_path(keys: SealingKeys, upload_id: UUID, number: int, plain: bytes) -> bytes:
    """Return the path of file `number` sealed for its row."""
    return keys.seal(Label.PATHS, plain, context=_context(upload_id, number))


def digest_path(keys: ProjectKeys, upload_id: UUID, plain: bytes) -> bytes:
    """Return what tells the paths of one upload apart, and says nothing across uploads."""
    return keys.digest(Label.PATH_INDEX, upload_id.bytes, plain)


def path_digests(keys: ProjectKeys, upload_id: UUID, plain: bytes) -> list[bytes]:
    """Return the digests under which a known path may stand."""
    return keys.digests(Label.PATH_INDEX, upload_id.bytes, plain)


def digest_content(upload_id: UUID, sha256: bytes) -> bytes:
    """Return what tells equal contents of one upload, and says nothing across uploads.

    Keyed by the portal's secret: it asks for no row, and no rotation of keys has to follow.
    """
    keyed = salted_hmac(f"content of {upload_id}", sha256, algorithm="sha256")
    return keyed.digest()[:CONTENT_BYTES]


def seal_source(keys: SealingKeys, upload_id: UUID, number: int, source: Path) -> bytes:
    """Return where a command's file lies, sealed for its row."""
    plain = os.fsencode(source.absolute())
    return keys.seal(Label.PATHS, plain, context=f"{_context(upload_id, number)} source")


def renew(row: UploadFile, keys: SealingKeys) -> None:
    """Seal the paths of a file anew; the caller saves them."""
    place = _context(row.upload_id, row.number)
    plain = keys.unseal(Label.PATHS, bytes(row.sealed_path), context=place)
    row.sealed_path = seal_path(keys, row.upload_id, row.number, plain)
    row.path_digest = digest_path(keys, row.upload_id, plain)
    if row.sealed_source is not None:
        row.sealed_source = seal_source(keys, row.upload_id, row.number, source_path(row, keys))


def relative_path(upload_file: SealedFile, keys: ProjectKeys) -> PurePosixPath:
    """Return the path as the person named it: patient data."""
    sealed = bytes(upload_file.sealed_path)
    return PurePosixPath(open_path(keys, upload_file.upload_id, upload_file.number, sealed))


def open_path(keys: ProjectKeys, upload_id: UUID, number: int, sealed: bytes) -> str:
    """Return the sealed path of file `number` as text: patient data."""
    plain = keys.unseal(Label.PATHS, sealed, context=_context(upload_id, number))
    return plain.decode("utf-8", "surrogateescape")


def shown_path(upload_file: SealedFile, keys: ProjectKeys) -> str:
    """Return the path as pages and reports can show it: patient data."""
    return readable(relative_path(upload_file, keys))


def readable(path: PurePath) -> str:
    """Return a path as text, even where its bytes are no UTF-8."""
    return str(path).encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def source_path(upload_file: SealedFile, keys: ProjectKeys) -> Path:
    """Return where a command's file lies."""
    if upload_file.sealed_source is None:
        raise ValueError("This file was sent to the server; it has no source of its own.")
    context = f"{_context(upload_file.upload_id, upload_file.number)} source"
    plain = keys.unseal(Label.PATHS, bytes(upload_file.sealed_source), context=context)
    return Path(os.fsdecode(plain))


def _context(upload_id: UUID, number: int) -> str:
    return f"{upload_id} {number}"


def _malformed() -> ManifestError:
    return ManifestError(
        "path-malformed",
        _(
            "A file's path is empty, too long, or leads out of its folder; rename the file, "
            "then choose the folder again."
        ),
    )
