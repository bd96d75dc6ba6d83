"""Codes worked out by hand with the table of the method."""

import pytest

from pseudonymizer.matching.phonetics import cologne


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("wikipedia", "3412"),
        ("muellerluedenscheidt", "65752682"),
        ("breschnew", "17863"),
        ("xaver", "4837"),
        ("christian", "47826"),
        ("celine", "856"),
        ("philipp", "351"),
        ("heinz", "068"),
        ("acht", "042"),
        ("hackl", "045"),
        ("tsch", "8"),
        ("a", "0"),
    ],
)
def test_codes_are_those_of_the_method(word: str, code: str) -> None:
    assert cologne(word) == code


@pytest.mark.parametrize(
    ("one", "other"), [("meyer", "maier"), ("schmidt", "schmitt"), ("stephan", "stefan")]
)
def test_names_that_sound_alike_have_one_code(one: str, other: str) -> None:
    assert cologne(one) == cologne(other)


@pytest.mark.parametrize("word", ["山田", "н", "h", "7"])
def test_what_has_no_sound_of_its_own_stands_for_itself(word: str) -> None:
    assert cologne(word) == word
