import pytest

from pseudonymizer.engine.vocabulary import clean_text, words


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"MR Kopf Zwirbelmayr", b"MR"),
        (b"t2_tse_axial", b"t2 tse axial"),
        (b"Knie re. 12.03.1956", b"Knie re"),
        (b"KNEE\\Mueller\\left", b"KNEE\\left"),
        (b"Sch\xe4del", b""),  # a letter beyond ASCII belongs to its word
        ("Kopfschädel MR".encode(), b"MR"),
        (b"\x1b$B;3ED\x1b(B CT", b""),  # another character set: no byte of it is a letter
        (b"\x83\x41CT MR", b"MR"),  # a two-byte character ends in an ASCII byte
        (b"4711", b""),
        (b"", b""),
    ],
)
def test_only_listed_words_survive(before: bytes, after: bytes):
    assert clean_text(before) == after


def test_the_list_holds_plain_small_words_and_no_bare_number():
    assert len(words()) > 500
    assert all(word == word.lower() and not word.isdigit() for word in words())
    assert words() >= {"ct", "mr", "t1", "flair", "links", "left", "thorax", "abdomen"}
