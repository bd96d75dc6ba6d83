"""Volumes of unequal sides and spacings, in several orientations."""

import gzip

import nibabel
import numpy as np

SHAPE = (5, 6, 7)
SPACING_MM = (1.5, 2.0, 3.0)
OFFSET_MM = (-11.0, 23.5, 7.25)


def rotation(degrees: tuple[float, float, float]) -> np.ndarray:
    x, y, z = np.radians(degrees)
    about_x = [[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]]
    about_y = [[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]]
    about_z = [[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_y) @ np.array(about_x)


def affine(axes: np.ndarray) -> np.ndarray:
    """Make an affine of the sample's spacing from the directions of its axes (columns, RAS)."""
    result = np.eye(4)
    result[:3, :3] = np.asarray(axes) * SPACING_MM
    result[:3, 3] = OFFSET_MM
    return result


AFFINES = {
    "RAS": affine(np.diag([1, 1, 1])),
    "LAS": affine(np.diag([-1, 1, 1])),
    "LPS": affine(np.diag([-1, -1, 1])),
    "RAI": affine(np.diag([1, 1, -1])),
    "sagittal, PIR": affine(np.array([[0, 0, 1], [-1, 0, 0], [0, -1, 0]])),
    "coronal, RSA": affine(np.array([[1, 0, 0], [0, 0, 1], [0, 1, 0]])),
    "oblique": affine(rotation((20, -35, 50))),
    "oblique, left-handed": affine(rotation((-70, 10, 130)) @ np.diag([1, 1, -1])),
}


def counted(dtype: str, first: int = 0, factor: float = 1) -> np.ndarray:
    """Make voxels of which no two are equal."""
    return (np.arange(np.prod(SHAPE)).reshape(SHAPE) * factor + first).astype(dtype)


def nifti(voxels: np.ndarray, matrix: np.ndarray | None = None, **fields: object) -> bytes:
    """Make a NIfTI-1 file; `fields` are set in its header as they are."""
    matrix = AFFINES["oblique"] if matrix is None else matrix
    image = nibabel.Nifti1Image(voxels, None, dtype=voxels.dtype)
    image.header.set_sform(matrix, code=1)
    image.header["descrip"] = b"Mueller^Hans"
    image.header["aux_file"] = b"SecretComment"
    image.header["db_name"] = b"ward7-host"
    image.header["intent_name"] = b"Photoshop9"
    return patched(image.to_bytes(), image.header, fields)


def patched(data: bytes, header: nibabel.Nifti1Header, fields: dict[str, object]) -> bytes:
    """Put header fields back that nibabel would not write, such as a slope beside integers."""
    result = bytearray(data)
    for name, value in fields.items():
        dtype, offset = header.structarr.dtype.fields[name][:2]
        raw = np.array(value, dtype=dtype.base).tobytes()
        result[offset : offset + len(raw)] = raw
    return bytes(result)


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
