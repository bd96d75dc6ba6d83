"""Write an output file, whole or not at all, and digest it on the way."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pseudonymizer.engine.elements import Dataset, text_of
from pseudonymizer.engine.identity import (
    PATIENT_ID,
    SERIES_INSTANCE_UID,
    SOP_CLASS_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
)

Chunk = bytes | memoryview
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
_PRIVATE = 0o600
# What is digested is copied next, and a core's cache still holds this much of it.
_PIECE_BYTES = 1 << 18
_FEWEST_BYTES = 1 << 12  # what is shorter goes with the next piece: one call, and whole pages


@dataclass(frozen=True)
class Result:
    """The file that was written, in its new identifiers."""

    path: Path
    sop_class_uid: str
    sop_instance_uid: str
    study_instance_uid: str
    series_instance_uid: str
    sha256: str
    size_bytes: int
    patient_id: str


def write_file(
    chunks: Iterator[Chunk], target_dir: Path, output: Dataset, name: str = ""
) -> Result:
    """Write the chunks of an output to a new file, or leave none."""
    uid = text_of(output[SOP_INSTANCE_UID])
    path = target_dir / (name or f"{uid}.dcm")
    descriptor = os.open(path, _FRESH, _PRIVATE)
    try:
        digest, size = _write(descriptor, chunks)
    except BaseException:
        path.unlink()
        raise
    finally:
        os.close(descriptor)
    return Result(
        path=path,
        sop_class_uid=text_of(output.get(SOP_CLASS_UID)),
        sop_instance_uid=uid,
        study_instance_uid=text_of(output[STUDY_INSTANCE_UID]),
        series_instance_uid=text_of(output[SERIES_INSTANCE_UID]),
        sha256=digest,
        size_bytes=size,
        patient_id=text_of(output.get(PATIENT_ID)),
    )


def _write(descriptor: int, chunks: Iterator[Chunk]) -> tuple[str, int]:
    """Return the SHA-256 digest, in hexadecimal digits, and the size of what was written."""
    digest, size, short = sha256(), 0, b""
    for chunk in chunks:
        if len(chunk) < _FEWEST_BYTES:
            short += chunk
            continue
        with memoryview(chunk) as whole:
            for start in range(0, len(whole), _PIECE_BYTES):
                with whole[start : start + _PIECE_BYTES] as piece:
                    digest.update(short)
                    digest.update(piece)
                    size += _write_all(descriptor, short, piece)
                    short = b""
    digest.update(short)
    size += _write_all(descriptor, short, b"")
    return digest.hexdigest(), size


def _write_all(descriptor: int, short: bytes, piece: Chunk) -> int:
    """Write both; the system may take less at a time, so that the next call tells why."""
    size = len(short) + len(piece)
    written = os.writev(descriptor, (short, piece))
    if written < size:
        rest = short + piece
        while written < size:
            written += os.write(descriptor, rest[written:])
    return size
