"""Floats as they are, read back by pydicom and highdicom."""

import highdicom
import numpy as np
import pydicom
import pytest
from nifti_samples import AFFINES, SHAPE, counted, nifti
from series_samples import GIVEN

from converter.engine import ConversionError

MAP = "1.2.840.10008.5.1.4.1.1.30"


@pytest.mark.parametrize("orientation", AFFINES)
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4"])
def test_every_number_comes_back_from_its_place(convert, orientation, dtype):
    affine, voxels = AFFINES[orientation], counted(dtype, first=-3, factor=0.37)
    (dataset,) = convert(nifti(voxels, affine), parametric_maps=True)
    assert dataset.SOPClassUID == MAP
    volume = highdicom.Image.from_dataset(dataset).get_volume(
        apply_real_world_transform=False, dtype=np.float64
    )
    places = np.indices(volume.array.shape).reshape(3, -1)
    lps = volume.affine[:3, :3] @ places + volume.affine[:3, 3:]
    inverse = np.linalg.inv(affine)
    exact = inverse[:3, :3] @ (lps * [[-1], [-1], [1]]) + inverse[:3, 3:]
    found = np.zeros(SHAPE)
    found[tuple(np.rint(exact).astype(int))] = volume.array.ravel()
    assert (found == voxels.astype(np.float64)).all()


def test_the_scaling_of_the_source_is_its_real_world_value(convert):
    source = nifti(counted("f4", factor=0.37), scl_slope=-2, scl_inter=5)
    (dataset,) = convert(source, parametric_maps=True)
    (shared,) = dataset.SharedFunctionalGroupsSequence
    (mapping,) = shared.RealWorldValueMappingSequence
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (-2, 5)
    assert mapping.DoubleFloatRealWorldValueFirstValueMapped == 0
    assert mapping.DoubleFloatRealWorldValueLastValueMapped == pytest.approx(209 * 0.37)


def test_numbers_that_are_not_finite_stay(convert):
    voxels = counted("f4")
    voxels[1, 2, 3] = np.nan
    (dataset,) = convert(nifti(voxels), parametric_maps=True)
    assert np.isnan(pydicom.pixels.pixel_array(dataset)).sum() == 1


def test_whole_numbers_stay_slices(convert):
    assert convert(nifti(counted("i2")), parametric_maps=True)[0].Modality == "MR"


def test_several_volumes_are_refused(convert, out):
    with pytest.raises(ConversionError, match="one volume"):
        convert(nifti(np.zeros((*SHAPE, 2), "f4")), parametric_maps=True)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("given", [{}, {"attributes": GIVEN}], ids=["bare", "attributes"])
def test_the_validator_finds_no_error(convert_paths, dciodvfy_errors, dtype, given):
    voxels = counted(dtype, first=-3, factor=0.37)
    (one,) = convert_paths(nifti(voxels), parametric_maps=True, **given)
    assert dciodvfy_errors(one.path) == []


@pytest.mark.parametrize("highest", [7e25, -7e25, np.inf])
def test_numbers_beyond_any_window_are_kept_and_valid(convert_paths, dciodvfy_errors, highest):
    voxels = counted("f4")
    voxels[:3] = highest
    (made,) = convert_paths(nifti(voxels), parametric_maps=True)
    assert dciodvfy_errors(made.path) == []
