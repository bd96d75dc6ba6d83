"""What the files of a series share is looked at once, and every file is told of what it holds."""

from collections.abc import Sequence
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pseudonymizer.engine import HeldBack, IdentifierLeft, KnownPerson
from pseudonymizer.engine.elements import EXPLICIT_LITTLE, Dataset, Element
from pseudonymizer.engine.last_look import Learned, last_look, shared_texts
from pseudonymizer.engine.series import Series
from pseudonymizer.engine.sharing import Shared

CHARACTER_SET, INSTANCE, NAME, PATIENT_ID = 0x00080005, 0x00080018, 0x00100010, 0x00100020
COMMENTS, KERNEL, REFERRED = 0x00204000, 0x00181210, 0x00081199
UIDS = (b"1.2.826.0.1.3680043.8.498.1", b"1.2.826.0.1.3680043.8.498.2")
HEBREW, UNICODE = "אברהם".encode("iso8859_8"), "אברהם".encode()
VALUES: dict[tuple[int, bytes], Sequence[bytes]] = {
    (CHARACTER_SET, b"CS"): (b"ISO_IR 100", b"ISO_IR 192", b"\\ISO 2022 IR 87"),
    (INSTANCE, b"UI"): UIDS,
    (NAME, b"PN"): (b"Stein^Eva", b"Li^Anna", b"Gr\xfcn^Udo", b"Gr\xc3\xbcn^Udo"),
    (PATIENT_ID, b"LO"): (b"123456", b"X-77012", b"0"),
    (KERNEL, b"SH"): (b"STANDARD", b"Gr\xc3\xbcn", b"X-77012", b"93 years old"),
    (COMMENTS, b"LT"): (b"seen by Eva Stein", b"Anna Li", b"Gr\xfcn, Udo", b"no. 123456", *UIDS),
}


def element(tag: int, vr: bytes, value: bytes) -> bytes:
    return pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


KEYS = st.sampled_from(list(VALUES))
CHANGES = KEYS.flatmap(lambda key: st.tuples(st.just(key), st.sampled_from(VALUES[key])))


@st.composite
def series_of_headers(draw: st.DrawFn) -> list[bytes]:
    """Return headers, most of which are like the one before but for one value."""
    values = dict(draw(st.lists(CHANGES, max_size=8)))
    headers = []
    for _ in range(8):
        values |= dict(draw(st.lists(CHANGES, max_size=1)))
        ordered = sorted(values.items())
        headers.append(b"".join(element(*key, value) for key, value in ordered))
    return headers


def findings(
    original: Dataset, output: Dataset, learned: Learned | None = None
) -> tuple[object, ...]:
    try:
        last_look(original, output, KnownPerson(), learned=learned)
    except IdentifierLeft as left:
        return left.findings
    except HeldBack as held:
        return (held.code,)
    return ()


def found_in(files: list[bytes]) -> list[tuple[object, ...]]:
    """Return what is found in each of the files, the same as in each alone."""
    series, texts, found = Series(), shared_texts(), []
    for content in files:
        read = series.read(content, 0, EXPLICIT_LITTLE)
        output = {tag: one for tag, one in read.dataset.items() if tag not in (NAME, PATIENT_ID)}
        found.append(findings(read.dataset, output, Learned(read.named, texts)))
        assert found[-1] == findings(read.dataset, output)
    return found


@given(series_of_headers())
def test_a_file_among_others_is_held_for_the_same_as_alone(files: list[bytes]):
    found_in(files)


@pytest.mark.parametrize(
    ("before", "after", "comments"),
    [
        ((b"ISO_IR 100", b"Li^Anna"), (b"ISO_IR 100", b"Stein^Eva"), b"seen by Eva Stein"),
        ((b"ISO_IR 100", HEBREW), (b"ISO_IR 138", HEBREW), UNICODE),
        ((b"ISO_IR 100", UNICODE), (b"ISO_IR 138", UNICODE), HEBREW),
    ],
)
def test_a_name_or_a_character_set_that_is_new_is_looked_for_in_what_is_known(
    before: tuple[bytes, bytes], after: tuple[bytes, bytes], comments: bytes
):
    def header(terms: bytes, name: bytes) -> bytes:
        values = ((CHARACTER_SET, b"CS", terms), (NAME, b"PN", name), (COMMENTS, b"LT", comments))
        return b"".join(element(*one) for one in values)

    files = 2 * [*4 * [header(*before)], *2 * [header(*after)]]
    assert [bool(one) for one in found_in(files)] == 2 * [*4 * [False], *2 * [True]]


def test_what_two_files_have_in_common_is_learned_once():
    learned: list[set[int]] = []

    def learn(dataset: Dataset, _terms: tuple[str, ...]) -> set[int]:
        learned.append(set(dataset))
        return set(dataset)

    shared = Shared(learn)
    same = {tag: Element(tag, "LO", b"same") for tag in (REFERRED, COMMENTS)}
    for number in range(4):
        own = Element(KERNEL, "SH", str(number).encode())
        parts = shared.part({**same, KERNEL: own})
        assert set.union(*parts) == {*same, KERNEL}
    assert learned.count(set(same)) == 1
    assert shared.part({REFERRED: same[REFERRED]}) == ({REFERRED}, set())  # one of them is gone
