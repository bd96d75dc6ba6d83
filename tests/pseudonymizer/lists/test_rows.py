"""What one row says, and what speaks against it."""

from datetime import date

import pytest

from pseudonymizer.lists.reading import Row
from pseudonymizer.lists.rows import ListedPatient, Problem, listed_patient

TODAY = date(2026, 11, 23)
GOOD = {
    "patient_id": "A-4711",
    "issuer": "CLINIC",
    "name": "Zwirbelmayr^Hans",
    "birth_date": "19560228",
    "sex": "M",
    "pseudonym": "STUDY.x_7",
}


def listed(**cells: str) -> ListedPatient:
    return listed_patient(Row(2, {**GOOD, **cells}), TODAY)


def test_a_row_names_a_patient() -> None:
    patient = listed(date_shift_days="-400")
    assert patient.problem is None
    assert (patient.identity.name, patient.identity.birth_date) == ("Zwirbelmayr^Hans", "19560228")
    assert (patient.pseudonym, patient.shift_days) == ("STUDY.x_7", -400)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("19560228", "19560228"),
        ("1956-02-28", "19560228"),
        ("1956.02.28", "19560228"),
        ("28.02.1956", "19560228"),
        ("3.2.1956", "19560203"),
        (" 1956-02-28\u00a0", "19560228"),
        ("", ""),
        ("1900-01-01", ""),  # what systems write who know none
    ],
)
def test_birth_dates_are_read_in_every_clear_form(written: str, read: str) -> None:
    patient = listed(birth_date=written)
    assert (patient.problem, patient.identity.birth_date) == (None, read)


@pytest.mark.parametrize(
    "written",
    *[
        [
            "30.02.1956",
            "1956-13-01",
            "02/28/1956",
            "28.02.56",
            "1956",
            "tomorrow",
            "2026-11-24",
            "17560228",
            "0000-00-00",
            "١٩٥٦٠٢٢٨",
        ]
    ],
)
def test_other_birth_dates_are_unreadable(written: str) -> None:
    assert listed(birth_date=written).problem == Problem.BAD_DATE


@pytest.mark.parametrize(
    ("written", "read"), [("m", "M"), ("weiblich", "F"), ("W", "F"), ("divers", "O"), ("", "")]
)
def test_sexes_are_read_in_usual_words(written: str, read: str) -> None:
    assert listed(sex=written).identity.sex == read


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"patient_id": " "}, Problem.NO_ID),
        ({"pseudonym": ""}, Problem.NO_PSEUDONYM),
        ({"patient_id": "9" * 65}, Problem.LONG),
        ({"name": "x" * 201}, Problem.LONG),
        ({"pseudonym": "P" * 65}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": "P\\1"}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": "P\n1"}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": "P/../1"}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": ".."}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": "Pß1"}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": "=1+1"}, Problem.BAD_PSEUDONYM),
        ({"pseudonym": "P1."}, Problem.BAD_PSEUDONYM),
        ({"patient_id": "A\\B"}, Problem.CHARACTER),
        ({"patient_id": "A-\u200b4711"}, Problem.CHARACTER),
        ({"patient_id": "\u200eA-4711"}, Problem.CHARACTER),
        ({"issuer": "CLI\u00adNIC"}, Problem.CHARACTER),
        ({"patient_id": "4.71081E+11"}, Problem.ROUNDED),
        ({"patient_id": "5E+15"}, Problem.ROUNDED),
        ({"patient_id": "4,71081E+11"}, Problem.ROUNDED),
        ({"patient_id": "A\x00B"}, Problem.CHARACTER),
        ({"name": "Hans\x1b"}, Problem.CHARACTER),
        ({"patient_id": "0000"}, Problem.SHARED_ID),
        ({"patient_id": "TEST"}, Problem.SHARED_ID),
        ({"patient_id": "12345"}, Problem.SHARED_ID),
        ({"name": "Baby of Ute"}, Problem.SHARED_ID),
        ({"sex": "male?"}, Problem.BAD_SEX),
        ({"date_shift_days": "0"}, Problem.BAD_SHIFT),
        ({"date_shift_days": "12"}, Problem.BAD_SHIFT),
        ({"date_shift_days": "-3651"}, Problem.BAD_SHIFT),
        ({"date_shift_days": "-1.5"}, Problem.BAD_SHIFT),
        ({"date_shift_days": "-٣"}, Problem.BAD_SHIFT),
    ],
)
def test_what_speaks_against_a_row(cells: dict[str, str], problem: Problem) -> None:
    assert listed(**cells).problem == problem


def test_marks_that_join_letters_may_stand_in_a_name() -> None:
    assert listed(name="\u0645\u06cc\u200c\u062e").problem is None


@pytest.mark.parametrize("shift", ["-1", "-3650"])
def test_the_ends_of_the_date_shift_are_allowed(shift: str) -> None:
    assert listed(date_shift_days=shift).shift_days == int(shift)


def test_a_row_of_another_width_says_nothing() -> None:
    assert listed_patient(Row(9, None), TODAY).problem == Problem.CELLS


def test_a_cell_is_text_and_a_guard_against_formulas_is_taken_off() -> None:
    patient = listed(patient_id="=1+1", name="'=Zwirbelmayr")
    assert patient.identity.patient_id == "=1+1"
    assert patient.identity.name == "=Zwirbelmayr"


def test_no_problem_quotes_the_row() -> None:
    for problem in Problem:
        assert not any(value in str(problem.label) for value in GOOD.values() if len(value) > 1)
