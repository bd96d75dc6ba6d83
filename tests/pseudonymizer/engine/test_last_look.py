"""The last look finds numbers and dates as people write them, and tells what it found and where."""

import pickle
from pathlib import Path

import pytest
from last_looks import (
    BIRTH_DATE,
    EXPLANATION,
    KERNEL,
    LATIN_1,
    NAME,
    PATIENT_ID,
    REFERRING,
    dataset,
    finding,
)
from pydicom.dataset import Dataset as PydicomDataset

from pseudonymizer.engine import Context, HeldBack, IdentifierLeft, KnownPerson, pseudonymize_file
from pseudonymizer.engine.elements import Element
from pseudonymizer.engine.last_look import last_look

COMMENT = 0x00204000


@pytest.mark.parametrize(
    ("patient_id", "text"),
    [
        *(("4711892", "Fall 4711892b"), ("0004711892", "x4711892"), ("4711892", "0004711892")),
        *(("47-11-892", "4711892"), ("AB12345", "ref:9ab12345"), ("12346", "no 12346.")),
        *(("PAT-0012345", "pat 0012345"), ("PAT 0012345", "PAT_12345"), ("PAT12345", "pat: 12345")),
        *(("4711892", "4711892"), ("471-1892", "471 1892"), ("ACC998877", "No. 0998877")),
    ],
)
def test_an_id_is_found_where_no_other_digit_touches_it(patient_id: str, text: str):
    original = dataset(Element(PATIENT_ID, "LO", patient_id.encode()))
    assert finding(original, dataset(Element(KERNEL, "SH", text.encode())))


@pytest.mark.parametrize(
    ("patient_id", "text"),
    [
        *(("4711892", "47118921"), ("4711892", "14711892"), ("4711", "4711"), ("00000", "00000")),
        *(("12345", "12345"), ("TEST1", "test1"), ("patient", "patient")),
        *(("ACC98877", "98877"), ("ACC998877", "9988771"), ("A-00012", "a12"), ("12-0034", "1234")),
    ],
)
def test_other_numbers_short_ids_and_placeholders_are_not_found(patient_id: str, text: str):
    original = dataset(Element(PATIENT_ID, "LO", patient_id.encode()))
    assert not finding(original, dataset(Element(KERNEL, "SH", text.encode())))


def test_a_number_is_an_id_only_as_a_whole_of_six_digits():
    original = dataset(Element(PATIENT_ID, "LO", b"471189"))
    assert finding(original, dataset(Element(0x00181151, "IS", b"3\\471189 ")))
    assert not finding(original, dataset(Element(0x00181151, "DS", b"0.471189")))
    short = dataset(Element(PATIENT_ID, "LO", b"20000"))
    assert not finding(short, dataset(Element(0x00181151, "IS", b"20000 ")))


@pytest.mark.parametrize(
    "text",
    [
        "geb. 03.02.1956",
        "*3.2.1956",
        "1956-02-03",
        "b19560203",
        "02/03/1956",
        "03021956",
        "*03.02.56",
        *(
            "3 FEB 1956",
            "03-Feb-1956",
            "03FEB1956",
            "03-feb-56",
            "Feb 3rd, 1956",
            "1956 February 3",
        ),
        *("3. Februar 1956", "03 02 1956", "3. 2. 1956", "1956.2.3", "3.2.56", "02031956"),
    ],
)
def test_a_birth_date_is_found_in_usual_spellings(text: str):
    original = dataset(Element(BIRTH_DATE, "DA", b"19560203"))
    assert finding(original, dataset(Element(KERNEL, "SH", text.encode())))
    assert not finding(original, dataset(Element(KERNEL, "SH", (text + "1").encode())))


def test_a_placeholder_of_a_birth_date_is_not_searched():
    original = dataset(Element(BIRTH_DATE, "DA", b"19000101"))
    assert not finding(original, dataset(Element(KERNEL, "SH", b"19000101")))


def test_staff_removed_elsewhere_is_found_and_staff_that_is_kept_is_not():
    original = dataset(Element(REFERRING, "PN", b"Quastenflosser^Ute"))
    text = Element(KERNEL, "SH", b"QUASTENFLOSSER")
    assert finding(original, dataset(text))
    assert not finding(original, dataset(text, original[REFERRING]))


def test_an_accession_number_that_the_profile_keeps_may_stand():
    original = dataset(Element(0x00080050, "SH", b"ACC-471189"))
    assert finding(original, dataset(Element(KERNEL, "SH", b"ACC-471189")))
    assert not finding(original, dict(original))


def test_what_the_registry_knows_is_found():
    known = KnownPerson(("Zwirbelmayr^Hans",), ("PAT-77123",), ("19560203",))
    for text in (b"zwirbelmayr", b"pat77123", b"3.2.1956"):
        assert finding({}, dataset(Element(KERNEL, "SH", text)), known)


def test_our_own_values_are_not_searched():
    original = dataset(Element(NAME, "PN", b"Herzstudie^Eva"))
    own = [Element(tag, "LO", b"herzstudie") for tag in (NAME, PATIENT_ID, 0x00120020)]
    assert not finding(original, dataset(*own))


@pytest.mark.parametrize(
    ("charset", "name", "encoding", "other"),
    [
        ("\\ISO 2022 IR 87", "山田^太郎", "iso2022_jp", "utf-8"),
        ("\\ISO 2022 IR 87", "山田^太郎", "iso2022_jp", "iso2022_jp"),
        ("ISO_IR 192", "Ζωγράφου^Ελένη", "utf-8", "utf-8"),
        ("ISO_IR 144", "Люкceмбypг^Роза", "iso8859_5", "utf-8"),
        ("GB18030", "王^小东", "gb18030", "utf-8"),
    ],
)
def test_names_in_other_scripts_are_found(charset: str, name: str, encoding: str, other: str):
    terms = Element(0x00080005, "CS", charset.encode())
    original = dataset(terms, Element(NAME, "PN", name.encode(encoding)))
    text = f"患者{name.replace('^', '')}" if name[0] > "ΐ" and name[0] in "山王" else name.upper()
    assert finding(original, dataset(terms, Element(EXPLANATION, "LO", text.encode(other))))


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-16-be"])
def test_long_values_are_searched_in_a_moment(encoding: str):
    original = dataset(LATIN_1, Element(NAME, "PN", "Müllenschläger^Eva".encode("latin-1")))
    noise = bytes(range(256)) * 4000
    value = noise + " MÜLLENSCHLÄGER ".encode(encoding) + noise
    assert finding(original, dataset(LATIN_1, Element(EXPLANATION, "UN", value)))
    assert not finding(original, dataset(LATIN_1, Element(EXPLANATION, "UN", noise)))


def test_a_file_that_names_thousands_is_held_at_once():
    names = (Element(REFERRING, "PN", f"Zwirbelmayr^{n}".encode()) for n in range(5000))
    items = Element(0x00401101, "SQ", items=[dataset(name) for name in names])
    with pytest.raises(HeldBack) as caught:
        last_look(dataset(items), {}, KnownPerson())
    assert caught.value.code == "many-identifiers"


def test_compressed_frames_inside_a_sequence_are_held():
    frames = Element(0x7FE00010, "OB", b"\xfe\xff\0\xe0\0\0\0\0", is_encapsulated=True)
    with pytest.raises(HeldBack) as caught:
        last_look({}, dataset(Element(0x00283000, "SQ", items=[dataset(frames)])), KnownPerson())
    assert caught.value.code == "nested-frames"


def test_the_path_names_every_sequence_and_the_sentence_no_value():
    inner = Element(EXPLANATION, "LO", b"Zwirbelmayr")
    nested = Element(0x00283000, "SQ", items=[{}, dataset(inner)])
    outer = Element(0x00283010, "SQ", items=[dataset(nested)])
    with pytest.raises(IdentifierLeft) as caught:
        last_look(dataset(Element(NAME, "PN", b"Zwirbelmayr^Hans")), dataset(outer), KnownPerson())
    assert caught.value.findings[0].place == "(0028,3010) [1] (0028,3000) [2] (0028,1055)"
    assert "(0028,1055)" in str(caught.value)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301
    assert copy.findings == caught.value.findings
    for shown in (str(copy), repr(copy), repr(copy.findings)):
        assert "zwirbelmayr" not in shown.lower()


def test_every_finding_of_a_file_is_told_at_once():
    original = dataset(Element(NAME, "PN", b"Zwirbelmayr^Hans^Xaver"))
    output = dataset(
        Element(EXPLANATION, "LO", b"Zwirbelmayr, zwirbelmayr, Xaver"),
        Element(COMMENT, "LT", b"wie bei Zwirbelmayr"),
        Element(KERNEL, "SH", b"B30f"),
    )
    with pytest.raises(IdentifierLeft) as caught:
        last_look(original, output, KnownPerson())
    assert [(found.path, found.text) for found in caught.value.findings] == [
        ((COMMENT,), "zwirbelmayr"),
        ((EXPLANATION,), "zwirbelmayr"),
        ((EXPLANATION,), "xaver"),
    ]
    assert "(0028,1055)" in str(caught.value)
    assert "(0020,4000)" in str(caught.value)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("wie bei Zwirbelmayr ", "wie bei Zwirbelmayr"),
        ("für Zwirbelmayr", "für Zwirbelmayr"),
        ("vor " * 50 + "Zwirbelmayr" + " nach" * 50, "vor " * 15 + "Zwirbelmayr" + " nach" * 21),
    ],
)
def test_a_finding_shows_the_value_that_it_stands_in(value: str, shown: str):
    original = dataset(LATIN_1, Element(NAME, "PN", b"Zwirbelmayr^Hans"))
    text = Element(COMMENT, "LT", value.encode("latin-1"))
    with pytest.raises(IdentifierLeft) as caught:
        last_look(original, dataset(LATIN_1, text), KnownPerson())
    assert caught.value.findings[0].value.startswith(shown)
    assert len(caught.value.findings[0].value) <= 180


def test_a_file_of_many_findings_tells_twenty_in_a_short_sentence():
    original = dataset(Element(NAME, "PN", b"Zwirbelmayr^Hans"))
    texts = [Element(COMMENT + number, "LT", b"Zwirbelmayr") for number in range(50)]
    with pytest.raises(IdentifierLeft) as caught:
        last_look(original, dataset(*texts), KnownPerson())
    assert len(caught.value.findings) == 20
    assert len(str(caught.value)) < 200


def test_a_false_alarm_covers_this_value_at_any_place_and_no_other():
    original = dataset(Element(NAME, "PN", b"Zwirbelmayr^Xaver"))
    output = dataset(
        Element(EXPLANATION, "LO", b"Zwirbelmayr"), Element(COMMENT, "LT", b"ZWIRBELMAYR")
    )
    last_look(original, output, KnownPerson(), false_alarms=frozenset({"zwirbelmayr"}))
    output[KERNEL] = Element(KERNEL, "SH", b"Zwirbelmayr Xaver")
    with pytest.raises(IdentifierLeft) as caught:
        last_look(original, output, KnownPerson(), false_alarms=frozenset({"zwirbelmayr"}))
    assert [found.text for found in caught.value.findings] == ["xaver"]


def test_a_file_is_held_and_nothing_is_written(
    ct: PydicomDataset, write_file, target: Path, context: Context
):
    ct.PatientName, ct.WindowCenterWidthExplanation = "Zwirbelmayr^Hans", "wie bei Zwirbelmayr"
    with pytest.raises(IdentifierLeft) as caught:
        pseudonymize_file(write_file(ct), target, context)
    assert caught.value.code == "identifier-left"
    assert str(caught.value) == (
        "A name or number of the patient or staff is left in "
        "Window Center & Width Explanation (0028,1055)."
    )
    assert list(target.iterdir()) == []
