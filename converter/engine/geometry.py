"""From the affine of a volume to the Image Plane module; arrays in, values out."""

from dataclasses import dataclass

import numpy as np

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
_SHEAR_COSINES = np.array([[1, 1e-4, 1e-3], [1e-4, 1, 1e-3], [1e-3, 1e-3, 1]])
"""How far two axes may lean from a right angle: what rounding in headers leaves behind. Rows and
columns have to be as good as dciodvfy asks for; a leaning slice axis is kept in the positions."""
_FARTHEST_MM = 1e7


@dataclass(frozen=True)
class Planes:
    """Where the slices of a volume lie, in DICOM's patient coordinates (LPS, mm).

    `pixel_spacing` is the distance between rows, then between columns. `orientation` holds the
    direction along a row, then down a column. Slice k starts at `origin + k * step`. `flips` says
    which of the axes column, row and slice of the stored array are read backwards.
    """

    pixel_spacing: tuple[float, float]
    slice_spacing: float
    orientation: tuple[float, ...]
    origin: tuple[float, float, float]
    step: tuple[float, float, float]
    flips: tuple[bool, bool, bool]

    def position(self, index: int) -> tuple[float, float, float]:
        """Return the Image Position (Patient) of the slice at `index`, in mm."""
        x, y, z = (o + index * s for o, s in zip(self.origin, self.step, strict=True))
        return x, y, z


def planes_from_affine(affine: np.ndarray, shape: tuple[int, int, int]) -> Planes:
    """Place the slices of a volume in the patient.

    Rows and columns are read backwards where that puts them in the order radiologists expect
    (towards the patient's left, back and feet), slices where their order would run against the
    normal of the plane. Nothing is resampled.

    Parameters
    ----------
    affine : ndarray, shape (4, 4)
        Maps voxel (column, row, slice) to a position in mm, RAS as in NIfTI.
    shape : tuple of int
        Number of columns, rows and slices.

    Returns
    -------
    Planes
        Spacing in mm, orientation and positions in LPS.

    Raises
    ------
    ConversionError
        Code "geometry", as `check_affine` does, or for shear.

    References
    ----------
    DICOM PS3.3 C.7.6.2, Image Plane Module.
    """
    check_affine(affine)
    if is_sheared(affine):
        raise ConversionError(
            _(
                "The volume's affine has axes that do not stand at right angles (shear). "
                "Save the volume again with a right affine, or choose to straighten it."
            ),
            "geometry",
        )
    lps = RAS_TO_LPS @ np.asarray(affine, dtype=np.float64)
    flips = _natural_flips(lps)
    for axis, is_flipped in enumerate(flips):
        if is_flipped:
            lps = _flip(lps, axis, shape[axis])
    column_step, row_step, slice_step = np.linalg.norm(lps[:3, :3], axis=0)
    directions = lps[:3, :2] / (column_step, row_step)
    return Planes(
        pixel_spacing=(float(row_step), float(column_step)),
        slice_spacing=float(slice_step),
        orientation=tuple(float(value) for value in directions.T.ravel()),
        origin=_triple(lps[:3, 3]),
        step=_triple(lps[:3, 2]),
        flips=flips,
    )


def check_affine(affine: np.ndarray) -> None:
    """Refuse an affine that places no volume, sheared or not.

    Raises
    ------
    ConversionError
        Code "geometry", if a number is not finite or further than 10 km, or an axis has no length.
    """
    if not np.isfinite(affine).all():
        raise ConversionError(
            _(
                "The volume's affine holds numbers that are not finite. "
                "Save the volume again with a right affine."
            ),
            "geometry",
        )
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not (lengths > 1e-9).all():
        raise ConversionError(
            _(
                "The volume's affine has an axis without length. "
                "Save the volume again with a right affine."
            ),
            "geometry",
        )
    if np.abs(affine[:3]).max() > _FARTHEST_MM:
        raise ConversionError(
            _(
                "The volume's affine places voxels more than 10 km away. "
                "Save the volume again with a right affine."
            ),
            "geometry",
        )


def is_sheared(affine: np.ndarray) -> bool:
    """Tell whether axes, finite and of some length, lean further than rounding explains."""
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    return bool((np.abs(unit.T @ unit - np.eye(3)) > 0.99 * _SHEAR_COSINES).any())


def _natural_flips(lps: np.ndarray) -> tuple[bool, bool, bool]:
    """Say which axes to read backwards: columns and rows to left, back and feet, then slices."""
    flips = []
    for axis in (0, 1):
        dominant = int(np.argmax(np.abs(lps[:3, axis])))
        points_up = lps[dominant, axis] > 0
        flips.append(bool(points_up) == (dominant == 2))
    handedness = float(np.linalg.det(lps[:3, :3])) * (-1) ** sum(flips)
    return flips[0], flips[1], handedness < 0


def _flip(affine: np.ndarray, axis: int, count: int) -> np.ndarray:
    flipped = affine.copy()
    flipped[:3, 3] += (count - 1) * affine[:3, axis]
    flipped[:3, axis] *= -1
    return flipped


def _triple(vector: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) + 0.0 for value in vector)
    return x, y, z
