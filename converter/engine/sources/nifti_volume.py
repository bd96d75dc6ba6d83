"""An open NIfTI file: its slices in the order and direction in which DICOM wants them."""

import gzip
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from isal import igzip
from isal.igzip_lib import IsalError

from converter.engine.errors import ConversionError, damaged, too_large, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.geometry import Planes
from converter.engine.options import Options
from converter.engine.sources.nifti_header import LONGEST_HEADER_BYTES, NiftiHeader, read_header

_GZIP = b"\x1f\x8b"
_CHUNK_BYTES = 1 << 20
_LONGEST_EXTENSION = 4 << 20
_BLOCK_BYTES = 2 << 20
_LARGEST_SIDE = 65535


@dataclass(frozen=True)
class Volume:
    """An open file of one or more volumes of one shape.

    Slices are counted in the order in which they are written: all of a volume, then the next's.
    """

    file: BinaryIO
    header: NiftiHeader
    planes: Planes

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the raw voxels of some slices at a time, as DICOM orders them.

        Each block has the shape (slices, rows, columns) and a few MB, or one slice that is larger;
        colors have their samples as a fourth axis.
        """
        columns_back, rows_back, slices_back = self.planes.flips
        step = -1 if slices_back else 1
        for volume, place, count in self._runs():
            slices = self.header.shape[2]
            first = slices - place - count if slices_back else place
            voxels = self._read(volume * slices + first, count)
            yield voxels[::step, :: -1 if rows_back else 1, :: -1 if columns_back else 1]

    def extension(self) -> bytes:
        """Return what programs wrote between header and voxels, as far as it is of any use."""
        size = min(self.header.data_offset - self.header.header_bytes, _LONGEST_EXTENSION)
        if size <= 0:
            return b""
        self.file.seek(self.header.header_bytes)
        return self.file.read(size)

    def _runs(self) -> Iterator[tuple[int, int, int]]:
        """Yield the volume, first place and number of the slices of each block."""
        slices = self.header.shape[2]
        most = max(_BLOCK_BYTES // self.header.slice_bytes, 1)
        for volume in range(self.header.volumes):
            for place in range(0, slices, most):
                yield volume, place, min(most, slices - place)

    def _read(self, stored_index: int, count: int) -> np.ndarray:
        columns, rows, _slices = self.header.shape
        size = count * self.header.slice_bytes
        self.file.seek(self.header.data_offset + stored_index * self.header.slice_bytes)
        raw = self.file.read(size)
        if len(raw) != size:
            raise truncated()
        samples = (self.header.samples,) if self.header.samples > 1 else ()
        return np.frombuffer(raw, dtype=self.header.dtype).reshape(count, rows, columns, *samples)


def read_head(source: Path) -> bytes:
    """Return the first unpacked bytes of a file, as far as headers reach."""
    with source.open("rb") as file, _gzip_errors_told():
        if not _is_gzip(file):
            return file.read(LONGEST_HEADER_BYTES)
        with igzip.IGzipFile(fileobj=file) as stream:
            return stream.read(LONGEST_HEADER_BYTES)


def checked_header(head: bytes, options: Options) -> NiftiHeader:
    """Read a header and refuse what it claims beyond the limits."""
    header = read_header(head, assume_orientation=options.assume_orientation)
    columns, rows, _slices = header.shape
    if header.data_offset + header.data_bytes > options.max_bytes:
        raise too_large()
    if columns * rows > options.max_pixels:
        raise too_large()
    if max(columns, rows) > _LARGEST_SIDE:
        raise ConversionError(
            _(
                "A side of this volume is longer than 65535 voxels, the most that DICOM "
                "can hold. Cut it into smaller volumes."
            ),
            "unsupported",
        )
    return header


@contextmanager
def unpacked(path: Path, header: NiftiHeader, work_dir: Path) -> Iterator[BinaryIO]:
    """Open the file of the voxels for reading anywhere in it.

    Memory holds a chunk; a packed volume is unpacked to an unnamed file in `work_dir`.
    """
    with path.open("rb") as file:
        if not _is_gzip(file):
            yield file
            return
        with tempfile.TemporaryFile(dir=work_dir) as target:
            _gunzip(file, target, header.data_offset + header.data_bytes)
            yield target


def _is_gzip(file: BinaryIO) -> bool:
    start = file.read(len(_GZIP))
    file.seek(0)
    return start == _GZIP


def _gunzip(packed: BinaryIO, target: BinaryIO, left: int) -> None:
    """Unpack `left` bytes, which is what the header asks for, and never more."""
    with _gzip_errors_told(), igzip.IGzipFile(fileobj=packed) as stream:
        while left > 0 and (chunk := stream.read(min(left, _CHUNK_BYTES))):
            target.write(chunk)
            left -= len(chunk)
        stream.read(1)  # past the last byte, gzip compares the checksum
    if left > 0:
        raise truncated()


@contextmanager
def _gzip_errors_told() -> Iterator[None]:
    try:
        yield
    except EOFError:
        raise truncated() from None
    except (gzip.BadGzipFile, IsalError):  # type: ignore[misc]  # its stub: an instance
        raise damaged() from None
