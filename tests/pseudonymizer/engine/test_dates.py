from dataclasses import replace
from datetime import date, timedelta

import pydicom
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file
from pseudonymizer.engine.dates import SENTINELS, is_time, shift_date, shift_date_time
from pseudonymizer.engine.spec import RuleAction, TagRule

TODAY = date(2026, 3, 1)


@pytest.mark.parametrize(
    ("original", "days", "expected"),
    [
        ("20200301", -1, "20200229"),
        ("20210301", -1, "20210228"),
        ("20200101", -365, "20190101"),
        ("20210101", -366, "20200101"),
        ("19990704", -3650, "19890706"),
        ("1993.08.22", -1, "19930821"),
        ("20260302", -400, "20250126"),
    ],
)
def test_a_date_moves_by_whole_days(original: str, days: int, expected: str):
    assert shift_date(original, days, TODAY) == expected


@pytest.mark.parametrize(
    "original",
    [
        *("19000101", "00010101", "99991231", "19700101"),
        *("20210229", "20201301", "20200100", "00000000", "18000101"),
        *("20260303", "20300101"),
        *("2020", "202003", "20200301x", "20200301-20200401", "Mueller", "", "2020-03-01"),
        *("2020.0301", "٢٠٢٠٠٣٠١"),
    ],
)
def test_sentinels_impossible_and_future_dates_are_not_shifted(original: str):
    assert shift_date(original, -400, TODAY) is None


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("20200301", "20200229"),
        ("2020030110", "2020022910"),
        ("202003011011", "202002291011"),
        ("20200301101112", "20200229101112"),
        ("20200301101112.5", "20200229101112.5"),
        ("20200301101112.123456+0100", "20200229101112.123456+0100"),
        ("20200301-0500", "20200229-0500"),
    ],
)
def test_a_date_time_keeps_its_precision_and_offset(original: str, expected: str):
    assert shift_date_time(original, -1, TODAY) == expected


@pytest.mark.parametrize(
    "original", ["2020", "202003", "20210229101112", "20200301251112", "20200301101112.1234567"]
)
def test_a_date_time_coarser_than_a_day_or_impossible_is_not_shifted(original: str):
    assert shift_date_time(original, -1, TODAY) is None


@pytest.mark.parametrize("text", ["10", "1011", "101112", "101112.1", "235960", "10:11:12"])
def test_times_are_recognized(text: str):
    assert is_time(text)


@pytest.mark.parametrize("text", ["", "24", "1060", "Mueller", "101112.", "101112 Mueller"])
def test_anything_else_is_no_time(text: str):
    assert not is_time(text)


@given(
    st.dates(date(1900, 1, 2), TODAY), st.dates(date(1900, 1, 2), TODAY), st.integers(-3650, -365)
)
def test_distances_between_dates_of_one_patient_stay(first: date, second: date, days: int):
    texts = [day.strftime("%Y%m%d") for day in (first, second)]
    if SENTINELS.intersection(texts):
        return
    moved = [shift_date(text, days, TODAY) for text in texts]
    found = [date(int(text[:4]), int(text[4:6]), int(text[6:])) for text in moved]
    assert found[1] - found[0] == second - first
    assert found[0] - first == timedelta(days=days)


def test_dates_of_a_file_move_at_every_depth_and_times_stay(
    ct: Dataset, write_file, target, context: Context
):
    ct.StudyDate, ct.StudyTime = "20200310", "101112.5"
    ct.AcquisitionDateTime = "20200310101112.5+0100"
    item = Dataset()
    item.SeriesDate = "20200311"
    ct.ReferencedSeriesSequence = [item]
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.StudyDate == "20190204"  # 400 days before 2020-03-10, by calendar
    assert output.StudyTime == "101112.5"
    assert output.AcquisitionDateTime == "20190204101112.5+0100"
    assert output.ReferencedSeriesSequence[0].SeriesDate == "20190205"
    assert output.LongitudinalTemporalInformationModified == "MODIFIED"


def test_the_birth_date_is_emptied(ct: Dataset, write_file, target, context: Context):
    ct.PatientBirthDate = "19560213"
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.PatientBirthDate == ""


def test_a_study_date_that_must_not_be_shifted_is_emptied(
    ct: Dataset, write_file, target, context: Context
):
    ct.StudyDate = "19000101"
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.StudyDate == ""


@pytest.mark.parametrize(
    "keyword",
    [
        *("DateOfLastCalibration", "DateOfManufacture", "DateOfInstallation"),
        *("DateOfLastDetectorCalibration", "CalibrationDate", "DateTimeOfLastCalibration"),
        *("CalibrationDateTime", "ProductExpirationDateTime", "TimeOfLastCalibration"),
        *("ContextGroupVersion", "EffectiveDateTime"),
    ],
)
def test_constants_of_a_device_are_not_shifted(
    keyword: str, ct: Dataset, write_file, target, context: Context
):
    setattr(ct, keyword, "101112" if keyword.startswith("Time") else "20200310")
    output = pseudonymize_file(write_file(ct), target, context).path
    value = str(pydicom.dcmread(output).get(keyword, ""))
    assert value in ("", "19000101", "19000101000000")
    assert b"20190204" not in output.read_bytes()


@pytest.mark.parametrize(
    ("switches", "told"),
    [
        ({"modified_dates"}, "MODIFIED"),
        ({"full_dates"}, "UNMODIFIED"),
        (set(), "REMOVED"),
    ],
)
def test_the_file_says_what_became_of_its_dates(
    switches: set[str], told: str, ct: Dataset, write_file, target, context: Context
):
    profile = build_profile(ProfileSpec(frozenset(switches)))
    result = pseudonymize_file(write_file(ct), target, replace(context, profile=profile))
    # PS3.15 E.2 and E.3.6
    assert pydicom.dcmread(result.path).LongitudinalTemporalInformationModified == told


def test_dates_of_which_one_was_changed_are_not_called_unmodified(
    ct: Dataset, write_file, target, context: Context
):
    own = TagRule(0x00080020, RuleAction.EMPTY)
    profile = build_profile(ProfileSpec(frozenset({"full_dates"}), (own,)))
    result = pseudonymize_file(write_file(ct), target, replace(context, profile=profile))
    assert pydicom.dcmread(result.path).LongitudinalTemporalInformationModified == "MODIFIED"
