"""A report says in its tree what attributes say elsewhere: the same becomes of it."""

from collections.abc import Callable
from dataclasses import replace

import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, ProfileSpec, build_profile, pseudonymize_file
from pseudonymizer.engine.spec import RuleAction, TagRule

ReportRun = Callable[..., list[Dataset]]
DEFAULT = ("modified_dates", "four_characteristics")
SUBJECT_AGE, AGE_OF_SNOMED = ("121033", "DCM", "Subject Age"), ("397669002", "SCT", "Age")


@pytest.fixture
def report(ct: Dataset, write_file, target, context: Context) -> ReportRun:
    """Pseudonymize content items of a file by the named switches; return what stays of them."""

    def pseudonymized(*items: Dataset, switches=DEFAULT, rules=()) -> list[Dataset]:
        ct.ContentSequence = items
        profile = build_profile(ProfileSpec(frozenset(switches), rules))
        path = pseudonymize_file(write_file(ct), target, replace(context, profile=profile)).path
        return list(pydicom.dcmread(path).ContentSequence)

    return pseudonymized


def code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def number(value: str, unit: str, concept: tuple[str, str, str] = SUBJECT_AGE) -> Dataset:
    item, measured = Dataset(), Dataset()
    item.ValueType, item.ConceptNameCodeSequence = "NUM", [code(*concept)]
    measured.MeasurementUnitsCodeSequence = [code(unit, "UCUM", unit)]
    measured.NumericValue = value
    item.MeasuredValueSequence = [measured]
    return item


def value_of(item: Dataset) -> str:
    """Return the measured number, nothing where none is left."""
    measured = item.MeasuredValueSequence
    return str(measured[0].get("NumericValue")) if measured else ""


def dated(concept: tuple[str, str, str]) -> Dataset:
    item = Dataset()
    item.ValueType, item.ConceptNameCodeSequence = "DATE", [code(*concept)]
    item.Date, item.DateTime = "20200301", "20200301120000"
    return item


@pytest.mark.parametrize(
    ("value", "unit", "stays"),
    [
        *(("93", "a", "90"), ("90", "a", "90"), ("89", "a", "89"), ("89.5", "a", "89.5")),
        *(("1116", "mo", "1080"), ("93", "mo", "93"), ("33945", "d", "32850"), ("93", "d", "93")),
        *(("93", "year", "90"), ("93", "h", "93")),
    ],
)
def test_an_age_ends_at_90_years_in_its_own_unit(report: ReportRun, value, unit, stays):
    (item,) = report(number(value, unit))
    assert value_of(item) == stays


@pytest.mark.parametrize(
    "concept",
    [
        *(SUBJECT_AGE, AGE_OF_SNOMED, ("30525-0", "LN", "Age"), ("424144002", "SCT", "Age")),
        *(("A1", "99CLINIC", "Patient's Age"), ("A2", "99CLINIC", "AGE")),
    ],
)
def test_an_age_is_known_by_its_code_or_its_meaning(report: ReportRun, concept):
    (item,) = report(number("93", "a", concept))
    assert value_of(item) == "90"


def test_other_numbers_stay(report: ReportRun):
    gestation = ("11884-4", "LN", "Gestational Age")
    items = report(number("280", "d", gestation), number("93", "mm", ("121206", "DCM", "Distance")))
    assert list(map(value_of, items)) == ["280", "93"]


@pytest.mark.parametrize(
    ("switches", "stays"),
    [
        ((), ""),
        (("modified_dates", "structured_content"), ""),
        (("four_characteristics", "structured_content"), "90"),
        (("characteristics",), "93"),  # Patient's Age, too, stays as it is
    ],
)
def test_an_age_follows_the_rule_of_patients_age(report: ReportRun, switches, stays):
    (item,) = report(number("93", "a"), switches=switches)
    assert value_of(item) == stays


def test_an_age_is_left_to_the_projects_own_rule_for_numbers(report: ReportRun):
    rule = TagRule(0x0040A30A, RuleAction.KEEP)
    (item,) = report(number("93", "a"), rules=(rule,))
    assert value_of(item) == "93"


@pytest.mark.parametrize("action", [RuleAction.EMPTY, RuleAction.REMOVE, RuleAction.REPLACE])
def test_another_rule_for_numbers_leaves_the_age_in_no_other_form(report: ReportRun, action):
    item = number("93", "a")
    item.MeasuredValueSequence[0].FloatingPointValue = 93.0
    rule = TagRule(0x0040A30A, action, "5" if action is RuleAction.REPLACE else "")
    (item,) = report(item, rules=(rule,))
    assert "FloatingPointValue" not in item.MeasuredValueSequence[0]
    assert value_of(item) == {"replace": "5"}.get(action.value, "None")


@pytest.mark.parametrize(
    ("vr", "value", "stays"),
    [
        *(("DS", ["45", "93"], ""), ("LO", "4_5", ""), ("LO", "", ""), ("DS", "9e1", "90")),
        *(("DS", "-1", ""), ("LO", "nan", "")),
    ],
)
def test_what_is_no_age_does_not_stay(report: ReportRun, vr, value, stays):
    item = number("1", "a")
    item.MeasuredValueSequence[0].add_new(0x0040A30A, vr, value)
    (item,) = report(item)
    assert value_of(item) == stays


def test_the_same_age_in_another_form_goes(report: ReportRun):
    item = number("93", "a")
    item.MeasuredValueSequence[0].FloatingPointValue = 93.0
    (item,) = report(item)
    assert "FloatingPointValue" not in item.MeasuredValueSequence[0]


@pytest.mark.parametrize(("switches", "stays"), [(DEFAULT, 90), (("modified_dates",), 0)])
def test_an_age_that_is_no_measurement_follows_too(report: ReportRun, switches, stays):
    item = Dataset()
    item.ValueType, item.ConceptNameCodeSequence = "NUMERIC", [code(*AGE_OF_SNOMED)]
    item.MeasurementUnitsCodeSequence, item.NumericValue = [code("a", "UCUM", "year")], "93"
    inside = Dataset()
    inside.ContentSequence = [item]
    (kept,) = report(inside, switches=switches)
    assert kept.ContentSequence[0].NumericValue == stays


@pytest.mark.parametrize("switches", [(), DEFAULT, ("full_dates",), ("structured_content",)])
@pytest.mark.parametrize(
    "concept",
    [
        *(("121031", "DCM", "Subject Birth Date"), ("B1", "99CLINIC", "Date of Birth")),
        *(("184099003", "SCT", "Birth"), ("21112-8", "LN", "Birth")),
        ("113723", "DCM", "Calibration DateTime"),
    ],
)
def test_a_date_that_would_tell_the_shift_neither_stays_nor_moves(
    report: ReportRun, switches, concept
):
    (item,) = report(dated(concept), switches=switches)
    assert (item.Date, item.DateTime) == ("19000101", "19000101000000")


def test_other_dates_move_like_those_of_the_study(report: ReportRun):
    (item,) = report(dated(("11976-8", "LN", "Ovulation date")))
    assert (item.Date, item.DateTime) == ("20190126", "20190126120000")
