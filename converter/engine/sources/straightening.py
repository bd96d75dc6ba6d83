"""Resample a sheared volume to right angles, slice by slice into an unnamed file."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from converter.engine.errors import ConversionError, too_large, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Options
from converter.engine.sources.nifti_header import NiftiHeader

LINEAR = "Axes not at right angles: resampled by trilinear interpolation."
NEAREST = "Axes not at right angles: resampled to the nearest voxel."
_LARGEST_SIDE = 65535


@contextmanager
def straightened(
    file: BinaryIO, header: NiftiHeader, options: Options, *, is_labels: bool, work_dir: Path
) -> Iterator[tuple[BinaryIO, NiftiHeader]]:
    """Give a volume with right angles that covers a sheared one.

    Its axes are the rotation closest to those of the source, its voxels as large. Outside of the
    source lies its first voxel's value, which is the background of nearly all volumes.

    Yields
    ------
    tuple of file and NiftiHeader
        The file lies in `work_dir` until the end of the context.

    Raises
    ------
    ConversionError
        Code "unsupported", for colors; "geometry" for axes that lie in a plane; "bomb", if the
        result is larger than allowed.
    """
    if header.samples > 1:
        raise ConversionError(
            _("A volume of colors with shear cannot be straightened. Save it at right angles."),
            "unsupported",
        )
    note = NEAREST if is_labels else LINEAR
    straight = replace(with_right_angles(header), data_offset=0, notes=(*header.notes, note))
    columns, rows, _slices = straight.shape
    if straight.data_bytes > options.max_bytes or columns * rows > options.max_pixels:
        raise too_large()
    if max(columns, rows) > _LARGEST_SIDE:
        raise too_large()
    with tempfile.TemporaryFile(dir=work_dir) as target:
        _resample(file, header, straight, is_labels, target)
        yield target, straight


def with_right_angles(header: NiftiHeader) -> NiftiHeader:
    """Return a header with the shape and affine of the smallest straight grid around a volume.

    Volumes of equal shape and affine get equal grids.

    Raises
    ------
    ConversionError
        Code "geometry" for axes that lie in a plane.
    """
    spacing = np.linalg.norm(header.affine[:3, :3], axis=0)
    left, lengths, right = np.linalg.svd(header.affine[:3, :3] / spacing)
    if lengths.min() < 0.05:
        raise ConversionError(
            _(
                "The volume's affine has axes that lie in one plane. "
                "Save the volume again with a right affine."
            ),
            "geometry",
        )
    step = (left @ right) * spacing
    ends = [(0, size - 1) for size in header.shape]
    corners = np.array(list(itertools.product(*ends))) @ header.affine[:3, :3].T
    places = corners @ np.linalg.inv(step).T
    first = np.floor(places.min(axis=0) + 1e-6)
    columns, rows, slices = (np.ceil(places.max(axis=0) - 1e-6) - first).astype(int) + 1
    affine = np.eye(4)
    affine[:3, :3] = step
    affine[:3, 3] = header.affine[:3, 3] + step @ first
    return replace(header, shape=(int(columns), int(rows), int(slices)), affine=affine)


def _resample(
    file: BinaryIO,
    header: NiftiHeader,
    straight: NiftiHeader,
    is_labels: bool,
    target: BinaryIO,
) -> None:
    """Write the slices of the new grid; of the source, what they need is read by the system."""
    stored = (header.volumes, *reversed(header.shape))
    if file.seek(0, os.SEEK_END) < header.data_offset + header.data_bytes:
        raise truncated()
    source = np.memmap(file, header.dtype, "r", header.data_offset, stored)
    to_source = np.linalg.inv(header.affine) @ straight.affine
    columns, rows, slices = straight.shape
    row, column = np.indices((rows, columns))
    for volume, place in itertools.product(range(header.volumes), range(slices)):
        indices = [
            to_source[axis, 0] * column
            + to_source[axis, 1] * row
            + (to_source[axis, 2] * place + to_source[axis, 3])
            for axis in range(3)
        ]
        look = _nearest if is_labels else _linear
        target.write(look(source[volume], indices).astype(header.dtype).tobytes())


def _nearest(source: np.ndarray, indices: list[np.ndarray]) -> np.ndarray:
    """Return the voxels closest to the places; `source` has the axes slice, row, column."""
    found, is_inside = _voxels(source, [np.rint(index).astype(np.int64) for index in indices])
    return np.where(is_inside, found, 0)


def _linear(source: np.ndarray, indices: list[np.ndarray]) -> np.ndarray:
    """Return the values between the eight voxels around each place."""
    last = [size - 1 for size in reversed(source.shape)]
    is_inside = np.logical_and.reduce(
        [(i >= -1e-6) & (i <= end + 1e-6) for i, end in zip(indices, last, strict=True)]
    )
    lower = [np.clip(np.floor(i), 0, max(end - 1, 0)) for i, end in zip(indices, last, strict=True)]
    share = [np.clip(i - low, 0, 1) for i, low in zip(indices, lower, strict=True)]
    total = np.zeros(indices[0].shape)
    for corner in itertools.product((0, 1), repeat=3):
        weight = np.prod([s if c else 1 - s for s, c in zip(share, corner, strict=True)], axis=0)
        places = [low.astype(np.int64) + c for low, c in zip(lower, corner, strict=True)]
        total += np.where(weight > 0, weight * _voxels(source, places)[0], 0)
    outside = float(source[0, 0, 0])
    result = np.where(is_inside, total, outside)
    return np.rint(result) if source.dtype.kind in "iu" else result


def _voxels(source: np.ndarray, places: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return the voxels at places (column, row, slice), and which of these lie inside."""
    inside = [(p >= 0) & (p < size) for p, size in zip(places, reversed(source.shape), strict=True)]
    column, row, place = (
        np.clip(p, 0, size - 1) for p, size in zip(places, reversed(source.shape), strict=True)
    )
    return source[place, row, column], np.logical_and.reduce(inside)
