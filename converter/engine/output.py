"""Write the instances of one source: all of them, or none."""

import hashlib
import os
import shutil
import struct
import sys
from array import array
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmwrite
from pydicom.dataset import Dataset

from converter.engine.options import Converted

_COPIED_BYTES = 1 << 20
_PIXEL_DATA_OPEN = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF)
_ITEM, _DELIMITER = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0\0\0\0\0"
_EMPTY_OFFSET_TABLE = _ITEM + bytes(4)
_LONG_HEAD_BYTES = 12  # of an element whose length takes four bytes


@dataclass(frozen=True)
class PixelFile:
    """Native pixels that wait in a file, since all frames together may not fit into memory."""

    stream: BinaryIO
    vr: str  # OB or OW


class HashedFile:
    """A file that is written from its start to its end, and hashed on the way."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.tell, self.seek = file.tell, file.seek  # pydicom asks for both and moves nowhere

    def write(self, content: bytes | bytearray | memoryview, /) -> int:
        self._hash.update(content)
        return self._file.write(content)

    @property
    def sha256(self) -> str:
        """Return the digest of what was written so far."""
        return self._hash.hexdigest()


class Outbox:
    """Holds the files of one source as `.part` until the last one is written."""

    def __init__(self, target_dir: Path) -> None:
        self.target_dir = target_dir
        self._parts: list[str] = []
        self._written: list[Converted] = []

    def write(self, dataset: Dataset, pixels: PixelFile | None = None) -> None:
        """Write an instance; `pixels` become its Pixel Data, which is the last element."""
        with self._new_part(str(dataset.SOPInstanceUID), str(dataset.SOPClassUID)) as stream:
            dcmwrite(stream, dataset, enforce_file_format=True)
            if pixels is not None:
                _append_pixels(stream, pixels)

    def write_frames(self, dataset: Dataset, frames: Iterable[bytes]) -> None:
        """Write an instance whose frames are encapsulated one by one, each in one fragment.

        Parameters
        ----------
        dataset : Dataset
            With its NumberOfFrames, without Pixel Data and offset tables; these are added.
        frames : iterable of bytes
            As many as NumberOfFrames says.

        References
        ----------
        DICOM PS3.5 A.4; PS3.3 C.7.6.3.1.8, Extended Offset Table.
        """
        count = int(dataset.NumberOfFrames)
        dataset.ExtendedOffsetTable = dataset.ExtendedOffsetTableLengths = bytes(8 * count)
        uid = str(dataset.SOPInstanceUID)
        part = Path(self._part(uid))
        with part.open("wb", buffering=_COPIED_BYTES) as stream:
            dcmwrite(stream, dataset, enforce_file_format=True)
            tables_end = stream.tell()
            lengths = _append_frames(stream, frames)
            if len(lengths) != count:
                raise ValueError("An instance needs as many frames as it says.")
            size_bytes = stream.tell()
            stream.seek(tables_end - 2 * len(_packed(lengths)) - _LONG_HEAD_BYTES)
            stream.write(_packed(_starts(lengths)))
            stream.seek(tables_end - len(_packed(lengths)))
            stream.write(_packed(lengths))
        with part.open("rb") as written:  # the tables stand before what they count
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
        path = part.with_suffix(".dcm")
        self._written.append(Converted(path, str(dataset.SOPClassUID), uid, sha256, size_bytes))

    def write_encoded(
        self, uid: str, sop_class_uid: str, chunks: Iterable[bytes | bytearray]
    ) -> None:
        """Write an instance whose whole file comes as `chunks` of bytes."""
        with self._new_part(uid, sop_class_uid) as stream:
            for chunk in chunks:
                stream.write(chunk)

    @contextmanager
    def _new_part(self, uid: str, sop_class_uid: str) -> Iterator[HashedFile]:
        part = self._part(uid)
        with open(part, "wb") as file:  # noqa: PTH123 as said
            stream = HashedFile(file)
            yield stream
            size_bytes = file.tell()
        path = Path(f"{self.target_dir}/{uid}.dcm")
        self._written.append(Converted(path, sop_class_uid, uid, stream.sha256, size_bytes))

    def _part(self, uid: str) -> str:
        """Return where an instance is written until it is delivered."""
        part = f"{self.target_dir}/{uid}.part"  # text: joining paths costs more than writing
        self._parts.append(part)
        return part

    def deliver(self) -> list[Converted]:
        """Give every file its final name; when one cannot have it, none keeps it."""
        try:
            for part, converted in zip(self._parts, self._written, strict=True):
                os.replace(part, converted.path)  # noqa: PTH105 it is text
        except OSError:
            for converted in self._written:
                converted.path.unlink(missing_ok=True)
            raise
        self._parts = []
        return self._written

    def discard(self) -> None:
        """Remove what has no final name yet."""
        for part in self._parts:
            Path(part).unlink(missing_ok=True)


def _append_pixels(stream: HashedFile, pixels: PixelFile) -> None:
    """Write (7FE0,0010) in explicit little endian, of even length."""
    length = pixels.stream.seek(0, os.SEEK_END)
    pixels.stream.seek(0)
    vr = pixels.vr.encode()
    stream.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length + length % 2))
    shutil.copyfileobj(pixels.stream, stream, _COPIED_BYTES)
    stream.write(bytes(length % 2))


def _append_frames(stream: BinaryIO, frames: Iterable[bytes]) -> array:
    """Write (7FE0,0010) with one fragment for each frame; return their even lengths."""
    lengths = array("Q")
    stream.write(_PIXEL_DATA_OPEN + _EMPTY_OFFSET_TABLE)
    for frame in frames:
        size = len(frame)
        padding = b"\0" if size % 2 else b""
        size += len(padding)
        stream.write(b"".join((_ITEM, size.to_bytes(4, "little"), frame, padding)))
        lengths.append(size)
    stream.write(_DELIMITER)
    return lengths


def _starts(lengths: array) -> array:
    """Return where the item of each frame starts, from the first one's."""
    starts, position = array("Q"), 0
    for length in lengths:
        starts.append(position)
        position += len(_ITEM) + 4 + length
    return starts


def _packed(numbers: array) -> bytes:
    if sys.byteorder == "big":
        numbers = array("Q", numbers)
        numbers.byteswap()
    return numbers.tobytes()


@contextmanager
def outbox(target_dir: Path) -> Iterator[Outbox]:
    """Open an outbox that leaves no `.part` file behind, whatever happens."""
    box = Outbox(target_dir)
    try:
        yield box
    finally:
        box.discard()
