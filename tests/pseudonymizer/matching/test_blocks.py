"""Entries of one person share enough keys however two fields differ; no key is a name alone."""

import pytest

from pseudonymizer.matching.blocks import STRONG, BlockKind, block_keys
from tests.pseudonymizer.matching.people import person

FIELDS = {
    "ID": ("patient_id", ["", "B-23"]),
    "birth date": ("birth_date", ["19560229", "19561202", "19650228", "1956"]),
    "family name": ("name", ["Zwirbelmaier^Hans", "Swirbelmayr^Hans", "Quast^Hans"]),
    "given name": ("name", ["Zwirbelmayr^Hanz", "Zwirbelmayr^H", "Zwirbelmayr^Johannes"]),
    "order": ("name", ["Hans^Zwirbelmayr", "Hans Zwirbelmayr"]),
}


@pytest.mark.parametrize("one", FIELDS)
@pytest.mark.parametrize("other", FIELDS)
def test_two_differences_still_share_enough_keys(one: str, other: str) -> None:
    home = block_keys(person())
    (first, ones), (second, others) = FIELDS[one], FIELDS[other]
    for value in ones:
        for other_value in others:
            changed = person(**{first: value, second: other_value})
            shared = [kind for kind, *_ in home & block_keys(changed)]
            assert len(shared) > 1 or set(shared) & STRONG, (value, other_value)


def test_no_key_is_over_a_name_or_a_date_alone() -> None:
    assert block_keys(person(patient_id="", birth_date="")) == frozenset()
    assert block_keys(person(patient_id="", name="")) == frozenset()
    for kind, *parts in block_keys(person()):
        assert kind == BlockKind.ID or len(parts) >= 2


def test_keys_hold_sounds_and_not_names() -> None:
    parts = {part for _, *parts in block_keys(person()) for part in parts}
    assert not parts & {"zwirbelmayr", "hans"}


def test_shared_ids_and_names_make_no_keys() -> None:
    assert block_keys(person(patient_id="TEST", name="ANON", birth_date="")) == frozenset()
