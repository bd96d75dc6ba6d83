"""What the header of a volume alone tells a plan: where its voxels lie, and what they may be."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from converter.engine.geometry import Planes, check_affine, is_sheared, planes_from_affine
from converter.engine.options import Options
from converter.engine.sources.bids import read_sidecar
from converter.engine.sources.nifti_header import NiftiHeader, read_header
from converter.engine.sources.nifti_instance import slice_class
from converter.engine.sources.nifti_volume import read_head

_CLOSE = 0.01  # of a voxel: programs round what they save


@dataclass(frozen=True)
class Grid:
    """A volume as its header describes it: the slices it would have, and its kind.

    `sop_class_uid` is that of its slices, "" where it becomes something else.
    """

    shape: tuple[int, int, int]
    planes: Planes
    is_label_map: bool
    sop_class_uid: str

    def is_like(self, other: "Grid") -> bool:
        """Tell whether the voxels of both lie at the same places, in the same order."""
        if self.shape != other.shape:
            return False
        apart_mm = np.abs(self._corners - other._corners).max()
        return bool(apart_mm <= _CLOSE * min(*self.planes.pixel_spacing, self.planes.slice_spacing))

    @cached_property
    def _corners(self) -> np.ndarray:
        """The first voxel and the last one along each axis, in mm."""
        columns, rows, slices = self.shape
        planes = self.planes
        origin = np.array(planes.origin)
        along_row, down_column = np.reshape(planes.orientation, (2, 3))
        row_spacing, column_spacing = planes.pixel_spacing
        ends = [
            along_row * column_spacing * (columns - 1),
            down_column * row_spacing * (rows - 1),
            np.array(planes.step) * (slices - 1),
        ]
        return np.array([origin, *(origin + end for end in ends)])


def read_grid(source: Path, options: Options) -> Grid:
    """Read the grid of a volume from its header.

    Parameters
    ----------
    source : Path
        A .nii, .nii.gz or .hdr file.
    options : Options
        Modality and sidecar, which decide what its slices become, and whether it is straightened.

    Returns
    -------
    Grid

    Raises
    ------
    ConversionError
        If the header is refused, as `convert_file` does.
    """
    header = read_header(read_head(source), assume_orientation=options.assume_orientation)
    check_affine(header.affine)
    if options.straighten and is_sheared(header.affine):
        from converter.engine.sources.straightening import with_right_angles

        header = with_right_angles(header)
    modality = options.modality or read_sidecar(options.sidecar).modality
    return Grid(
        shape=header.shape,
        planes=planes_from_affine(header.affine, header.shape),
        is_label_map=header.is_label_map,
        sop_class_uid=_class_of(header, modality, options),
    )


def _class_of(header: NiftiHeader, modality: str, options: Options) -> str:
    is_kept_as_floats = options.parametric_maps and header.dtype.kind == "f"
    return "" if is_kept_as_floats or header.samples > 1 else slice_class(modality)
