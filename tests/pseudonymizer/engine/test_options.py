"""Every row of every option column of Table E.1-1, on files; the table itself is the oracle."""

from collections.abc import Callable
from dataclasses import replace

import pydicom
import pytest
from dciodvfy import errors_of
from pydicom.dataset import Dataset
from test_pipeline import local_file
from test_table import concrete_rows, tag_of

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file
from pseudonymizer.engine.options import OPTIONS, SWITCHES
from pseudonymizer.engine.profile import Action

UNLISTED_SEQUENCE = 0x00081115  # Referenced Series Sequence
ENCAPSULATED_DOCUMENT = 0x00420011
SECRET = "ZWIRBELMAYR"
VALUES = {
    "AE": "STATION7",
    "AS": "045Y",
    "CS": "UNIT7",
    "DA": "20200304",
    "DS": "70.5",
    "DT": "20200304101112.5+0100",
    "OB": b"ZWIRBELMAYR!",
    "SH": f"CT {SECRET}",
    "TM": "101112.5",
    "UI": "1.3.6.1.4.1.99999.7",
    "US": 3,
}
DATE_SHIFTED = {"DA": "20190129", "DT": "20190129101112.5+0100", "TM": "101112.5"}  # 400 days back
CODES = {
    "modified_dates": "113107",
    "full_dates": "113106",
    "characteristics": "113108",
    "device": "113109",
    "institution": "113112",
    "uids": "113110",
    "safe_private": "113111",
    "descriptors": "113105",
    "structured_content": "113104",
    "graphics": "113103",
}

Run = Callable[..., Dataset]


@pytest.fixture
def run(write_file, target, context: Context) -> Run:
    """Pseudonymize a dataset by the Basic Profile with the named switches and nothing else."""

    def pseudonymized(dataset: Dataset, *switches: str) -> Dataset:
        profile = build_profile(ProfileSpec(frozenset(switches)))
        chosen = replace(context, profile=profile)
        return pydicom.dcmread(pseudonymize_file(write_file(dataset), target, chosen).path)

    return pseudonymized


def rows_of(switch: str, cell: str) -> list[dict[str, str]]:
    """Return the rows that an option speaks of, but for bookkeeping that no instance holds."""
    column = next(option.column for option in OPTIONS if option.name == switch)
    rows = [row for row in concrete_rows() if row[column] == cell and tag_of(row) >> 16 >= 8]
    return [row for row in rows if tag_of(row) != ENCAPSULATED_DOCUMENT]


def code_item(scheme: str = "DCM") -> Dataset:
    item = Dataset()
    item.add_new(0x00080100, "SH", "113014")
    item.add_new(0x00080102, "SH", scheme)
    item.add_new(0x00080104, "LO", f"DICOM Study {SECRET}")
    item.add_new(0x00081155, "UI", "1.3.6.1.4.1.99999.8")
    return item


def value_for(vr: str) -> object:
    if vr == "SQ":
        return [code_item()]
    return VALUES.get(vr, f"AXIAL {SECRET} HEAD")


def plant(dataset: Dataset, rows: list[dict[str, str]], ct: Dataset) -> None:
    for row in rows:
        vr = row["vr"].split(" or ")[0]
        if tag_of(row) not in ct:
            dataset.add_new(tag_of(row), vr, value_for(vr))


def in_sequence(ct: Dataset, rows: list[dict[str, str]]) -> None:
    inner = Dataset()
    plant(inner, rows, Dataset())
    ct.add_new(UNLISTED_SEQUENCE, "SQ", [inner])


def codes_of(output: Dataset) -> set[str]:
    return {item.CodeValue for item in output.DeidentificationMethodCodeSequence}


RETAINING = ["uids", "device", "institution", "characteristics", "full_dates"]


@pytest.mark.parametrize("switch", RETAINING)
def test_an_option_keeps_each_of_its_attributes_at_every_depth(switch: str, ct: Dataset, run: Run):
    rows = rows_of(switch, "K")
    assert rows
    plant(ct, rows, ct)
    in_sequence(ct, rows)
    originals = {tag_of(row): ct[tag_of(row)].value for row in rows}
    output = run(ct, switch)
    inner = output[UNLISTED_SEQUENCE].value[0]
    for row in rows:
        tag = tag_of(row)
        where = [inner] if tag == 0x00080018 else [output, inner]
        for dataset in where:
            assert tag in dataset, row["keyword"]
            if row["vr"] != "SQ":
                expected = originals[tag] if dataset is output else value_for(row["vr"])
                assert str(dataset[tag].value) == str(expected), row["keyword"]
            else:
                assert dataset[tag].value[0][0x00080104].value == f"DICOM Study {SECRET}"
    assert codes_of(output) == {"113100", CODES[switch]}


@pytest.mark.parametrize("switch", RETAINING)
def test_without_the_option_none_of_them_stays(switch: str, ct: Dataset, run: Run):
    rows = rows_of(switch, "K")
    in_sequence(ct, rows)
    inner = run(ct)[UNLISTED_SEQUENCE].value[0]
    for row in rows:
        vr = row["vr"]
        if tag_of(row) in inner and vr not in ("SQ", "US"):
            assert str(inner[tag_of(row)].value) != str(value_for(vr)), row["keyword"]


@pytest.mark.parametrize("switch", ["descriptors", "characteristics"])
def test_of_a_cleaned_description_only_listed_words_survive(switch: str, ct: Dataset, run: Run):
    rows = [row for row in rows_of(switch, "C") if row["vr"] in ("LO", "SH", "ST", "LT", "UT")]
    assert rows
    in_sequence(ct, rows)
    inner = run(ct, switch)[UNLISTED_SEQUENCE].value[0]
    for row in rows:
        expected = "CT" if row["vr"] == "SH" else "AXIAL HEAD"
        assert inner[tag_of(row)].value == expected, row["keyword"]


@pytest.mark.parametrize("switch", ["descriptors", "structured_content", "graphics"])
def test_a_cleaned_sequence_keeps_its_items_and_none_of_the_free_text(
    switch: str, ct: Dataset, run: Run
):
    rows = [row for row in rows_of(switch, "C") if row["vr"] == "SQ"]
    assert rows
    inner = Dataset()
    for row in rows:
        inner.add_new(tag_of(row), "SQ", [code_item("99LOCAL")])
    ct.add_new(UNLISTED_SEQUENCE, "SQ", [inner])
    cleaned = run(ct, switch)[UNLISTED_SEQUENCE].value[0]
    for row in rows:
        (item,) = cleaned[tag_of(row)].value
        assert item[0x00080104].value == "Study"
        assert item[0x00081155].value.startswith("2.25.")


@pytest.mark.parametrize("switch", ["descriptors", "device", "structured_content", "graphics"])
def test_what_cannot_be_cleaned_goes(switch: str, ct: Dataset, run: Run):
    rows = [row for row in rows_of(switch, "C") if row["vr"] in ("OB", "AE")]
    in_sequence(ct, rows)
    ct.add_new(0x60003000, "OB", SECRET.encode() + b"!")
    ct.add_new(0x60004000, "LT", SECRET)
    ct.add_new(0x50003000, "OB", SECRET.encode() + b"!")
    output = run(ct, switch)
    inner = output[UNLISTED_SEQUENCE].value[0]
    dummies = (None, "", "REMOVED", bytes(8))
    for row in rows:
        assert (inner[tag_of(row)].value if tag_of(row) in inner else None) in dummies
    assert SECRET not in str(output)
    assert codes_of(output) == {"113100", CODES[switch]}


def test_modified_dates_shift_each_date_or_take_the_basic_action(ct: Dataset, run: Run):
    rows = [row for row in rows_of("modified_dates", "C") if row["vr"] in DATE_SHIFTED]
    assert len(rows) > 150
    in_sequence(ct, rows)
    inner = run(ct, "modified_dates")[UNLISTED_SEQUENCE].value[0]
    shifted = 0
    for row in rows:
        value = inner[tag_of(row)].value if tag_of(row) in inner else ""
        assert value in (DATE_SHIFTED[row["vr"]], "", "19000101", "000000", "19000101000000")
        shifted += value == DATE_SHIFTED[row["vr"]]
    assert shifted > 110


def test_attributes_whose_options_are_unknown_get_the_basic_action_under_every_option():
    rows = [row for row in concrete_rows() if row["options_edition"] == "unknown"]
    assert len(rows) == 35
    profile = build_profile(ProfileSpec(SWITCHES - {"modified_dates"}))
    for row in rows:
        rule = profile.rule_for(tag_of(row), row["vr"])
        assert rule.action in (Action.BASIC, Action.MAP_UID), row["keyword"]


# Samples checked by hand against PS3.15 Table E.1-1: (switch, tag, VR, value) -> what stays.
SAMPLES = [
    ("uids", 0x00200052, "UI", "1.3.6.1.4.1.9.1", "1.3.6.1.4.1.9.1"),  # Frame of Reference UID
    ("device", 0x00181000, "LO", "SN 4711", "SN 4711"),  # Device Serial Number
    ("device", 0x00081010, "SH", "CT-SUITE-2", "CT-SUITE-2"),  # Station Name
    ("device", 0x00080055, "AE", "CTSUITE2", None),  # Station AE Title is cleaned
    ("institution", 0x00080080, "LO", "St. Elsewhere", "St. Elsewhere"),  # Institution Name
    ("institution", 0x00080090, "PN", "Doctor^Who", ""),  # Referring Physician's Name is not
    ("characteristics", 0x00101010, "AS", "095Y", "095Y"),  # Patient's Age, whatever it is
    ("characteristics", 0x00102160, "SH", "n/a", "n/a"),  # Ethnic Group
    ("characteristics", 0x00102110, "LO", "Contrast, says Hans", "Contrast"),  # Allergies
    ("full_dates", 0x00080020, "DA", "20200304", "20200304"),  # Study Date
    ("full_dates", 0x00181200, "DA", "20200301", "20200301"),  # Date of Last Calibration
    ("modified_dates", 0x00080020, "DA", "20200304", "20190129"),  # 400 days, over 29 February
    ("modified_dates", 0x00181200, "DA", "20200301", None),  # a constant would betray the shift
    ("descriptors", 0x0008103E, "LO", "Thorax Hr. Stein 2.1", "Thorax"),  # Series Description
    ("descriptors", 0x00104000, "LT", "Hans", None),  # Patient Comments without a listed word
    ("graphics", 0x0008103E, "LO", "Thorax", None),  # not of this option
    ("structured_content", 0x0008103E, "LO", "Thorax", None),
    ("safe_private", 0x0008103E, "LO", "Thorax", None),
]


@pytest.mark.parametrize(("switch", "tag", "vr", "before", "after"), SAMPLES)
def test_samples(switch, tag, vr, before, after, ct: Dataset, run: Run):
    ct.add_new(tag, vr, before)
    output = run(ct, switch)
    assert (str(output[tag].value) if tag in output else None) == after


def test_the_file_keeps_its_own_uids_with_retained_uids(ct: Dataset, run: Run):
    output = run(ct, "uids")
    assert output.SOPInstanceUID == output.file_meta.MediaStorageSOPInstanceUID
    assert output.SOPInstanceUID == "1.3.6.1.4.1.5962.1.1"
    assert output.StudyInstanceUID == "1.3.6.1.4.1.5962.1.2"
    assert output.PatientID == "CT-7QF3K0ZB5"


def test_texts_of_a_report_are_cleaned_and_its_persons_removed(ct: Dataset, run: Run):
    text, person = Dataset(), Dataset()
    text.ValueType, text.TextValue = "TEXT", "Liver lesion of Ute Quastenflosser"
    text.ConceptNameCodeSequence = [code_item()]
    person.ValueType, person.PersonName = "PNAME", "Quastenflosser^Ute"
    ct.ContentSequence = [text, person]
    output = run(ct, "structured_content")
    text, person = output.ContentSequence
    assert text.TextValue == "Liver lesion of"
    assert text.ConceptNameCodeSequence[0].CodeMeaning == f"DICOM Study {SECRET}"  # a public code
    assert "Quastenflosser" not in str(output)


def test_a_name_where_a_date_belongs_is_not_kept(ct: Dataset, run: Run):
    ct.add_new(0x00080020, "LO", "Zwirbelmayr")
    ct.add_new(0x00101010, "LO", "Zwirbelmayr")
    output = run(ct, "full_dates", "characteristics")
    assert "Zwirbelmayr" not in str(output)


def test_device_dates_go_before_the_device_option_where_dates_are_modified(ct: Dataset, run: Run):
    ct.add_new(0x00181000, "LO", "SN 4711")
    ct.add_new(0x00181204, "DA", "20150607")  # Date of Manufacture
    output = run(ct, "device", "modified_dates")
    assert output.DeviceSerialNumber == "SN 4711"
    assert "DateOfManufacture" not in output
    assert codes_of(output) == {"113100", "113107"}
    assert "In part: Retain Device Identity Option" in output.DeidentificationMethod


def test_no_option_at_all_removes_dates_and_characteristics(ct: Dataset, run: Run):
    ct.PatientSex, ct.StudyDate, ct.AcquisitionDate = "F", "20200304", "20200304"
    ct.add_new(0x00189073, "FD", 1.5)  # Acquisition Duration: a number stays
    output = run(ct)
    assert (output.PatientSex, output.StudyDate) == ("", "")
    assert "AcquisitionDate" not in output
    assert output.AcquisitionDuration == 1.5
    assert codes_of(output) == {"113100"}


# one file for each kind of object that pydicom ships
KINDS = [
    *("CT_small.dcm", "MR_small.dcm", "rtdose.dcm", "rtplan.dcm", "rtstruct.dcm"),
    *("reportsi.dcm", "test-SR.dcm", "liver_1frame.dcm", "color-px.dcm", "waveform_ecg.dcm"),
    *("JPEG2000.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "examples_ybr_color.dcm"),
    *("examples_overlay.dcm", "SC_rgb_rle.dcm", "eCT_Supplemental.dcm", "emri_small.dcm"),
    *("ExplVR_LitEndNoMeta.dcm", "vlut_04.dcm", "mlut_18.dcm"),
]


@pytest.mark.parametrize("dates", ["full_dates", "modified_dates"])
@pytest.mark.parametrize("name", KINDS)
def test_with_every_option_dciodvfy_finds_no_new_error(
    name: str, dates: str, target, seen: Context
):
    others = SWITCHES - {"full_dates", "modified_dates"}
    profile = build_profile(ProfileSpec(others | {dates}))
    source = local_file(name)
    output = pseudonymize_file(source, target, replace(seen, profile=profile)).path
    assert not errors_of(output) - errors_of(source)
