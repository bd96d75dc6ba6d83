"""The header of a NIfTI-1 or NIfTI-2 file: what is needed for pixels and place, no texts."""

import struct
from dataclasses import dataclass

import numpy as np

from converter.engine.errors import ConversionError, damaged, truncated
from converter.engine.errors import gettext_noop as _

LONGEST_HEADER_BYTES = 540
_DTYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8"}
_DTYPES |= {256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8", 128: "u1", 2304: "u1"}
_SAMPLES = {128: 3, 2304: 4}  # RGB, RGBA
ASSUMED = "The source has no orientation; right, anterior, superior was assumed as told."
_INTENT_LABEL = 1002
_UNIT_MM = {1: 1000.0, 2: 1.0, 3: 0.001}
_UNIT_MS = {8: 1000.0, 16: 1.0, 24: 0.001}


@dataclass(frozen=True)
class _Layout:
    """Where the fields of one version lie: (offset, struct format)."""

    dim: tuple[int, str]
    datatype: tuple[int, str]
    pixdim: tuple[int, str]
    offset: tuple[int, str]
    scaling: tuple[int, str]
    units: tuple[int, str]
    codes: tuple[int, str]
    magic: tuple[int, str]
    quaternion: tuple[int, str]
    sform: tuple[int, str]
    intent: tuple[int, str]


_NIFTI_1 = _Layout(
    dim=(40, "8h"),
    datatype=(70, "h"),
    pixdim=(76, "8f"),
    offset=(108, "f"),
    scaling=(112, "2f"),
    units=(123, "B"),
    codes=(252, "2h"),
    magic=(344, "3s"),
    quaternion=(256, "6f"),
    sform=(280, "12f"),
    intent=(68, "h"),
)
_NIFTI_2 = _Layout(
    dim=(16, "8q"),
    datatype=(12, "h"),
    pixdim=(104, "8d"),
    offset=(168, "q"),
    scaling=(176, "2d"),
    units=(500, "i"),
    codes=(344, "2i"),
    magic=(4, "3s"),
    quaternion=(352, "6d"),
    sform=(400, "12d"),
    intent=(504, "i"),
)


@dataclass(frozen=True)
class NiftiHeader:
    """One volume of shape (columns, rows, slices), stored column fastest.

    `affine` maps voxel indices to RAS in mm. Real value = stored * slope + intercept. `volumes`
    of this shape follow each other, `interval_ms` apart where the file says so. `is_label_map` is
    what the intent code says. Colors have 3 or 4 `samples` in each voxel. `notes` say what was
    decided or done beyond the file.
    """

    shape: tuple[int, int, int]
    volumes: int
    interval_ms: float | None
    dtype: np.dtype
    data_offset: int
    slope: float
    intercept: float
    affine: np.ndarray
    is_label_map: bool
    header_bytes: int
    samples: int = 1
    notes: tuple[str, ...] = ()

    @property
    def slice_bytes(self) -> int:
        return self.shape[0] * self.shape[1] * self.samples * self.dtype.itemsize

    @property
    def data_bytes(self) -> int:
        return self.slice_bytes * self.shape[2] * self.volumes


class _Fields:
    """Reads numbers from a header in its own version and byte order."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        for self.order in "<>":
            (size,) = struct.unpack_from(self.order + "i", head.ljust(4, b"\0"))
            if size in (348, 540):
                break
        else:
            raise damaged()
        if len(head) < size:
            raise truncated()
        self.size = size
        self.layout = _NIFTI_1 if size == 348 else _NIFTI_2

    def read(self, field: tuple[int, str]) -> tuple[float, ...]:
        offset, layout = field
        return struct.unpack_from(self.order + layout, self.head, offset)

    def read_int(self, field: tuple[int, str]) -> int:
        (value,) = self.read(field)
        return int(value) if np.isfinite(value) else -1


def read_header(head: bytes, *, assume_orientation: bool = False) -> NiftiHeader:
    """Read what a volume's pixels and place depend on.

    Parameters
    ----------
    head : bytes
        The first 540 bytes of the unpacked file, or all of it when it is shorter.
    assume_orientation : bool
        Take a volume without sform and qform as right, anterior, superior.

    Returns
    -------
    NiftiHeader
        Units are mm and ms whatever the file says; sform is preferred to qform.

    Raises
    ------
    ConversionError
        Code "truncated", "damaged", "unsupported" (five dimensions, complex numbers) or
        "geometry" (neither sform nor qform).

    References
    ----------
    NIfTI-1 and NIfTI-2 data format, nifti1.h and nifti2.h.
    """
    fields = _Fields(head)
    slope, intercept = _scaling(fields)
    *shape, volumes = _sizes(fields)
    columns, rows, slices = shape
    affine = _affine(fields)
    notes: tuple[str, ...] = ()
    if affine is None:
        if not assume_orientation:
            raise _no_orientation()
        affine, notes = _assumed(fields), (ASSUMED,)
    affine[:3] *= _UNIT_MM.get(fields.read_int(fields.layout.units) & 7, 1.0)
    return NiftiHeader(
        shape=(columns, rows, slices),
        volumes=volumes,
        interval_ms=_interval_ms(fields) if volumes > 1 else None,
        dtype=_dtype(fields),
        data_offset=_data_offset(fields),
        slope=slope,
        intercept=intercept,
        affine=affine,
        is_label_map=fields.read_int(fields.layout.intent) == _INTENT_LABEL,
        header_bytes=fields.size,
        samples=_SAMPLES.get(fields.read_int(fields.layout.datatype), 1),
        notes=notes,
    )


def _data_offset(fields: _Fields) -> int:
    """Voxels start behind the header and its four bytes of extension flags; 0 means right there.

    In the second file of a pair they may start anywhere.
    """
    (magic,) = struct.unpack_from(fields.layout.magic[1], fields.head, fields.layout.magic[0])
    earliest = 0 if magic.startswith(b"ni") else fields.size + 4
    offset = fields.read_int(fields.layout.offset) or earliest
    if offset < earliest:
        raise damaged()
    return offset


def _sizes(fields: _Fields) -> tuple[int, int, int, int]:
    """Return the number of columns, rows, slices and volumes."""
    count, *sizes = (int(value) for value in fields.read(fields.layout.dim))
    sizes = sizes[: max(count, 0)]
    if not 1 <= count <= 7 or min(sizes) < 1:
        raise damaged()
    if any(size > 1 for size in sizes[4:]):
        raise ConversionError(
            _(
                "This NIfTI file holds several values per voxel, which is not supported yet. "
                "Split it into one file per value."
            ),
            "unsupported",
        )
    columns, rows, slices, volumes = (*sizes, 1, 1, 1)[:4]
    return columns, rows, slices, volumes


def _interval_ms(fields: _Fields) -> float | None:
    """Return the time from volume to volume, where the fourth axis is one of time."""
    unit = _UNIT_MS.get(fields.read_int(fields.layout.units) & 56)
    interval = fields.read(fields.layout.pixdim)[4]
    if unit is None or not np.isfinite(interval) or interval <= 0:
        return None
    return float(interval * unit)


def _dtype(fields: _Fields) -> np.dtype:
    name = _DTYPES.get(fields.read_int(fields.layout.datatype))
    if name is None:
        raise ConversionError(
            _(
                "The voxels of this NIfTI file are complex or of an unknown kind, which is "
                "not supported. Save it with one real number per voxel."
            ),
            "unsupported",
        )
    return np.dtype(fields.order + name)


def _scaling(fields: _Fields) -> tuple[float, float]:
    """A slope of zero, or none at all, means that stored values are real values."""
    slope, intercept = fields.read(fields.layout.scaling)
    if slope == 0 or not np.isfinite(slope):
        return 1.0, 0.0
    if not np.isfinite(intercept):
        raise damaged()
    return slope, intercept


def _affine(fields: _Fields) -> np.ndarray | None:
    """Return the affine in the units of the file, None where it has none."""
    layout = fields.layout
    qform_code, sform_code = fields.read(layout.codes)
    if sform_code > 0:
        return np.vstack([np.reshape(fields.read(layout.sform), (3, 4)), [0, 0, 0, 1]])
    if qform_code > 0:
        return _qform(fields.read(layout.quaternion), fields.read(layout.pixdim))
    return None


def _assumed(fields: _Fields) -> np.ndarray:
    """Return the affine of method 1 of nifti1.h: voxel sizes, and nothing else."""
    pixdim = fields.read(fields.layout.pixdim)
    return np.diag([*np.abs(pixdim[1:4]), 1.0])


def _no_orientation() -> ConversionError:
    return ConversionError(
        _(
            "This NIfTI file does not say where its volume lies (neither sform nor qform). "
            "Save it again with its orientation, or choose to assume one."
        ),
        "geometry",
    )


def _qform(quaternion: tuple[float, ...], pixdim: tuple[float, ...]) -> np.ndarray:
    """Build the affine of method 2 of nifti1.h: rotation by a unit quaternion, then an offset."""
    if min(pixdim[1:4]) < 0:
        raise ConversionError(
            _(
                "This NIfTI file has a voxel size below 0, which programs read in different ways. "
                "Save it again with its orientation."
            ),
            "geometry",
        )
    b, c, d, *offset = quaternion
    length = b * b + c * c + d * d
    if length > 1:  # rounded, or not normalized: the rotation is half a turn
        b, c, d = (part / np.sqrt(length) for part in (b, c, d))
    a = np.sqrt(max(0.0, 1.0 - length))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    handedness = -1.0 if pixdim[0] < 0 else 1.0
    affine = np.eye(4)
    affine[:3, :3] = rotation * (pixdim[1], pixdim[2], pixdim[3] * handedness)
    affine[:3, 3] = offset
    return affine
