"""Label maps: volumes whose numbers name things."""

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
    """An open label map; places count slices along their normal."""

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

    def slice(self, place: int) -> np.ndarray:
        """Return the labels of one slice, shape (rows, columns), unscaled whole numbers.

        Raises
        ------
        ConversionError
            Code "unsupported", if a voxel is no whole number from 0.
        """
        voxels = self.volume.slice(place)
        header = self.volume.header
        if (header.slope, header.intercept) != (1.0, 0.0):
            voxels = voxels * header.slope + header.intercept
        if voxels.dtype.kind == "f":
            voxels = _whole(voxels)
        if voxels.dtype.kind == "i" and voxels.min() < 0:
            raise _no_labels()
        return voxels

    def present(self) -> list[np.ndarray]:
        """Return which labels each slice has, sorted, without 0.

        Raises
        ------
        ConversionError
            Code "unsupported", as `slice` does, and for more labels than a Segmentation can hold.
        """
        seen: set[int] = set()
        found = []
        for place in range(self.volume.slice_count):
            values = _distinct(self.slice(place))
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
    highest = int(labels.max())
    if highest < _COUNTED_BELOW:
        counts = np.bincount(labels.ravel())
        counts[0] = 0
        return np.flatnonzero(counts)
    values = np.unique(labels)
    return values[values > 0]
