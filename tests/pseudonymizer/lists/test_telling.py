"""Pseudonyms that give away whom they stand for."""

import pytest

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.lists.telling import gives_away

HANS = GivenIdentity(patient_id="A-0471108", name="Zwirbelmayr^Hans Li", birth_date="19560228")


@pytest.mark.parametrize(
    "pseudonym",
    [
        "A-0471108",
        "a0471108",
        "P-A471108",
        "P-471108",
        "Zwirbelmayr",
        "P_ZWIRBELMAYR_7",
        "xzwirbelmayrx",
        "HANS01",
        "P-Li-3",
        "P-19560228",
        "P28021956",
        "560228-M",
        "280256.1",
    ],
)
def test_name_id_and_birth_date_are_found(pseudonym: str) -> None:
    assert gives_away(pseudonym, HANS)


@pytest.mark.parametrize(
    "pseudonym", ["HEART-7QF3K0ZB1", "P-0001", "P-119560228", "ALIEN-3", "P-47110", "STUDY_12"]
)
def test_other_pseudonyms_are_not(pseudonym: str) -> None:
    assert not gives_away(pseudonym, HANS)


@pytest.mark.parametrize(
    ("patient_id", "pseudonym", "tells"),
    [
        ("7", "7", True),
        ("007", "7", True),
        ("7", "P-7", False),  # every serial number would
        ("471", "P-471", True),
        ("471", "P-4710", False),
        ("2020-00123", "S-2020-7", False),
        ("Müller01", "mueller01", True),
    ],
)
def test_short_ids_tell_only_as_a_whole(patient_id: str, pseudonym: str, tells: bool) -> None:
    assert gives_away(pseudonym, GivenIdentity(patient_id=patient_id)) is tells
