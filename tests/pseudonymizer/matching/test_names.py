"""Which words of a person name are family and which are given names."""

import pytest

from pseudonymizer.matching.names import Name, known_given_names, parse_name


@pytest.mark.parametrize(
    ("written", "family", "given"),
    [
        ("Zwirbelmayr^Hans", ("zwirbelmayr",), ("hans",)),
        ("Zwirbelmayr^Hans^Peter^Dr^", ("zwirbelmayr",), ("hans", "peter")),
        ("Müller-Lüdenscheidt^Anna-Lena", ("mueller", "luedenscheidt"), ("anna", "lena")),
        ("von der Leyen^Ursula", ("leyen",), ("ursula",)),
        ("Dr. Quast^Ute", ("quast",), ("ute",)),
        ("Quast, Ute", ("quast",), ("ute",)),
        ("Ute Quast", ("quast",), ("ute",)),
        ("O'Brien^Seán", ("obrien",), ("sean",)),
        ("Le^Van Anh", ("le",), ("van", "anh")),  # the only word, so no particle
        ("Quast", ("quast",), ()),
        ("^Ute", (), ("ute",)),
    ],
)
def test_names_have_parts(written: str, family: tuple, given: tuple) -> None:
    assert parse_name(written) == (Name(family, given),)


def test_every_group_is_a_name_of_its_own() -> None:
    assert parse_name("Yamada^Tarou=山田^太郎") == (
        Name(("yamada",), ("tarou",)),
        Name(("山田",), ("太郎",)),
    )


@pytest.mark.parametrize(
    ("written", "generation"),
    [
        ("Quast^Hans^^^Jr", "jr"),
        ("Quast^Hans^^^sen.", "sr"),
        ("Quast Junior^Hans", "jr"),
        ("Quast^Hans II", "jr"),
        ("Sen^Amartya", ""),
    ],
)
def test_a_generation_is_told_from_the_name(written: str, generation: str) -> None:
    (name,) = parse_name(written)
    assert (name.generation, len(name.family)) == (generation, 1)


@pytest.mark.parametrize("written", ["", "^", "==", "ANONYMOUS^", "Unknown", "Test", "xxx"])
def test_what_names_nobody_is_no_name(written: str) -> None:
    assert parse_name(written) == ()


def test_the_list_of_given_names_is_folded() -> None:
    names = known_given_names()
    assert {"hans", "juergen", "ayse", "thanh"} <= names
    assert all(name.isascii() and name.islower() for name in names)
