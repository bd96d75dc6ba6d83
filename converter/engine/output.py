"""Write the instances of one source: all of them, or none."""

import os
import shutil
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import BinaryIO

from pydicom import dcmwrite
from pydicom.dataset import Dataset

from converter.engine.options import Converted

_COPIED_BYTES = 1 << 20


@dataclass(frozen=True)
class PixelFile:
    """Native pixels that wait in a file, since all frames together may not fit into memory."""

    stream: BinaryIO
    vr: str  # OB or OW


class Outbox:
    """Holds the files of one source as `.part` until the last one is written."""

    def __init__(self, target_dir: Path) -> None:
        self.target_dir = target_dir
        self._waiting: list[tuple[Path, Converted]] = []

    def write(self, dataset: Dataset, pixels: PixelFile | None = None) -> None:
        """Write an instance; `pixels` become its Pixel Data, which is the last element."""
        uid = str(dataset.SOPInstanceUID)
        with self._new_part(uid, str(dataset.SOPClassUID)) as stream:
            dcmwrite(stream, dataset, enforce_file_format=True)
            if pixels is not None:
                _append_pixels(stream, pixels)

    def write_chunks(self, dataset: Dataset, chunks: Iterable[bytes]) -> None:
        """Write an instance whose last elements come as `chunks` of bytes."""
        uid = str(dataset.SOPInstanceUID)
        with self._new_part(uid, str(dataset.SOPClassUID)) as stream:
            dcmwrite(stream, dataset, enforce_file_format=True)
            stream.writelines(chunks)

    def _new_part(self, uid: str, sop_class_uid: str) -> BufferedWriter:
        part = self.target_dir / f"{uid}.part"
        converted = Converted(self.target_dir / f"{uid}.dcm", sop_class_uid, uid)
        self._waiting.append((part, converted))
        return part.open("wb")

    def deliver(self) -> list[Converted]:
        """Give every file its final name; when one cannot have it, none keeps it."""
        delivered = [converted for _, converted in self._waiting]
        try:
            for part, converted in self._waiting:
                part.replace(converted.path)
        except OSError:
            for converted in delivered:
                converted.path.unlink(missing_ok=True)
            raise
        return delivered

    def discard(self) -> None:
        """Remove what has no final name yet."""
        for part, _ in self._waiting:
            part.unlink(missing_ok=True)


def _append_pixels(stream: BinaryIO, pixels: PixelFile) -> None:
    """Write (7FE0,0010) in explicit little endian, of even length."""
    length = pixels.stream.seek(0, os.SEEK_END)
    pixels.stream.seek(0)
    vr = pixels.vr.encode()
    stream.write(struct.pack("<HH2sHI", 0x7FE0, 0x0010, vr, 0, length + length % 2))
    shutil.copyfileobj(pixels.stream, stream, _COPIED_BYTES)
    stream.write(bytes(length % 2))


@contextmanager
def outbox(target_dir: Path) -> Iterator[Outbox]:
    """Open an outbox that leaves no `.part` file behind, whatever happens."""
    box = Outbox(target_dir)
    try:
        yield box
    finally:
        box.discard()
