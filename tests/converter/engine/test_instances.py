import dataclasses

import pytest
from nifti_samples import counted, nifti
from pydicom.dataset import Dataset
from raster_samples import saved, scene
from series_samples import GIVEN, a_series
from slide_samples import tissue, write_pyramid

from converter.engine import Attributes, ConversionError, derive_uid
from converter.engine.encoding import encoded
from converter.engine.instances import decimal_string


def test_attributes_that_a_person_gave_stand_in_every_instance(convert):
    for source in (saved(scene(), "PNG"), nifti(counted("i2"))):
        for dataset in convert(source, attributes=GIVEN):
            assert dataset.PatientID == "P-17"
            assert dataset.PatientName == "Müller^Änne"
            assert dataset.PatientBirthDate == "19560203"
            assert dataset.PatientSex == "F"
            assert (dataset.StudyDate, dataset.StudyTime) == ("20250607", "081530")
            assert dataset.StudyDescription == "Verlauf"
            assert dataset.AccessionNumber == "A-9"
            assert (dataset.BodyPartExamined, dataset.Laterality) == ("KNEE", "L")


def test_what_nobody_gave_is_empty_or_absent(convert):
    (dataset,) = convert(saved(scene(), "PNG"))
    empty = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyDate", "StudyID")
    assert all(keyword in dataset and not dataset[keyword].value for keyword in empty)
    assert "StudyDescription" not in dataset
    assert "BodyPartExamined" not in dataset


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("patient_birth_date", "03.02.1956"),
        ("study_date", "20251340"),
        ("study_date", "20250230"),
        ("patient_birth_date", "19560203-19570203"),
        ("study_time", "0815-0900"),
        ("patient_name", "a^b^c^d^e^f"),
        ("patient_sex", "female"),
        ("patient_id", "P" * 65),
        ("patient_id", "two\\values"),
        ("study_description", "line\nbreak"),
        ("laterality", "left"),
        ("body_part", "knee"),
    ],
)
def test_what_dicom_cannot_hold_is_refused_without_being_quoted(convert, out, name, value):
    with pytest.raises(ConversionError) as refused:
        convert(saved(scene(), "PNG"), attributes=dataclasses.replace(GIVEN, **{name: value}))
    assert refused.value.code == "attributes"
    assert name.replace("_", " ") in str(refused.value)
    assert value not in str(refused.value)
    assert list(out.iterdir()) == []


def test_an_unpaired_body_part_takes_no_side(convert):
    with pytest.raises(ConversionError, match="left and right"):
        convert(saved(scene(), "PNG"), attributes=Attributes(body_part="CHEST", laterality="L"))
    (dataset,) = convert(saved(scene(), "PNG"), attributes=Attributes(body_part="CHEST"))
    assert "Laterality" not in dataset


def test_a_derived_uid_is_a_uuid_number_that_depends_on_seed_and_parts():
    uid = derive_uid(b"seed", "instance", "0")
    prefix, number = uid.rsplit(".", 1)
    assert prefix == "2.25"
    assert 0 < int(number) < 2**128
    assert uid == derive_uid(b"seed", "instance", "0")
    others = [
        derive_uid(b"other", "instance", "0"),
        derive_uid(b"seed", "instance", "1"),
        derive_uid(b"seed", "instance0"),
        derive_uid(b"seed", "instanc", "e0"),
    ]
    assert len({uid, *others}) == 5


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (3.0, "3"),
        (-1024.5, "-1024.5"),
        (0.1, "0.1"),
        (1 / 3, "0.33333333333333"),
        (-1 / 3, "-0.3333333333333"),
        (1e-30, "1e-30"),
        (-0.0, "0"),
    ],
)
def test_a_decimal_string_has_all_the_digits_that_fit(value, text):
    assert decimal_string(value) == text
    assert len(text) <= 16


def the_study() -> bytes:
    stored = Dataset()
    stored.PatientID, stored.PatientName, stored.StudyDate = "P-9", "", "20240302"
    stored.StudyTime = "101500"
    return encoded(stored)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"modality": "PT"}, ("SeriesDate", "SeriesTime", "AcquisitionDate", "AcquisitionTime")),
        ({"volumes": "labels"}, ("ContentDate", "ContentTime")),
        ({"parametric_maps": True}, ("ContentDate", "ContentTime")),
    ],
)
def test_dates_that_the_standard_wants_are_those_of_the_joined_study(convert, options, names):
    datasets = convert(nifti(counted("f4")), series=a_series(study_modules=the_study()), **options)
    for dataset in datasets:
        assert {dataset[name].value for name in names} <= {"20240302", "101500"}


def test_dates_of_a_slide_are_those_of_the_joined_study(convert, tmp_path):
    write_pyramid(tmp_path / "slide.tif", tissue(600, 400))
    for dataset in convert(tmp_path / "slide.tif", series=a_series(study_modules=the_study())):
        assert (dataset.ContentDate, dataset.ContentTime) == ("20240302", "101500")
        assert dataset.AcquisitionDateTime == "20240302101500"
