"""Names, in every spelling and encoding, and words that name nobody."""

import pytest
from last_looks import (
    EXPLANATION,
    KERNEL,
    NAME,
    dataset,
    finding,
    found_in_text,
)

from pseudonymizer.engine.elements import Element


@pytest.mark.parametrize(
    "text",
    [
        "Müller-Kraxlhuber, Jörg",
        *("MÜLLER", "mueller", "Muller", "Mueller1956", "axial_MUELLER_2", "(müller)", "jörg"),
        *("Joerg", "KRAXLHUBER", "MuellerJoerg", "joergmueller", "J.Kraxlhuber", "jkraxlhuber"),
        *("kraxlhuberj", "MuellerKraxlhuber", "T1 axial\\Dr. Müller"),
    ],
)
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
def test_a_name_is_found_in_every_spelling(text: str, encoding: str):
    assert found_in_text("Müller-Kraxlhuber^Jörg^^Dr.", text, encoding=encoding)


@pytest.mark.parametrize("text", ["Müller", "Mueller", "MULLER"])
@pytest.mark.parametrize("name", ["Müller^Eva", "Mueller^Eva", "MUELLER^EVA"])
def test_umlauts_agree_with_both_of_their_spellings(name: str, text: str):
    assert found_in_text(name, text)


@pytest.mark.parametrize(
    "text",
    [
        *("M%C3%BCller", "m%fcller", "?name=M%C3%BCLLER", "M=C3=BCller", "M=FCller"),
        *(
            "M&uuml;ller",
            "M&#252;ller",
            "M&#xFC;ller",
            r"M\u00fcller",
            "M\u00adüller",
            "Mü\u200bller",
        ),
        "TQD8AGwAbABlAHIA",  # base64 of two bytes a letter
    ],
)
def test_a_name_is_found_where_letters_are_escaped(text: str):
    assert found_in_text("Müller^Eva", text, vr="UT", encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["mullerian duct", "Obermueller", "Jo", "Jorge", "T1 axial", "muell", "J", "Dr. med."]
)
def test_parts_of_words_and_titles_are_nobody(text: str):
    assert not found_in_text("Müller^Jörg^^Dr.", text)


@pytest.mark.parametrize("text", ["Li^May", "LI, MAY", "May Li", "limay", "scan of May X Li"])
def test_weak_words_of_one_name_tell_together(text: str):
    assert found_in_text("Li^May^X", text)


@pytest.mark.parametrize("text", ["Li", "MAY 2026", "May or Li", "hand", "Long axis, May"])
def test_a_weak_word_by_itself_tells_nothing(text: str):
    assert not found_in_text("Li^May", text)
    assert not found_in_text("Hand^Stein", text)
    assert not found_in_text("Long^Male", text)


def test_a_name_of_one_weak_word_tells_where_it_is_the_whole_value():
    assert found_in_text("Stein", "STEIN")
    assert not found_in_text("Stein", "Stein", vr="CS")
    assert not found_in_text("Stein", "Stein links")


@pytest.mark.parametrize(
    ("name", "text", "encoding"),
    [
        *(("Yamada^Tarou=山田^太郎", "山田太郎", encoding) for encoding in ("shift_jis", "euc_jp")),
        *(("Иванов^Иван", "Иванов", encoding) for encoding in ("koi8-r", "cp1251", "iso8859-5")),
        *(("Şahingöz^Ay", "Şahingöz", "iso8859-9"), ("Wąsosz^Ewa", "Wąsosz", "iso8859-2")),
        *(("Παπάς^Νίκος", "Νίκος", "iso8859-7"), ("Wang^Xiao=王^小东", "王小东", "gb18030")),
        ("Hong^Gil=洪^吉洞=홍^길동", "홍길동", "euc_kr"),
    ],
)
def test_a_name_is_found_in_an_encoding_that_the_file_does_not_name(name, text, encoding):
    utf_8 = Element(0x00080005, "CS", b"ISO_IR 192")
    original = dataset(utf_8, Element(NAME, "PN", name.encode()))
    assert finding(original, dataset(utf_8, Element(EXPLANATION, "LO", text.encode(encoding))))


def test_a_part_of_a_name_in_another_encoding_is_nobody():
    """The ü and ß of Latin-1 are one letter of Chinese."""
    assert not found_in_text("Süßmilch^Eva", "Milch")
    assert not found_in_text("Milch^Eva", "Süßmilch")


def test_a_body_part_is_nobody_where_a_file_does_not_say_that_it_is_a_code():
    original = dataset(Element(NAME, "PN", b"MAY_0001"))
    assert finding(original, dataset(Element(KERNEL, "SH", b"MAY")))
    assert not finding(original, dataset(Element(0x00180015, "UN", b"MAY")))


@pytest.mark.parametrize("name", ["Test^Patient", "Phantom", "ANONYMOUS", "Unknown^Unknown"])
def test_placeholders_are_nobody(name: str):
    assert not found_in_text(name, "unknown phantom of a test patient, anonymous")


@pytest.mark.parametrize("name", ["PANCREAS_0001", "Bravo^Juan"])
def test_a_listed_word_of_a_description_is_nobodys_name_alone(name: str) -> None:
    assert not found_in_text(name, name.replace("_", "^").split("^")[0].lower())


def test_a_listed_word_is_a_name_as_a_whole_and_beside_another() -> None:
    assert found_in_text("Bravo", "bravo") == "bravo"
    assert found_in_text("Bravo^Juan", "seen with J. Bravo, Juan") != ""
