"""Sidecars give the modality and a few numbers, and no text at all."""

import json
from pathlib import Path

import numpy as np
import pytest
from nifti_samples import SHAPE, counted, nifti

from converter.engine import ConversionError

AS_DCM2NIIX_WRITES = {
    "Modality": "MR",
    "MagneticFieldStrength": 3,
    "ImagingFrequency": 123.228,
    "RepetitionTime": 2.3,
    "EchoTime": 0.00298,
    "InversionTime": 0.9,
    "FlipAngle": 9,
    "PixelBandwidth": 240,
    "Manufacturer": "Zwirbelmayr & Sons",
    "InstitutionName": "Zwirbelmayr Clinic",
    "PatientName": "Zwirbelmayr^Hans",
    "AcquisitionTime": "11:22:33.440000",
    "SeriesDescription": "Zwirbelmayr head",
}


@pytest.fixture
def sidecar(tmp_path: Path):
    def write(content: object) -> Path:
        path = tmp_path / "sidecar.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return write


def test_times_become_milliseconds_and_other_numbers_stay(convert, sidecar):
    dataset = convert(nifti(counted("i2")), sidecar=sidecar(AS_DCM2NIIX_WRITES))[0]
    assert dataset.Modality == "MR"
    assert dataset.RepetitionTime == 2300
    assert float(dataset.EchoTime) == 2.98
    assert "InversionTime" not in dataset
    assert dataset.FlipAngle == 9
    assert dataset.MagneticFieldStrength == 3
    assert float(dataset.ImagingFrequency) == 123.228
    assert dataset.PixelBandwidth == 240


def test_no_text_of_a_sidecar_survives(convert_paths, sidecar, dciodvfy_errors):
    for one in convert_paths(nifti(counted("i2")), sidecar=sidecar(AS_DCM2NIIX_WRITES)):
        content = one.path.read_bytes()
        assert b"Zwirbelmayr" not in content
        assert b"11:22" not in content
        assert b"112233" not in content
    assert dciodvfy_errors(one.path) == []


def test_the_modality_is_the_sidecars_unless_a_person_chose_one(convert, sidecar):
    given = sidecar({"Modality": "CT", "RepetitionTime": 2})
    dataset = convert(nifti(counted("i2")), sidecar=given)[0]
    assert dataset.Modality == "CT"
    assert "RepetitionTime" not in dataset


def test_a_chosen_modality_counts_more_than_the_sidecar(convert, sidecar):
    given = sidecar({"Modality": "CT"})
    assert convert(nifti(counted("i2")), sidecar=given, modality="MR")[0].Modality == "MR"


def test_the_repetition_time_of_a_sidecar_counts_more_than_the_header(convert, sidecar):
    volumes = np.zeros((*SHAPE, 2), "i2")
    source = nifti(volumes, pixdim=[1, 1, 1, 1, 4, 1, 1, 1], xyzt_units=10)
    dataset = convert(source, sidecar=sidecar({"RepetitionTime": 2}))[0]
    assert (dataset.TemporalResolution, dataset.RepetitionTime) == (4000, 2000)


@pytest.mark.parametrize(
    "value", ["Zwirbelmayr", True, -1, 0, None, [2.3], {"s": 2}, 1e300, float("nan"), float("inf")]
)
def test_what_is_no_positive_number_is_left_out(convert, sidecar, value):
    dataset = convert(nifti(counted("i2")), sidecar=sidecar({"RepetitionTime": value}))[0]
    assert dataset.RepetitionTime is None


@pytest.mark.parametrize("modality", ["Zwirbelmayr", "US", 7, None])
def test_a_modality_that_no_volume_has_is_left_out(convert, sidecar, modality):
    dataset = convert(nifti(counted("i2")), sidecar=sidecar({"Modality": modality}))[0]
    assert dataset.Modality == "MR"


@pytest.mark.parametrize(
    "content",
    ["{", "[1]", "", "{" + '"a":[' * 100_000, '{"a": "' + "x" * (1 << 20) + '"}'],
    ids=["cut", "list", "empty", "deep", "long"],
)
def test_a_sidecar_that_cannot_be_read_is_named(convert, out, sidecar, content):
    with pytest.raises(ConversionError, match="sidecar") as refused:
        convert(nifti(counted("i2")), sidecar=sidecar(content))
    assert refused.value.code == "damaged"
    assert list(out.iterdir()) == []
