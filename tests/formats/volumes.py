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


def colors(data: bytes) -> np.ndarray:
    """Read slices of colors, each upright in LPS."""
    voxels = np.asarray(nibabel.Nifti1Image.from_bytes(data).dataobj)
    channels = [voxels[channel] for channel in "RGB"]
    return np.moveaxis(np.stack(channels, axis=-1), 2, 0).swapaxes(1, 2)


def segments(data: bytes) -> np.ndarray:
    """Read the labels of each slice, those that it has not left out."""
    labels = slices()(data)
    known = [label for label in np.unique(labels) if label]
    return np.stack([one == label for one in labels for label in known if (one == label).any()])


def samples() -> list[Sample]:
    labels = nifti((counted("u1") % 3).astype("u1"), AFFINES["LPS"])
    rgb = np.zeros(counted("u1").shape, [(channel, "u1") for channel in "RGB"])
    for number, channel in enumerate("RGB"):
        rgb[channel] = (counted("i4") * (number + 3)) % 251
    color = nibabel.Nifti1Image(rgb, AFFINES["LPS"]).to_bytes()
    lps = AFFINES["LPS"]
    whole, bytes_ = nifti(counted("i2", first=-100), lps), nifti(counted("u1"), lps)
    floats = nifti(counted("f4", factor=0.37), lps)
    return [
        Sample("NIfTI", "whole numbers", whole, "nibabel", slices(), is_scaled=True),
        Sample("NIfTI", "packed", packed(bytes_), "nibabel", slices(True), is_scaled=True),
        Sample("NIfTI", "float", floats, "nibabel", slices(), is_scaled=True),
        Sample(
            *("NIfTI", "as PET", bytes_, "nibabel", slices()),
            is_scaled=True,
            options={"modality": "PT"},
        ),
        Sample(
            *("NIfTI", "float, as Parametric Map", floats, "nibabel", slices()),
            is_scaled=True,
            options={"parametric_maps": True},
        ),
        Sample("NIfTI", "RGB", color, "nibabel", colors),
        Sample(*("NIfTI", "label map", labels, "nibabel", segments), options={"volumes": "labels"}),
    ]


def refused() -> list[Refused]:
    header = nibabel.AnalyzeHeader()
    header.set_data_shape((5, 6, 7))
    freesurfer = nibabel.MGHImage(np.zeros((2, 3, 4), np.int16), np.eye(4))
    return [
        Refused("Analyze", header.binaryblock + bytes(676)),
        Refused("NRRD", b"NRRD0004\n" + bytes(400)),
        Refused("MetaImage", b"ObjectType = Image\n" + bytes(400)),
        Refused("MGH, MGZ", freesurfer.to_bytes()),
    ]
