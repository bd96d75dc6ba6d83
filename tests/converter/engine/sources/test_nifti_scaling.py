import numpy as np
import pytest
from nifti_places import back_in_voxels
from nifti_samples import AFFINES, SHAPE, counted, nifti


@pytest.mark.parametrize(
    ("dtype", "first", "is_signed"),
    [
        ("u1", 0, 0),
        ("i1", -100, 1),
        ("i2", -32768, 1),
        ("i2", 100, 1),
        ("u2", 65000, 0),
        ("i4", -300, 1),
        ("i4", 60000, 0),
        ("u8", 5, 0),
        ("f4", -300, 1),
    ],
)
def test_whole_numbers_that_fit_are_stored_as_they_are(convert, dtype, first, is_signed):
    voxels = counted(dtype, first)
    datasets = convert(nifti(voxels))
    assert {d.PixelRepresentation for d in datasets} == {is_signed}
    assert {d.BitsStored for d in datasets} == {16}
    assert "RescaleSlope" not in datasets[0]
    assert (back_in_voxels(datasets, AFFINES["oblique"], SHAPE) == voxels).all()


@pytest.mark.parametrize(
    "voxels",
    [
        counted("f4", first=-3, factor=0.37),
        counted("f8", first=1e-6, factor=1e-9),
        counted("i4", first=-5_000_000, factor=70_001),
        counted("u4", first=7, factor=1_000_003),
        np.full(SHAPE, 3.25, "f4"),
    ],
    ids=["float32", "tiny float64", "int32", "uint32", "constant"],
)
@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_other_numbers_are_scaled_within_half_a_step(convert, voxels, modality):
    affine = AFFINES["oblique"]
    datasets = convert(nifti(voxels), modality=modality)
    steps = back_in_voxels(datasets, affine, SHAPE)
    step = float(datasets[0].RescaleSlope)
    real = steps * step + float(datasets[0].RescaleIntercept)
    assert np.abs(real - voxels.astype(float)).max() <= step / 2 * (1 + 1e-6)
    assert "half a step" in datasets[0].DerivationDescription
    assert steps.max() - steps.min() >= (65534 if np.ptp(voxels) else 0)


def test_voxels_that_are_not_numbers_hold_the_padding_value(convert):
    voxels = counted("f4", first=-3, factor=0.37)
    voxels[1, 2, 3] = np.nan
    voxels[4, 5, 6] = np.inf
    datasets = convert(nifti(voxels))
    stored = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    padding = datasets[0].PixelPaddingValue
    assert [tuple(place) for place in np.argwhere(stored == padding)] == [(1, 2, 3), (4, 5, 6)]
    step = float(datasets[0].RescaleSlope)
    real = stored * step + float(datasets[0].RescaleIntercept)
    is_finite = np.isfinite(voxels)
    assert np.abs(real - voxels.astype(float))[is_finite].max() <= step / 2 * (1 + 1e-6)


def test_a_volume_without_a_single_number_is_all_padding(convert):
    datasets = convert(nifti(np.full(SHAPE, np.nan, "f4")))
    assert all((d.pixel_array == d.PixelPaddingValue).all() for d in datasets)


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_the_scaling_of_the_source_is_kept_beside_its_voxels(convert, modality):
    source = nifti(counted("i2", first=-100), scl_slope=0.1, scl_inter=-1024.5)
    datasets = convert(source, modality=modality)
    volume = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    assert (volume == counted("i2", first=-100)).all()
    assert np.float32(float(datasets[0].RescaleSlope)) == np.float32(0.1)
    assert float(datasets[0].RescaleIntercept) == -1024.5


def test_mr_states_its_scaling_as_real_world_values_too(convert):
    dataset = convert(nifti(counted("i2"), scl_slope=0.5, scl_inter=-10))[0]
    (mapping,) = dataset.RealWorldValueMappingSequence
    assert (mapping.RealWorldValueSlope, mapping.RealWorldValueIntercept) == (0.5, -10.0)
    assert mapping.RealWorldValueFirstValueMapped == -32768
    assert mapping.RealWorldValueLastValueMapped == 32767


def test_scaled_floats_keep_the_scaling_of_the_source(convert):
    voxels = counted("f4", first=-3, factor=0.37)
    datasets = convert(nifti(voxels, scl_slope=-2, scl_inter=5))
    stored = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    step = float(datasets[0].RescaleSlope)
    real = stored * step + float(datasets[0].RescaleIntercept)
    assert np.abs(real - (voxels.astype(float) * -2 + 5)).max() <= step / 2 * (1 + 1e-6)
