"""Who is the same beyond doubt, who may be, and who is somebody else."""

import pytest

from pseudonymizer.matching.comparison import compare
from pseudonymizer.matching.weights import score
from pseudonymizer.matching.zones import Zone, zone_of
from tests.pseudonymizer.matching.people import person

ANNA = {"name": "Quast^Anna", "sex": "F"}


def zone(one: dict[str, str], other: dict[str, str]) -> Zone:
    there, back = compare(person(**one), person(**other)), compare(person(**other), person(**one))
    assert zone_of(there, score(there)) == zone_of(back, score(back))
    return zone_of(there, score(there))


@pytest.mark.parametrize(
    "again",
    [
        {},
        {"name": "ZWIRBELMAYR^HANS"},
        {"name": "Zwirbelmaier^Hans"},
        {"name": "Hans^Zwirbelmayr"},
        {"name": "Zwirbelmayr-Quast^Hans"},
        {"name": "Zwirbelmayr^Hans Peter"},
        {"patient_id": "A-00471108"},
        {"issuer": ""},
        {"issuer": "", "name": "Zwirbelmaier^Hans"},
        {"sex": ""},
    ],
)
def test_same(again: dict[str, str]) -> None:
    assert zone({}, again) == Zone.SAME


@pytest.mark.parametrize(
    "maybe",
    [
        pytest.param({"name": "Zwirbelmayr^Heinz"}, id="twin under one ID"),
        pytest.param({"name": "Quast^Hans"}, id="name changed"),
        pytest.param({"name": "Quast^Hans", "patient_id": ""}, id="name changed, no ID"),
        pytest.param({"birth_date": "19560229"}, id="day slip"),
        pytest.param({"birth_date": "19860228"}, id="year slip, or father and son"),
        pytest.param({"birth_date": "1956"}, id="year alone"),
        pytest.param({"birth_date": ""}, id="no birth date"),
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"name": "Zwirbelmayr^H"}, id="initial"),
        pytest.param({"sex": "F"}, id="other sex"),
        pytest.param({"patient_id": "B-23"}, id="another ID"),
        pytest.param({"patient_id": "B-23", "name": "Zwirbelmaier^Hans"}, id="ID and spelling"),
        pytest.param({"patient_id": "A-471109", "birth_date": "19560229"}, id="slips in both"),
        pytest.param({"patient_id": "", "birth_date": "19560229"}, id="no ID, day slip"),
        pytest.param({"patient_id": "", "birth_date": "19650228"}, id="no ID, year slip"),
        pytest.param({"name": "Zwirbelmayr^Hans^^^Jr"}, id="one is junior"),
        pytest.param({"patient_id": "A-47l1O8"}, id="look-alikes"),
        pytest.param({"name": "Baby Boy^Zwirbelmayr"}, id="newborn of that day and ID"),
    ],
)
def test_possible(maybe: dict[str, str]) -> None:
    senior = {"name": "Zwirbelmayr^Hans^^^Sr"} if "Jr" in maybe.get("name", "") else {}
    assert zone(senior, maybe) == Zone.POSSIBLE


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            ANNA, {"name": "Quast^Berta", "sex": "F", "patient_id": "A-471109"}, id="twins"
        ),
        pytest.param({}, {"birth_date": "19830711", "patient_id": "B-23"}, id="father and son"),
        pytest.param(
            {}, {"name": "Quast^Ute", "birth_date": "19830711", "sex": "F"}, id="reused ID"
        ),
        pytest.param(
            ANNA, {"name": "Baby of Quast^Anna", "birth_date": "20240105"}, id="mother, newborn"
        ),
        pytest.param({}, {"patient_id": "", "birth_date": ""}, id="name alone"),
        pytest.param({}, {"patient_id": "", "name": ""}, id="birth date alone"),
        pytest.param(
            {"patient_id": "17"},
            {"patient_id": "17", "issuer": "", "name": "", "birth_date": ""},
            id="short ID alone",
        ),
        pytest.param(
            {"name": "SUBJ001", "patient_id": "P-001"},
            {"name": "SUBJ002", "patient_id": "P-002"},
            id="codes for names, one birth date for all",
        ),
    ],
)
def test_new(one: dict[str, str], other: dict[str, str]) -> None:
    assert zone(one, other) == Zone.NEW
