"""A report says in its tree what attributes say elsewhere: the same becomes of it."""

from collections.abc import Callable
from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ComprehensiveSRStorage

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file

Run = Callable[..., Dataset]

BIRTH_DATE = ("121031", "DCM", "Subject Birth Date")
CALIBRATION = ("113723", "DCM", "Calibration DateTime")
OVULATION = ("11976-8", "LN", "Ovulation date")
AGE = ("121033", "DCM", "Subject Age")
YEARS = ("a", "UCUM", "year")
DUMMY_DAY = "19000101"


def coded(code: tuple[str, str, str]) -> list[Dataset]:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code
    return [item]


def content(concept: tuple[str, str, str], **values: object) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ConceptNameCodeSequence = "HAS OBS CONTEXT", coded(concept)
    item.update(values)
    return item


def age(number: str, unit: tuple[str, str, str] | None = YEARS) -> Dataset:
    measured = Dataset()
    measured.NumericValue, measured.FloatingPointValue = number, 4711.0
    if unit:
        measured.MeasurementUnitsCodeSequence = coded(unit)
    return content(AGE, ValueType="NUM", MeasuredValueSequence=[measured])


@pytest.fixture
def run(ct: Dataset, write_file, target, context: Context) -> Run:
    """Return what becomes of one content item, two levels deep in a report."""

    def pseudonymized(item: Dataset, *switches: str) -> Dataset:
        del ct[0x7FE00010]
        ct.SOPClassUID, ct.Modality, ct.StudyDate = ComprehensiveSRStorage, "SR", "20200301"
        ct.PatientBirthDate = "19261224"
        outer = content(("121070", "DCM", "Findings"), ValueType="CONTAINER")
        outer.ContentSequence = [item]
        ct.ContentSequence = [outer]
        profile = build_profile(ProfileSpec(frozenset(switches))) if switches else context.profile
        result = pseudonymize_file(write_file(ct), target, replace(context, profile=profile))
        return pydicom.dcmread(result.path).ContentSequence[0].ContentSequence[0]

    return pseudonymized


def birth_date(concept: tuple[str, str, str] = BIRTH_DATE) -> Dataset:
    return content(concept, ValueType="DATE", Date="19261224")


def number_of(item: Dataset) -> str:
    (measured,) = item.MeasuredValueSequence
    assert "FloatingPointValue" not in measured
    return str(measured.NumericValue)


@pytest.mark.parametrize("dates", ["modified_dates", "full_dates", "four_characteristics"])
def test_a_birth_date_goes_whatever_becomes_of_dates(run: Run, dates: str) -> None:
    """Shifted, it would tell the shift to whoever knows it."""
    assert run(birth_date(), dates).Date == DUMMY_DAY


@pytest.mark.parametrize("concept", [("184099003", "SCT", "Birth"), ("21112-8", "LN", "Birth")])
def test_a_birth_date_goes_under_every_code(run: Run, concept: tuple[str, str, str]) -> None:
    assert run(birth_date(concept)).Date == DUMMY_DAY


def test_the_date_of_a_calibration_is_not_shifted(run: Run) -> None:
    item = content(CALIBRATION, ValueType="DATETIME", DateTime="20200228120000")
    assert run(item).DateTime == f"{DUMMY_DAY}000000"


def test_other_dates_are_shifted_like_those_of_the_study(run: Run) -> None:
    assert run(content(OVULATION, ValueType="DATE", Date="20200301")).Date == "20190126"


@pytest.mark.parametrize(
    ("number", "unit", "expected"),
    [
        ("42", YEARS, "42"),
        ("89", YEARS, "89"),
        ("93", YEARS, "90"),
        ("1200", ("mo", "UCUM", "month"), "1080"),
        ("14", ("d", "UCUM", "day"), "14"),
        ("36500", ("d", "UCUM", "day"), "32850"),
    ],
)
def test_an_age_is_capped_at_90_years(
    run: Run, number: str, unit: tuple[str, str, str], expected: str
) -> None:
    assert number_of(run(age(number, unit))) == expected


@pytest.mark.parametrize("item", [age("93", None), age("93", ("a", "99X", "year")), age("-1")])
def test_an_age_that_cannot_be_told_goes(run: Run, item: Dataset) -> None:
    assert not run(item).MeasuredValueSequence


def test_an_age_goes_where_the_profile_keeps_none(run: Run) -> None:
    assert not run(age("42"), "modified_dates").MeasuredValueSequence


def test_an_age_stays_as_it_is_where_the_profile_keeps_all_characteristics(run: Run) -> None:
    item = run(age("93"), "modified_dates", "characteristics")
    assert item.MeasuredValueSequence[0].NumericValue == 93
