"""Two records side by side: what a steward is told about each field."""

from dataclasses import replace

import pytest

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.matches.pairs import FieldPair, Grade, Piece, field_pairs

HANS = GivenIdentity(
    patient_id="A-471108",
    issuer="CLINIC",
    name="Zwirbelmayr^Hans",
    birth_date="19560228",
    sex="M",
)


def pair(label: str, **other: str) -> FieldPair:
    return next(one for one in field_pairs(HANS, replace(HANS, **other)) if one.label == label)


def written(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{one.text}]" if one.is_marked else one.text for one in pieces)


def test_every_field_of_one_person_is_the_same() -> None:
    found = field_pairs(HANS, HANS)
    assert [str(one.label) for one in found] == [
        *("Name", "Patient ID", "Issuer", "Birth date", "Sex"),
    ]
    assert {one.grade for one in found} == {Grade.SAME}
    assert not any(piece.is_marked for one in found for piece in one.first + one.second)


@pytest.mark.parametrize(
    ("label", "other", "grade", "note"),
    [
        ("Name", {"name": "Zwirbelmeyr^Hans"}, Grade.ALIKE, "family name alike, given name same"),
        (
            "Name",
            {"name": "Quastenflosser^Hans"},
            Grade.DIFFERENT,
            "family name different, given name same",
        ),
        ("Name", {"name": "Hans^Zwirbelmayr"}, Grade.SAME, "family and given name changed over"),
        ("Name", {"name": ""}, Grade.UNKNOWN, ""),
        ("Patient ID", {"patient_id": "A-0471108"}, Grade.ALIKE, "but for zeros and separators"),
        ("Patient ID", {"patient_id": "A-471109"}, Grade.ALIKE, "one character apart"),
        ("Patient ID", {"patient_id": "B-9"}, Grade.DIFFERENT, ""),
        ("Birth date", {"birth_date": "19560227"}, Grade.ALIKE, "one slip in day or month"),
        ("Birth date", {"birth_date": "19860228"}, Grade.ALIKE, "one slip in the year"),
        ("Birth date", {"birth_date": "19610105"}, Grade.DIFFERENT, ""),
        ("Sex", {"sex": "F"}, Grade.DIFFERENT, ""),
        ("Issuer", {"issuer": ""}, Grade.UNKNOWN, ""),
        ("Issuer", {"issuer": "clinic"}, Grade.SAME, ""),
    ],
)
def test_differences_are_graded_and_explained(label, other, grade, note) -> None:
    found = pair(label, **other)
    assert found.grade == grade
    assert str(found.note).startswith(note)


def test_the_letters_that_differ_are_marked_on_both_sides() -> None:
    found = pair("Name", name="ZWIRBELMEIER^Hans")
    assert written(found.first) == "Zwirbelm[ay]r^Hans"
    assert written(found.second) == "ZWIRBELM[EIE]R^Hans"


def test_values_that_have_little_in_common_are_marked_whole() -> None:
    found = pair("Name", name="Quastenflosser^Ute")
    assert written(found.first) == "[Zwirbelmayr^Hans]"
    assert written(found.second) == "[Quastenflosser^Ute]"


def test_dates_are_shown_as_people_write_them() -> None:
    found = pair("Birth date", birth_date="19560227")
    assert (written(found.first), written(found.second)) == ("1956-02-2[8]", "1956-02-2[7]")


def test_people_who_cannot_be_compared_are_still_shown() -> None:
    found = field_pairs(replace(HANS, name="Phantom^Lung"), HANS)
    assert [one.grade for one in found] == [
        *(Grade.DIFFERENT, Grade.SAME, Grade.SAME, Grade.SAME, Grade.SAME),
    ]
