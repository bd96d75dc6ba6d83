"""What is taken over from an identity, and what of a hostile one is not."""

import re

import pytest

from pseudonymizer.matching.blocks import block_keys
from pseudonymizer.matching.comparison import compare
from pseudonymizer.matching.people import person_of
from tests.pseudonymizer.matching.people import Someone, person


@pytest.mark.parametrize("name", ["PHANTOM^ACR", "Doe^John", "phant 3"])
def test_a_phantom_is_no_person(name: str) -> None:
    assert person_of(Someone(name=name)) is None


@pytest.mark.parametrize("name", ["Test^Test", "ANONYMOUS^PATIENT", "Unknown"])
def test_words_that_stand_for_nobody_are_no_name(name: str) -> None:
    assert person(name=name).names == ()


def test_a_newborn_without_a_name_has_none_of_its_mothers() -> None:
    newborn = person(name="Baby of Quast^Ute")
    assert (newborn.is_newborn, newborn.names) == (True, ())


def test_a_person_shows_nothing_of_herself_in_a_log_or_a_trace() -> None:
    known = person()
    assert known.patient_id == "a471108"
    for shown in (repr(known), str(known), f"{known}", repr(known.names), str(known.names[0])):
        assert not {"a471108", "zwirbelmayr", "hans", "19560228"} & set(re.split(r"\W+", shown))


def test_shared_ids_are_none() -> None:
    assert person(patient_id="0000").patient_id == ""


@pytest.mark.timeout(5)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x" * 10**6, id="a long word"),
        pytest.param("a b" * 10**6, id="many words"),
        pytest.param("^=" * 10**6, id="delimiters"),
        pytest.param("\udcff\ud800\0" * 1000, id="no characters"),
        pytest.param("﷽" * 10**5, id="a letter that unfolds"),
        pytest.param("a\u0301" * 10**5, id="marks"),
    ],
)
def test_a_hostile_identity_is_compared_in_no_time(text: str) -> None:
    hostile = person(name=f"Q{text}", patient_id=f"Q{text}", birth_date=text[:50])
    assert len(block_keys(hostile)) < 50
    compare(hostile, person(name=f"P{text}", patient_id=f"P{text}"))
