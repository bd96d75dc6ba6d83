from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file
from pseudonymizer.engine.options import DEFAULT_SWITCHES, DESCRIPTORS


def after(ct: Dataset, write_file, target, context: Context) -> pydicom.Dataset:
    return pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("000D", "000D"),
        ("012W", "012W"),
        ("089Y", "089Y"),
        ("090Y", "090Y"),
        ("101Y", "090Y"),
        ("999M", "999M"),
        ("75Y", "075Y"),
        ("6M", "006M"),
        ("64", None),
        ("Muel", None),
    ],
)
def test_an_age_of_ninety_or_more_becomes_090y(
    age: str, expected: str | None, ct: Dataset, write_file, target, context: Context
):
    ct.add_new(0x00101010, "AS", age)
    assert after(ct, write_file, target, context).get("PatientAge") == expected


@pytest.mark.parametrize("sex", ["Mueller", "W", "1956"])
def test_a_sex_that_is_none_is_emptied(sex: str, ct: Dataset, write_file, target, context: Context):
    ct.add_new(0x00100040, "CS", sex)
    assert after(ct, write_file, target, context).PatientSex == ""


def test_other_characteristics_go(ct: Dataset, write_file, target, context: Context):
    ct.EthnicGroup, ct.SmokingStatus, ct.Allergies = "GROUP", "YES", "Latex"
    output = after(ct, write_file, target, context)
    assert "EthnicGroup" not in output
    assert "SmokingStatus" not in output
    assert "Allergies" not in output


def test_of_descriptors_listed_words_stay(ct: Dataset, write_file, target, context: Context):
    ct.StudyDescription, ct.SeriesDescription, ct.ImageComments = "Thorax Mueller", "a", "b"
    output = after(ct, write_file, target, context)
    assert output.StudyDescription.casefold() == "thorax"
    assert "SeriesDescription" not in output
    assert "ImageComments" not in output


def test_descriptors_go_where_a_profile_does_not_clean_them(
    ct: Dataset, write_file, target, context: Context
):
    ct.StudyDescription = "Thorax"
    profile = build_profile(ProfileSpec(DEFAULT_SWITCHES - {DESCRIPTORS.name}))
    output = after(ct, write_file, target, replace(context, profile=profile))
    assert "StudyDescription" not in output


def test_an_offset_from_utc_stays_and_other_text_there_goes(
    ct: Dataset, write_file, target, context: Context
):
    ct.TimezoneOffsetFromUTC = "+0100"
    assert after(ct, write_file, target, context).TimezoneOffsetFromUTC == "+0100"
    ct.TimezoneOffsetFromUTC = "Mueller"
    assert "TimezoneOffsetFromUTC" not in after(ct, write_file, target, context)


def test_text_where_a_time_belongs_is_emptied(ct: Dataset, write_file, target, context: Context):
    ct.add_new(0x00080030, "TM", "Mueller")
    assert after(ct, write_file, target, context).StudyTime == ""


def test_the_text_of_a_report_becomes_a_dummy_and_its_codes_stay(
    ct: Dataset, write_file, target, context: Context
):
    concept, item = Dataset(), Dataset()
    concept.CodeValue, concept.CodingSchemeDesignator = "121071", "DCM"
    concept.CodeMeaning = "Finding"
    item.ConceptNameCodeSequence = [concept]
    item.ValueType, item.TextValue = "TEXT", "Mr. Mueller has a cold."
    ct.ContentSequence = [item]
    (found,) = after(ct, write_file, target, context).ContentSequence
    assert found.TextValue == "REMOVED"
    assert found.ValueType == "TEXT"
    assert found.ConceptNameCodeSequence[0].CodeMeaning == "Finding"


def test_a_local_code_inside_a_report_becomes_a_dummy(
    ct: Dataset, write_file, target, context: Context
):
    code, item = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "7", "99STAFF", "Dr. Mueller"
    item.PersonIdentificationCodeSequence = [code]
    ct.ContentSequence = [item]
    output = pseudonymize_file(write_file(ct), target, context).path.read_bytes()
    assert b"Mueller" not in output
    assert b"99STAFF" not in output


def test_a_file_keeps_its_character_set(ct: Dataset, write_file, target, context: Context):
    ct.SpecificCharacterSet = "ISO_IR 192"
    ct.Manufacturer = "Hersteller für Geräte"
    output = after(ct, write_file, target, context)
    assert output.SpecificCharacterSet == "ISO_IR 192"
    assert output.Manufacturer == "Hersteller für Geräte"
