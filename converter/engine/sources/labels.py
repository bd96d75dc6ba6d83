"""Label maps: volumes whose numbers name things."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.geometry import Planes
from converter.engine.sources.nifti_volume import Volume

MOST_LABELS = 65535
_MOST_GUESSED = 1024  # more values than atlases have: a name alone does not make labels of them
_COUNTED_BELOW = 1 << 16
_LARGEST_LABEL = 2**53  # beyond, a float no longer tells whole numbers apart


@dataclass(frozen=True)
class Labels:
    """An open label map."""

    volume: Volume

    @property
    def planes(self) -> Planes:
        """Where the slices lie."""
        return self.volume.planes

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a slice."""
        columns, rows, _slices = self.volume.header.shape
        return rows, columns

    def slices(self) -> Iterator[np.ndarray]:
        """Yield the labels of each slice along their normal, shape (rows, columns).

        Raises
        ------
        ConversionError
            Code "unsupported", if a voxel is no whole number from 0.
        """
        header = self.volume.header
        for voxels in self.volume.blocks():
            if (header.slope, header.intercept) != (1.0, 0.0):
                voxels = voxels * header.slope + header.intercept
            if voxels.dtype.kind == "f":
                voxels = _whole(voxels)
            if voxels.dtype.kind == "i" and voxels.min() < 0:
                raise _no_labels()
            yield from voxels

    def present(self) -> list[np.ndarray]:
        """Return which labels each slice has, sorted, without 0.

        Raises
        ------
        ConversionError
            Code "unsupported", as `slices` does, and for more labels than a Segmentation can hold.
        """
        seen: set[int] = set()
        found = []
        for labels in self.slices():
            values = _distinct(labels)
            seen.update(values.tolist())
            if len(seen) > MOST_LABELS:
                raise ConversionError(
                    _(
                        "This label map has more than 65535 labels, the most that DICOM can hold. "
                        "Convert it as an image, or merge labels."
                    ),
                    "unsupported",
                )
            found.append(values)
        return found


def is_label_map(volume: Volume) -> bool:
    """Tell whether a volume whose name says so holds labels: whole numbers, and few of them."""
    if volume.header.volumes > 1:
        return False
    try:
        present = Labels(volume).present()
    except ConversionError as error:
        if error.code == "unsupported":
            return False
        raise
    return len(set().union(*(values.tolist() for values in present))) <= _MOST_GUESSED


def _whole(voxels: np.ndarray) -> np.ndarray:
    """Return floats as the whole numbers that they are."""
    if not (np.isfinite(voxels).all() and np.abs(voxels).max() < _LARGEST_LABEL):
        raise _no_labels()
    whole = voxels.astype(np.int64)
    if not (whole == voxels).all():
        raise _no_labels()
    return whole


def _no_labels() -> ConversionError:
    return ConversionError(
        _(
            "This label map holds values that are no whole numbers from 0. "
            "Convert it as an image, or correct it."
        ),
        "unsupported",
    )


def _distinct(labels: np.ndarray) -> np.ndarray:
    named = labels[labels != 0]
    if not named.size:
        return np.empty(0, np.int64)
    if int(named.max()) < _COUNTED_BELOW:
        return np.flatnonzero(np.bincount(named))
    return np.unique(named)
