import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pseudonymizer.engine import is_pseudonym, map_uid, new_pseudonym
from pseudonymizer.engine.identifiers import SYMBOLS, is_public_uid

KEY = b"0123456789abcdef"
OTHER_KEY = b"0123456789abcdeg"


def test_a_pseudonym_has_the_prefix_eight_symbols_and_a_check_character():
    assert re.fullmatch(r"CT-[0-9A-HJKMNP-TV-Z]{9}", new_pseudonym("CT", b"\x00\x01\x02\x03\x04"))


def test_zeros_make_zeros_and_the_check_of_one_is_two():
    # one symbol of value 1 at the last place, weighted by the generator x = 2
    assert new_pseudonym("A", bytes(5)) == "A-000000000"
    assert new_pseudonym("A", b"\0\0\0\0\1") == "A-000000012"


@given(st.binary(min_size=5, max_size=15))
def test_every_new_pseudonym_is_one(random_bytes: bytes):
    assert is_pseudonym(new_pseudonym("P1", random_bytes), "P1")


@given(st.binary(min_size=5, max_size=15), st.data())
def test_one_wrong_symbol_is_noticed(random_bytes: bytes, data: st.DataObject):
    pseudonym = new_pseudonym("P1", random_bytes)
    place = data.draw(st.integers(3, len(pseudonym) - 1))
    wrong = data.draw(st.sampled_from(SYMBOLS.replace(pseudonym[place], "")))
    assert not is_pseudonym(pseudonym[:place] + wrong + pseudonym[place + 1 :], "P1")


@given(st.binary(min_size=5, max_size=15), st.data())
def test_two_symbols_that_changed_places_are_noticed(random_bytes: bytes, data: st.DataObject):
    body = list(new_pseudonym("P1", random_bytes)[3:])
    first, second = data.draw(st.lists(st.integers(0, len(body) - 1), min_size=2, max_size=2))
    if body[first] == body[second]:
        return
    body[first], body[second] = body[second], body[first]
    assert not is_pseudonym("P1-" + "".join(body), "P1")


@pytest.mark.parametrize(
    "text", ["", "P1", "P1-", "P1-0", "P2-000000000", "p1-000000000", "P1-00000000o", "P1-0000000"]
)
def test_other_texts_are_no_pseudonyms(text: str):
    assert not is_pseudonym(text, "P1")


@pytest.mark.parametrize("prefix", ["", "A B", "A^B", "Ä", "A" * 33])
def test_a_prefix_that_dicom_could_misread_is_refused(prefix: str):
    with pytest.raises(ValueError, match="prefix"):
        new_pseudonym(prefix, bytes(5))


def test_too_little_randomness_is_refused():
    with pytest.raises(ValueError, match="random"):
        new_pseudonym("A", bytes(4))


@given(st.from_regex(r"[0-2](\.(0|[1-9][0-9]{0,8})){1,6}", fullmatch=True))
def test_a_mapped_uid_is_a_valid_uid_of_its_own(uid: str):
    mapped = map_uid(uid, KEY)
    assert re.fullmatch(r"2\.25\.[1-9][0-9]{0,38}", mapped)
    assert int(mapped[5:]) < 2**128
    assert mapped != uid
    assert map_uid(uid, KEY) == mapped
    assert map_uid(uid, OTHER_KEY) != mapped


def test_ten_thousand_uids_stay_apart():
    assert len({map_uid(f"1.2.3.{number}", KEY) for number in range(10_000)}) == 10_000


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="key"):
        map_uid("1.2.3", b"short")


def test_listed_classes_and_well_known_frames_of_reference_are_public():
    assert is_public_uid("1.2.840.10008.5.1.4.1.1.2", names_instance=False)
    assert is_public_uid("1.2.840.10008.1.4.1.1", names_instance=True)
    assert is_public_uid("2.16.840.1.113883.6.96", names_instance=False)  # SNOMED CT


def test_an_instance_below_the_dicom_root_is_not_public():
    assert not is_public_uid("1.2.840.10008.5.1.4.1.1.2.4711", names_instance=True)


@pytest.mark.parametrize("uid", ["1.2.840.10008.Mueller", "1.2.840.100080.1", "1.2.3", ""])
def test_what_only_looks_like_a_dicom_uid_is_not_public(uid: str):
    assert not is_public_uid(uid, names_instance=False)
