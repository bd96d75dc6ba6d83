"""Which spellings mean one patient, and which IDs mean nobody."""

from dataclasses import replace

import pytest

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.matching.exact import plain_date, plain_identity, plain_name


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Müller^Jürgen", "MUELLER^JUERGEN"),
        ("Mu\u0308ller^Ju\u0308rgen", "Müller^Jürgen"),  # decomposed and composed letters
        ("MUELLER^HANS^^Dr", "Mueller^Hans"),
        ("Mueller^Hans^Peter", "Mueller^Hans Peter"),
        ("Müller-Lüdenscheidt^Anna", "Mueller Luedenscheidt^Anna"),
        ("Groß^Eva", "Gross^Eva"),
        ("Łukasz^Zoë", "Lukasz^Zoe"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada^Tarou"),
        ("=山田^太郎", "山田^太郎"),
        ("Mueller, Hans", "Mueller^Hans"),
        (" Mueller^Hans ", "Mueller^Hans"),
    ],
)
def test_spellings_of_one_name_are_one(written: str, meant: str) -> None:
    assert plain_name(written) == plain_name(meant)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mueller^Hans", "Mueller^Heinz"),
        ("Mueller^Hans", "Miller^Hans"),
        ("Hans^Peter", "Hansp^Eter"),
        ("Bauer^Eva", "Baur^Eva"),
        ("Mueller^Hans", "Mueller"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert plain_name(one) != plain_name(other)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("19560231", "19560231"),  # impossible, but equal to itself
        ("1956.02.28", "19560228"),
        ("1956-02-28", "19560228"),
        ("19000101", ""),
        ("00000000", ""),
        ("1956", ""),
        ("", ""),
    ],
)
def test_dates_have_one_spelling_and_placeholders_none(written: str, plain: str) -> None:
    assert plain_date(written) == plain


@pytest.mark.parametrize(
    "patient_id",
    [
        "",
        " ",
        "0",
        "0000",
        "000-00-0000",
        "9999",
        "xxx",
        "TEST",
        "test1",
        "Anon",
        "ANONYMOUS",
        "UNKNOWN",
        "unbekannt",
        "12345",
        "123456789",
        "987654",
        "Patient",
        "N/A",
        "phantom",
    ],
)
def test_an_id_that_many_share_recognizes_nobody(patient_id: str) -> None:
    identity = GivenIdentity(patient_id=patient_id, name="Mueller^Hans", birth_date="19560228")
    assert not plain_identity(identity).is_person


@pytest.mark.parametrize("patient_id", ["7", "4711", "A-100", "PAT00017", "1CT1", "112233"])
def test_an_ordinary_id_with_a_name_recognizes_one_person(patient_id: str) -> None:
    assert plain_identity(GivenIdentity(patient_id=patient_id, name="Mueller^Hans")).is_person


@pytest.mark.parametrize(
    "name",
    [
        *(
            "PHANTOM^ACR",
            "ACR Phantom",
            "Phant^1",
            "DOE^JOHN",
            "Baby of^Mueller",
            "BABYBOY^Mueller",
        ),
        *("Mueller^Baby Girl", "Mueller^Baby", "Baby", "Neugeborenes^Mueller"),
    ],
)
def test_phantoms_and_unnamed_newborns_recognize_nobody(name: str) -> None:
    identity = GivenIdentity(patient_id="4711", name=name, birth_date="20200103")
    assert not plain_identity(identity).is_person


@pytest.mark.parametrize(
    "name", ["", "^", "ANONYMOUS", "Unknown^", "Test^Test", "Anonymous^Patient"]
)
def test_an_id_alone_recognizes_nobody_outside_its_study(name: str) -> None:
    assert not plain_identity(GivenIdentity(patient_id="4711", name=name)).is_person


@pytest.mark.parametrize(("patient_id", "name"), [("7", "7"), ("S-01", "s01"), ("12", "^12")])
def test_a_short_number_that_is_the_name_too_is_a_number_alone(patient_id: str, name: str) -> None:
    alone = GivenIdentity(patient_id=patient_id, name=name)
    assert not plain_identity(alone).is_person
    assert plain_identity(replace(alone, issuer="SITE A")).is_person
    assert plain_identity(replace(alone, birth_date="19560228")).is_person
    assert plain_identity(replace(alone, patient_id="LUNG-0001", name="LUNG-0001")).is_person


@pytest.mark.parametrize("name", ["Phan^Thanh", "Doerner^John", "Babycz^Ofelia", "Marjan^Edoe"])
def test_names_that_only_look_like_nobodys_recognize_a_person(name: str) -> None:
    assert plain_identity(GivenIdentity(patient_id="4711", name=name)).is_person
