"""The last look finds inflected names, addresses, telephone numbers, ages and base64."""

import time
from base64 import b64encode

import pytest
from last_looks import (
    EXPLANATION,
    KERNEL,
    LATIN_1,
    NAME,
    PATIENT_ID,
    dataset,
    finding,
    found_in_text,
)

from pseudonymizer.engine.elements import Dataset, Element

ADDRESS, TELEPHONES, AGE = 0x00101040, 0x00102154, 0x00101010


def found_of(tag: int, vr: str, value: str, text: str) -> str:
    """Look for an attribute of the original in a kept text."""
    original = dataset(LATIN_1, Element(tag, vr, value.encode("latin-1")))
    return finding(original, dataset(LATIN_1, Element(KERNEL, "LO", text.encode("latin-1"))))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("Müller^Eva", "Müllers Thorax"), ("Müller^Eva", "MUELLERS"), ("Müller^Eva", "mullers")),
        *(("Quastenflosser^Ute", "Frau Quastenflosser's"), ("Smithson^Joan", "Mrs Smithsons CT")),
        *(("Quast^Georgina", "Georginas Knie"), ("Kowalski^Jan", "Kowalskiego")),
        *(("Kowalski^Jan", "pani Kowalska"), ("Nowak^Jan", "badanie Nowaka")),
        *(("Nowak^Jan", "Nowakowi"), ("Novák^Petr", "Nováková"), ("Petrov^Ivan", "Petrova")),
    ],
)
def test_a_name_is_found_as_it_stands_in_sentences(name: str, text: str):
    original = dataset(Element(0x00080005, "CS", b"ISO_IR 192"), Element(NAME, "PN", name.encode()))
    assert finding(original, dataset(Element(EXPLANATION, "LO", text.encode())))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Martin^Quast", "Martina"),  # another person's
        ("Bone^Quast", "bones"),
        ("Roman^Quast", "romantic"),
        ("Li^May", "Mays"),
    ],
)
def test_other_words_that_begin_like_a_name_are_nobody(name: str, text: str):
    assert not found_in_text(name, text)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("Zwirbelstraße 12, 86150 Augsburg", "Zwirbelstr. 12"),
        ("Zwirbelstraße 12, 86150 Augsburg", "wohnt ZWIRBELSTRASSE 12a"),
        ("Zwirbelstr. 12a, 86150 Augsburg", "Zwirbelstraße 12"),
        ("Zwirbelstraße 12, 86150 Augsburg", "D-86150 Augsburg"),
        ("Kötterer Straße 5^61348 Bad Zwirbel", "Koetterer Str. 5"),
        ("Kötterer Straße 5^61348 Bad Zwirbel", "61348 Bad Zwirbel"),
        ("22 Zwirbel Road, Quastville 94110", "at 22, Zwirbel Rd"),
        ("22 Zwirbel Road, Quastville 94110", "Quastville 94110"),
        ("22 Zwirbel Road, Quastville 94110", "quastville_94110 and zwirbelstr12"),
    ],
)
def test_words_of_the_address_are_found_beside_their_numbers(address: str, text: str):
    assert found_of(ADDRESS, "LO", address, text)


@pytest.mark.parametrize(
    "text",
    [
        *("Klinikum Augsburg", "Augsburg 12", "Zwirbelstr.", "Zwirbelstr. 13", "Zwirbelstr. 123"),
        *("86150", "12", "Zwirbelstr. 1.2", "Augsburg 861503", "12.5 mm Augsburg"),
    ],
)
def test_half_an_address_is_nobody(text: str):
    assert not found_of(ADDRESS, "LO", "Zwirbelstr. 12, 86150 Augsburg", text)
    assert not found_of(ADDRESS, "LO", "Lange Straße 5, 80331 Mark", "lange 5 mm")


def test_an_address_that_the_profile_keeps_may_stand():
    address = Element(ADDRESS, "LO", b"Zwirbelstr. 12")
    text = Element(KERNEL, "LO", b"Zwirbelstr. 12")
    assert finding(dataset(address), dataset(text))
    assert not finding(dataset(address), dataset(text, address))


@pytest.mark.parametrize("number", ["0821/598-1234", "+49 821 598 1234", "0049 (821) 5981234"])
@pytest.mark.parametrize(
    "text",
    ["Tel. 0821 598 12 34", "+49(0)821-5981234", "08215981234", "0821.598.1234, nachts"],
)
def test_a_telephone_number_is_found_in_any_grouping(number: str, text: str):
    assert found_of(TELEPHONES, "SH", number, text)


def test_thousands_of_contacts_in_one_file_end_soon():
    words = " ".join(f"zwirbel {number}" for number in range(10, 5000))
    numbers = "\\".join(f"0821{number}" for number in range(100_000, 100_500))
    original = dataset(
        Element(ADDRESS, "LO", words.encode()), Element(TELEPHONES, "SH", numbers.encode())
    )
    start = time.process_time()
    assert finding(original, dataset(Element(KERNEL, "UT", (words + numbers).encode())))
    assert time.process_time() - start < 5


@pytest.mark.parametrize("text", ["0821 598 12 345", "0821 598 12", "0821 598 1235", "8215 98"])
def test_other_numbers_than_the_telephones_are_not_found(text: str):
    assert not found_of(TELEPHONES, "SH", "0821/598-1234", text)


def test_each_of_several_telephone_numbers_is_found_and_short_ones_as_ids():
    assert found_of(TELEPHONES, "SH", "0821/598-1234\\0171 4711 892", "mobil 01714711892")
    assert found_of(TELEPHONES, "SH", "71189", "Haus 71189")
    assert not found_of(TELEPHONES, "SH", "7118", "Haus 7118")


@pytest.mark.parametrize(
    "text",
    [
        *("93 y/o male", "a 93-year-old", "93 year old", "101 years old", "93yo", "93 y.o."),
        *("93jähriger Patient", "93-jaehrige", "94 Jahre alt", "90 yrs old", "93 years of age"),
    ],
)
def test_an_age_of_90_and_more_is_found(text: str):
    assert finding({}, dataset(LATIN_1, Element(EXPLANATION, "LO", text.encode("latin-1"))))


@pytest.mark.parametrize(
    "text",
    [
        *("89-year-old", "9 year old", "1993 years old", "90Y SIRT", "T1 93", "5-93 years"),
        *("93 yoghurt", "0.93 y/o", "130 years old", "93 years", "myocard 93"),
    ],
)
def test_other_numbers_are_no_ages(text: str):
    assert not finding({}, dataset(Element(EXPLANATION, "LO", text.encode())))


def test_another_age_may_stand_where_the_patients_own_stays():
    text = Element(EXPLANATION, "LO", b"grandmother, 93 years old")

    def looked(age: bytes, kept: Dataset) -> str:
        return finding(dataset(Element(AGE, "AS", age)), dataset(text) | kept)

    assert not looked(b"045Y", dataset(Element(AGE, "AS", b"045Y")))
    assert looked(b"093Y", dataset(Element(AGE, "AS", b"090Y")))
    assert looked(b"093Y", {})


def test_the_age_of_the_study_that_a_file_joins_is_no_permission():
    text, age = Element(EXPLANATION, "LO", b"93 years old"), Element(AGE, "AS", b"090Y")
    assert finding(dataset(), dataset(text, age)) == "93 years old"


@pytest.mark.parametrize(
    "secret", ["Quastenflosser^Ute", "quastenflosser", "Frau Quästle", "P-4711892"]
)
@pytest.mark.parametrize("encoding", ["latin-1", "utf-8"])
@pytest.mark.parametrize("padding", ["", "="])
def test_names_and_ids_are_found_in_base64(secret: str, encoding: str, padding: str):
    original = dataset(
        LATIN_1,
        Element(NAME, "PN", "Quastenflosser^Ute=Quästle".encode("latin-1")),
        Element(PATIENT_ID, "LO", b"P-4711892"),
    )
    code = b64encode(secret.encode(encoding)).decode().rstrip("=") + padding
    held = finding(original, dataset(Element(KERNEL, "LT", f"id={code}; axial".encode())))
    assert held == code.rstrip("=").lower()


def test_base64_of_something_else_is_nobody():
    original = dataset(Element(NAME, "PN", b"Li^May"), Element(PATIENT_ID, "LO", b"4711892"))
    for secret in (b"Quastenflosser^Ute", b"May Li, abdomen", b"14711892", bytes(range(30))):
        assert not finding(original, dataset(Element(KERNEL, "LT", b64encode(secret))))
