"""NIfTI; the voxels of a slice are compared as nibabel reads them."""

import gzip

import nibabel
import numpy as np

from tests.formats.samples import Reader, Refused, Sample

from nifti_samples import AFFINES, counted, nifti, packed  # isort: skip


def slices(is_packed: bool = False) -> Reader:
    """Return a reader of slices for an affine whose rows and columns need no turning in LPS."""

    def read(data: bytes) -> np.ndarray:
        image = nibabel.Nifti1Image.from_bytes(gzip.decompress(data) if is_packed else data)
        return np.moveaxis(np.asarray(image.get_fdata()), -1, 0).swapaxes(1, 2)

    return read


def samples() -> list[Sample]:
    lps = AFFINES["LPS"]
    whole, bytes_ = nifti(counted("i2", first=-100), lps), nifti(counted("u1"), lps)
    floats = nifti(counted("f4", factor=0.37), lps)
    return [
        Sample("NIfTI", "whole numbers", whole, "nibabel", slices(), is_scaled=True),
        Sample("NIfTI", "packed", packed(bytes_), "nibabel", slices(True), is_scaled=True),
        Sample("NIfTI", "float", floats, "nibabel", slices(), is_scaled=True),
    ]


def refused() -> list[Refused]:
    header = nibabel.AnalyzeHeader()
    header.set_data_shape((5, 6, 7))
    return [Refused("Analyze", header.binaryblock + bytes(676))]
