"""NIfTI volumes: one MR or CT instance per slice, slice by slice, volume after volume."""

import gzip
import math
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
from converter.engine.geometry import Planes, planes_from_affine
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.nifti_header import LONGEST_HEADER_BYTES, NiftiHeader, read_header
from converter.engine.sources.nifti_instance import SliceInfo, Times, new_slice, set_slice
from converter.engine.sources.nifti_scaling import Extent, Storage, choose_storage

_GZIP = b"\x1f\x8b"
_LARGEST_SIDE = 65535
_SAMPLED_VOXELS = 1 << 20


@dataclass(frozen=True)
class Volume:
    """An open file of one or more volumes of one shape.

    Slices are counted in the order in which they are written: all of a volume, then the next's.
    """

    file: BinaryIO
    header: NiftiHeader
    planes: Planes

    def slice(self, index: int) -> np.ndarray:
        """Return the raw voxels of one slice, shape (rows, columns), as DICOM orders them."""
        flip_columns, flip_rows, flip_slices = self.planes.flips
        columns, rows, slices = self.header.shape
        volume, place = divmod(index, slices)
        stored_index = volume * slices + (slices - 1 - place if flip_slices else place)
        self.file.seek(self.header.data_offset + stored_index * self.header.slice_bytes)
        raw = self.file.read(self.header.slice_bytes)
        if len(raw) != self.header.slice_bytes:
            raise truncated()
        voxels = np.frombuffer(raw, dtype=self.header.dtype).reshape(rows, columns)
        return voxels[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]

    @property
    def slice_count(self) -> int:
        return self.header.shape[2] * self.header.volumes


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance per slice, in the order of the slices along their normal.

    Memory holds one slice; a packed volume is unpacked to an unnamed file in the target folder.
    """
    with _unpacked(source, box.target_dir, job.options) as (file, header):
        planes = planes_from_affine(header.affine, header.shape)
        volume = Volume(file, header, planes)
        extent = _extent(volume)
        storage = choose_storage(header.dtype, extent, header.slope, header.intercept)
        _write_slices(volume, storage, job, box)


def _extent(volume: Volume) -> Extent:
    voxel_count = math.prod(volume.header.shape) * volume.header.volumes
    extent = Extent(step=math.ceil(math.sqrt(voxel_count / _SAMPLED_VOXELS)))
    for index in range(volume.slice_count):
        extent.add(volume.slice(index))
    return extent


def _write_slices(volume: Volume, storage: Storage, job: Job, box: Outbox) -> None:
    columns, rows, slices = volume.header.shape
    times = Times(volume.header.volumes, volume.header.interval_ms)
    info = SliceInfo(rows, columns, slices, volume.planes, storage, times)
    dataset = new_slice(job, info)
    for index in range(volume.slice_count):
        stored = storage.encode(volume.slice(index))
        set_slice(dataset, job, index, info, stored)
        box.write(dataset)


@contextmanager
def _unpacked(
    source: Path, work_dir: Path, options: Options
) -> Iterator[tuple[BinaryIO, NiftiHeader]]:
    """Open a volume for reading anywhere in it, its header checked against the limits."""
    with source.open("rb") as packed:
        is_gzip = packed.read(2) == _GZIP
        packed.seek(0)
        if not is_gzip:
            yield packed, _checked_header(packed.read(LONGEST_HEADER_BYTES), options)
            return
        with tempfile.TemporaryFile(dir=work_dir) as file:
            header = _gunzip(packed, file, options)
            yield file, header


def _gunzip(packed: BinaryIO, target: BinaryIO, options: Options) -> NiftiHeader:
    """Unpack as much as the header asks for, and never more than the options allow."""
    try:
        with igzip.IGzipFile(fileobj=packed) as stream:
            head = stream.read(LONGEST_HEADER_BYTES)
            header = _checked_header(head, options)
            target.write(head)
            end = header.data_offset + header.data_bytes
            left = end - len(head)
            while left > 0 and (chunk := stream.read(min(left, 1 << 20))):
                target.write(chunk)
                left -= len(chunk)
            stream.read(1)  # past the last byte, gzip compares the checksum
    except EOFError:
        raise truncated() from None
    except (gzip.BadGzipFile, IsalError):  # type: ignore[misc]  # its stub: an instance
        raise damaged() from None
    if left > 0:
        raise truncated()
    return header


def _checked_header(head: bytes, options: Options) -> NiftiHeader:
    header = read_header(head)
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
