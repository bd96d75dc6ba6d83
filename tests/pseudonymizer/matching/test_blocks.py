"""Entries of one person share enough keys however two fields differ; no key is a name alone."""

import pytest

from pseudonymizer.matching.blocks import BlockKind, block_keys
from tests.pseudonymizer.matching.people import person

FIELDS = {
    "ID": ("patient_id", ["", "B-23"]),
    "birth date": ("birth_date", ["19560229", "19561202", "19650228", "1956"]),
    "family name": ("name", ["Zwirbelmaier^Hans", "Swirbelmayr^Hans", "Quast^Hans"]),
    "given name": ("name", ["Zwirbelmayr^Hanz", "Zwirbelmayr^H", "Zwirbelmayr^Johannes"]),
    "order": ("name", ["Hans^Zwirbelmayr", "Hans Zwirbelmayr"]),
}

NONE: tuple[set[str], set[str]] = (set(), set())


@pytest.mark.parametrize("one", FIELDS)
@pytest.mark.parametrize("other", FIELDS)
def test_two_differences_still_share_enough_keys(one: str, other: str) -> None:
    home = block_keys(person())
    (first, ones), (second, others) = FIELDS[one], FIELDS[other]
    for value in ones:
        for other_value in others:
            changed = person(**{first: value, second: other_value})
            there = block_keys(changed)
            is_enough = home.strong & there.strong or len(home.weak & there.weak) > 1
            assert is_enough, (value, other_value)


def test_no_key_is_over_a_name_or_a_date_alone() -> None:
    assert block_keys(person(patient_id="", birth_date="")) == NONE
    assert block_keys(person(patient_id="", name="")) == NONE
    for kind, *parts in parts_of_keys():
        assert kind == BlockKind.ID or len(parts) >= 2


def test_keys_hold_sounds_and_not_names() -> None:
    parts = {part for _, *parts in parts_of_keys() for part in parts}
    assert not parts & {"zwirbelmayr", "hans"}


def test_shared_ids_and_names_make_no_keys() -> None:
    assert block_keys(person(patient_id="TEST", name="ANON", birth_date="")) == NONE


def parts_of_keys() -> list[list[str]]:
    keys = block_keys(person())
    assert len(keys.strong) == 4
    assert len(keys.weak) == 4
    return [key.split("\0") for key in keys.strong | keys.weak]
