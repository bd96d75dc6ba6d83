"""Several volumes in one file become one series with temporal positions."""

import nibabel
import numpy as np
import pytest
from nifti_places import back_in_voxels
from nifti_samples import AFFINES, SHAPE, nifti

VOLUMES = 3
SLICES = SHAPE[2]


def series(dtype: str = "i2") -> np.ndarray:
    """Make volumes of which no two voxels are equal."""
    return np.arange(np.prod(SHAPE) * VOLUMES, dtype=dtype).reshape((*SHAPE, VOLUMES))


def in_time(interval: float, unit: str) -> bytes:
    image = nibabel.Nifti1Image(series(), AFFINES["LAS"])
    image.header.set_zooms((1.5, 2.0, 3.0, interval))
    image.header.set_xyzt_units("mm", unit)
    return image.to_bytes()


@pytest.mark.parametrize("orientation", AFFINES)
@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_every_volume_comes_back_at_its_temporal_position(convert, orientation, modality):
    datasets = convert(nifti(series(), AFFINES[orientation]), modality=modality)
    assert [d.InstanceNumber for d in datasets] == list(range(1, VOLUMES * SLICES + 1))
    assert {d.NumberOfTemporalPositions for d in datasets} == {VOLUMES}
    assert len({d.SeriesInstanceUID for d in datasets}) == 1
    for volume in range(VOLUMES):
        one = [d for d in datasets if d.TemporalPositionIdentifier == volume + 1]
        assert {d.AcquisitionNumber for d in one} == {volume + 1}
        voxels = back_in_voxels(one, AFFINES[orientation], SHAPE)
        assert (voxels == series()[..., volume]).all()


@pytest.mark.parametrize(("interval", "unit"), [(1.5, "sec"), (1500, "msec"), (1_500_000, "usec")])
def test_the_time_between_volumes_is_told_in_milliseconds(convert, interval, unit):
    dataset = convert(in_time(interval, unit))[0]
    assert dataset.TemporalResolution == 1500
    assert dataset.RepetitionTime == 1500


@pytest.mark.parametrize(
    ("interval", "unit"), [(1.5, "hz"), (1.5, "unknown"), (0, "sec"), (np.nan, "sec")]
)
def test_no_time_is_told_where_the_file_tells_none(convert, interval, unit):
    dataset = convert(in_time(interval, unit))[0]
    assert dataset.NumberOfTemporalPositions == VOLUMES
    assert "TemporalResolution" not in dataset
    assert dataset.RepetitionTime is None


def test_a_single_volume_has_no_temporal_position(convert):
    dataset = convert(nifti(series()[..., 0]))[0]
    assert "TemporalPositionIdentifier" not in dataset
    assert "NumberOfTemporalPositions" not in dataset


def test_all_volumes_share_one_scaling(convert):
    datasets = convert(nifti(series("f4") * np.float32(0.37)))
    assert len({(d.RescaleSlope, d.RescaleIntercept, d.WindowWidth) for d in datasets}) == 1


@pytest.mark.parametrize("modality", ["MR", "CT"])
def test_the_validator_finds_no_error(convert_paths, dciodvfy_errors, modality):
    written = convert_paths(in_time(1.5, "sec"), modality=modality)
    assert [dciodvfy_errors(one.path) for one in written[:: len(written) - 1]] == [[], []]
