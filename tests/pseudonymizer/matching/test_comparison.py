"""How far two persons agree, field by field."""

import pytest

from pseudonymizer.matching.agreement import NameLevel
from pseudonymizer.matching.comparison import compare
from pseudonymizer.matching.ids import IdLevel
from tests.pseudonymizer.matching.people import person


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ({}, {}, IdLevel.QUALIFIED),
        ({"patient_id": "00471108"}, {"patient_id": "471108"}, IdLevel.PADDED),
        ({"patient_id": "A-471108"}, {"patient_id": "a471108"}, IdLevel.PADDED),
        ({}, {"issuer": ""}, IdLevel.LONG),
        ({"patient_id": "4711"}, {"patient_id": "4711", "issuer": ""}, IdLevel.SHORT),
        ({}, {"issuer": "OTHER"}, IdLevel.SHORT),
        ({}, {"patient_id": "A-417108"}, IdLevel.NEAR),
        ({"patient_id": "AO4711"}, {"patient_id": "A04711"}, IdLevel.LOOK_ALIKE),
        ({}, {"patient_id": "A-471109"}, IdLevel.NEAR),
        ({}, {"patient_id": "B-23"}, IdLevel.DIFFERENT),
        ({}, {"patient_id": "B-23", "issuer": ""}, IdLevel.UNRELATED),
        ({}, {"patient_id": "B-23", "issuer": "OTHER"}, IdLevel.MISSING),
        ({}, {"patient_id": "0000"}, IdLevel.MISSING),
        ({}, {"patient_id": "TEST"}, IdLevel.MISSING),
    ],
)
def test_ids_agree_so_far(one: dict, other: dict, level: IdLevel) -> None:
    assert compare(person(**one), person(**other)).patient_id == level


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Müller", "MUELLER", NameLevel.EQUAL),
        ("Müller-Quast", "Quast Müller", NameLevel.EQUAL),
        ("van den Berg", "Berg", NameLevel.EQUAL),
        ("Müller", "Muller", NameLevel.VARIANT),
        ("Zwirbelmayr", "Zwirbelmeier", NameLevel.VARIANT),
        ("Kowalczyk", "Kowalcyzk", NameLevel.VARIANT),
        ("Yilmaz", "Yılmaz", NameLevel.EQUAL),
        ("Müller", "Müller-Quast", NameLevel.PART),
        ("Nguyen", "Nguyễn", NameLevel.EQUAL),
        ("Lang", "Long", NameLevel.VARIANT),
        ("Li", "Lu", NameLevel.SIMILAR),
        ("Quast", "Müller", NameLevel.DIFFERENT),
        ("SUBJ0012", "SUBJ0013", NameLevel.DIFFERENT),  # codes: neighbors are not one
    ],
)
def test_family_names_agree_so_far(one: str, other: str, level: NameLevel) -> None:
    found = compare(person(name=f"{one}^Ute"), person(name=f"{other}^Ute"))
    assert (found.family, found.given) == (level, NameLevel.EQUAL)


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        ("Jürgen", "Juergen", NameLevel.EQUAL),
        ("Hans-Peter", "Hanspeter", NameLevel.EQUAL),
        ("Anna Maria", "Anna", NameLevel.PART),
        ("Anna Maria", "Anna M", NameLevel.PART),
        ("Kathrin", "Katrin", NameLevel.VARIANT),
        ("Wolfgang", "Wolfgnag", NameLevel.VARIANT),
        ("Johannes", "J", NameLevel.INITIAL),
        ("Johannes", "K", NameLevel.DIFFERENT),
        # Two names that both exist are two people, twins above all.
        ("Anna", "Anne", NameLevel.SIMILAR),
        ("Christian", "Christina", NameLevel.SIMILAR),
        ("Martin", "Marvin", NameLevel.SIMILAR),
        ("Jamal", "Jamil", NameLevel.SIMILAR),
        ("Serkan", "Serhan", NameLevel.SIMILAR),
        ("Anna Maria", "Anna Sophie", NameLevel.SIMILAR),
        ("Jan", "Jon", NameLevel.SIMILAR),
        ("Hans", "Ute", NameLevel.DIFFERENT),
    ],
)
def test_given_names_agree_so_far(one: str, other: str, level: NameLevel) -> None:
    found = compare(person(name=f"Quast^{one}"), person(name=f"Quast^{other}"))
    assert (found.family, found.given) == (NameLevel.EQUAL, level)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Quast^Ute", "Ute^Quast"),
        ("Quast^Ute", "Ute Quast"),
        ("Quast^Ute Maria", "Quast Ute Maria"),
    ],
)
def test_names_that_are_changed_over_agree(one: str, other: str) -> None:
    found = compare(person(name=one), person(name=other))
    assert found.family == found.given == NameLevel.EQUAL


def test_any_group_of_a_name_may_agree() -> None:
    found = compare(person(name="Yamada^Tarou=山田^太郎"), person(name="=山田^太郎"))
    assert found.family == found.given == NameLevel.EQUAL
