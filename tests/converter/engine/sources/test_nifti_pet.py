"""PET volumes: no intercept, times in ms, what BIDS says of units and decay."""

import json

import numpy as np
import pytest
from nifti_places import back_in_voxels
from nifti_samples import AFFINES, SHAPE, counted, nifti
from series_samples import GIVEN

PET = "1.2.840.10008.5.1.4.1.1.128"
TIMES = {
    "Modality": "PT",
    "Units": "Bq/mL",
    "FrameTimesStart": [0, 10, 30],
    "FrameDuration": [10, 20, 30],
    "ImageDecayCorrected": True,
    "DecayCorrectionFactor": [1.01, 1.02, 1.04],
    "TracerName": "Zwirbelmayr",
}


def dynamic(dtype: str = "f4") -> np.ndarray:
    return np.arange(np.prod(SHAPE) * 3, dtype=dtype).reshape((*SHAPE, 3))


@pytest.fixture
def sidecar(tmp_path):
    path = tmp_path / "sidecar.json"
    path.write_text(json.dumps(TIMES))
    return path


@pytest.mark.parametrize("dtype", ["i2", "u2", "u1"])
def test_whole_numbers_are_kept(convert, dtype):
    voxels = counted(dtype)
    datasets = convert(nifti(voxels), modality="PT")
    assert {d.SOPClassUID for d in datasets} == {PET}
    assert {(d.RescaleSlope, d.RescaleIntercept) for d in datasets} == {(1, 0)}
    assert (back_in_voxels(datasets, AFFINES["oblique"], SHAPE) == voxels).all()


@pytest.mark.parametrize(
    ("voxels", "fields"),
    [
        (counted("f4", first=-3, factor=0.37), {}),
        (counted("i2", first=7), {"scl_slope": 0.5, "scl_inter": -20}),
        (counted("f8", first=1e-6, factor=1e-9), {}),
    ],
    ids=["floats", "with an intercept", "tiny"],
)
def test_other_numbers_are_scaled_without_an_intercept(convert, voxels, fields):
    datasets = convert(nifti(voxels, **fields), modality="PT")
    assert {d.RescaleIntercept for d in datasets} == {0}
    step = float(datasets[0].RescaleSlope)
    real = back_in_voxels(datasets, AFFINES["oblique"], SHAPE) * step
    expected = voxels * fields.get("scl_slope", 1) + fields.get("scl_inter", 0.0)
    assert np.abs(real - expected).max() <= step / 2 * (1 + 1e-6)
    assert "half a step" in datasets[0].DerivationDescription


def test_a_voxel_without_a_number_is_padding(convert):
    voxels = counted("f4", first=-3, factor=0.37)
    voxels[1, 2, 3] = np.nan
    datasets = convert(nifti(voxels), modality="PT")
    stored = back_in_voxels(datasets, AFFINES["oblique"], SHAPE)
    assert np.argwhere(stored == datasets[0].PixelPaddingValue).tolist() == [[1, 2, 3]]


def test_the_sidecar_tells_units_times_and_decay(convert, sidecar):
    datasets = convert(nifti(dynamic()), sidecar=sidecar)
    assert {d.Units for d in datasets} == {"BQML"}
    assert {tuple(d.SeriesType) for d in datasets} == {("DYNAMIC", "IMAGE")}
    assert {(d.NumberOfSlices, d.NumberOfTimeSlices) for d in datasets} == {(7, 3)}
    assert [d.ImageIndex for d in datasets] == list(range(1, 22))
    frames = datasets[:: SHAPE[2]]
    assert [float(d.FrameReferenceTime) for d in frames] == [5_000, 20_000, 45_000]
    assert [d.ActualFrameDuration for d in frames] == [10_000, 20_000, 30_000]
    assert [float(d.DecayFactor) for d in frames] == [1.01, 1.02, 1.04]
    assert {d.DecayCorrection for d in datasets} == {"START"}
    assert all("Zwirbelmayr" not in str(d) for d in datasets)


@pytest.mark.parametrize(
    ("times", "correction"),
    [
        ({"ImageDecayCorrectionTime": 0, "ScanStart": 0, "InjectionStart": -3600}, "START"),
        ({"ImageDecayCorrectionTime": 0, "ScanStart": 3600, "InjectionStart": 0}, "ADMIN"),
        ({"ImageDecayCorrectionTime": 0, "ScanStart": 0, "InjectionStart": 0}, "START"),
        ({}, "START"),
    ],
)
def test_the_time_that_decay_is_corrected_to_is_that_of_the_sidecar(
    convert, sidecar, times, correction
):
    sidecar.write_text(json.dumps(TIMES | times))
    assert {d.DecayCorrection for d in convert(nifti(dynamic()), sidecar=sidecar)} == {correction}


def test_lists_that_do_not_fit_the_frames_are_left_out(convert, sidecar):
    few = {"DecayCorrectionFactor": [1.01], "FrameTimesStart": [0, 10]}
    sidecar.write_text(json.dumps(TIMES | few))
    datasets = convert(nifti(dynamic()), sidecar=sidecar)
    assert {d.DecayCorrection for d in datasets} == {"NONE"}
    assert not any("DecayFactor" in d for d in datasets)
    assert {float(d.FrameReferenceTime) for d in datasets} == {0}


def test_without_a_sidecar_no_correction_and_no_unit_is_claimed(convert):
    dataset = convert(nifti(counted("i2")), modality="PT")[0]
    assert (dataset.Units, dataset.DecayCorrection) == ("PROPCNTS", "NONE")
    assert not dataset.CorrectedImage


@pytest.mark.parametrize("given", [{}, {"attributes": GIVEN}], ids=["bare", "attributes"])
def test_the_validator_finds_no_error(convert_paths, dciodvfy_errors, sidecar, given):
    for source, more in ((counted("i2"), {}), (dynamic(), {"sidecar": sidecar})):
        written = convert_paths(nifti(source), modality="PT", **more, **given)
        assert dciodvfy_errors(written[-1].path) == []
