"""To DICOM and back by dcm2niix, which neither reads nor writes as we do."""

import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from nifti_samples import AFFINES, SHAPE, nifti

DCM2NIIX = Path(sys.executable).parent / "dcm2niix"


def there_and_back(folder: Path, target: Path) -> nibabel.Nifti1Image:
    target.mkdir()
    command = [DCM2NIIX, "-f", "back", "-b", "n", "-z", "n", "-o", target, folder]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    (path,) = target.glob("*.nii")
    return nibabel.load(path)


def voxels_along(image: nibabel.Nifti1Image, affine: np.ndarray) -> np.ndarray:
    """Return the voxels in the order of axes that `affine` has."""
    to_original = np.linalg.inv(affine) @ image.affine
    places = np.indices(image.shape[:3]).reshape(3, -1)
    exact = to_original[:3, :3] @ places + to_original[:3, 3:]
    indices = np.rint(exact).astype(int)
    spacing_mm = np.linalg.norm(affine[:3, :3], axis=0)
    assert np.abs((exact - indices) * spacing_mm[:, None]).max() < 1e-3
    found = np.asanyarray(image.dataobj)
    volume = np.zeros((*SHAPE, *found.shape[3:]), found.dtype)
    volume[tuple(indices)] = found.reshape(-1, *found.shape[3:])
    return volume


@pytest.mark.parametrize("orientation", AFFINES)
@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_a_volume_comes_back_with_its_voxels_and_place(
    convert_paths, out, tmp_path, orientation, modality
):
    voxels = (np.arange(np.prod(SHAPE)).reshape(SHAPE) * 7 - 500).astype("i2")
    convert_paths(nifti(voxels, AFFINES[orientation]), modality=modality)
    back = there_and_back(out, tmp_path / "back")
    assert (voxels_along(back, AFFINES[orientation]) == voxels).all()


@pytest.mark.parametrize("orientation", AFFINES)
def test_volumes_in_time_come_back_in_their_order(convert_paths, out, tmp_path, orientation):
    voxels = np.arange(np.prod(SHAPE) * 4, dtype="i2").reshape((*SHAPE, 4))
    image = nibabel.Nifti1Image(voxels, AFFINES[orientation])
    image.header.set_zooms((1.5, 2.0, 3.0, 2.25))
    image.header.set_xyzt_units("mm", "sec")
    convert_paths(image.to_bytes())
    back = there_and_back(out, tmp_path / "back")
    assert (voxels_along(back, AFFINES[orientation]) == voxels).all()
    assert back.header.get_zooms()[3] == pytest.approx(2.25)
