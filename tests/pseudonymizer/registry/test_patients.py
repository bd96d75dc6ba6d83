"""Who is recognized, who is not, and what the database shows of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pacs_portal.archive.services import Standing
from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.engine import is_pseudonym
from pseudonymizer.models import PatientBlock, PatientState, PossibleMatch, RegistryPatient
from pseudonymizer.registry.patients import (
    current,
    date_shift_of,
    find,
    identity_of,
    resolve,
    standing_of,
    subject_of,
)
from tests.processes import answers_of
from tests.stored import everything_stored

pytestmark = pytest.mark.django_db

HANS = GivenIdentity(
    patient_id="4711",
    issuer="CLINIC",
    name="Zwirbelmayr^Hans",
    birth_date="19560228",
    sex="M",
    study_instance_uid="1.2.3",
)


def pseudonym(project, identity: GivenIdentity) -> str:
    return resolve(project, identity, None).pseudonym


@pytest.mark.parametrize(
    "again",
    [
        HANS,
        replace(HANS, study_instance_uid="1.2.4"),
        replace(HANS, study_instance_uid="1.2.4", name="ZWIRBELMAYR^HANS^^Dr"),
        replace(HANS, study_instance_uid="1.2.4", patient_id=" 4711 ", birth_date="1956.02.28"),
        replace(HANS, study_instance_uid="1.2.4", sex=""),
        replace(HANS, name="", birth_date=""),  # the same ID in the same study
        replace(HANS, name="Zwirbelmeier^H"),
    ],
)
def test_the_same_patient_keeps_one_pseudonym(project, again: GivenIdentity) -> None:
    assert pseudonym(project, HANS) == pseudonym(project, again)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"patient_id": "4712"}, id="another ID"),
        pytest.param({"birth_date": "19560229"}, id="another birth date"),
        pytest.param({"name": "Zwirbelmayr^Heinz"}, id="a twin under a mistyped ID"),
        pytest.param({"name": "Zwirbelmayr^Hans Jr", "birth_date": "19860228"}, id="father, son"),
        pytest.param({"issuer": "OTHER"}, id="another clinic's ID"),
        pytest.param({"name": "", "birth_date": ""}, id="an ID alone"),
        pytest.param({"patient_id": ""}, id="no ID"),
    ],
)
def test_what_disagrees_in_another_study_is_a_new_patient(project, other) -> None:
    other_patient = replace(HANS, study_instance_uid="1.2.5", **other)
    assert pseudonym(project, HANS) != pseudonym(project, other_patient)


@pytest.mark.parametrize("shared", ["", "0000", "TEST", "ANON", "12345"])
def test_shared_ids_are_recognized_within_their_study_only(project, shared: str) -> None:
    nobody = replace(HANS, patient_id=shared)
    assert pseudonym(project, nobody) == pseudonym(project, nobody)
    assert pseudonym(project, nobody) != pseudonym(
        project, replace(nobody, study_instance_uid="1.2.9")
    )
    assert pseudonym(project, nobody) != pseudonym(
        project, replace(nobody, name="Quastenflosser^Ute")
    )


SPELLED = [
    pytest.param({"name": "Zwirbelmaier^Hans"}, id="family name"),
    pytest.param({"name": "Zwirbelmayr^Hnas"}, id="given name"),
    pytest.param({"name": "Hans^Zwirbelmayr"}, id="names changed over"),
    pytest.param({"name": "von Zwirbelmayr^Hans"}, id="particle"),
    pytest.param({"name": "Zwirbelmayr-Quast^Hans"}, id="double name"),
    pytest.param({"name": "Zwirbelmayr^Hans Peter"}, id="second given name"),
    pytest.param({"patient_id": "0004711"}, id="zeros before the ID"),
]


@pytest.mark.parametrize("spelled", SPELLED)
def test_another_spelling_under_a_qualified_id_is_the_same_patient(project, spelled) -> None:
    hans = resolve(project, HANS, None)
    again = replace(HANS, study_instance_uid="1.2.6", **spelled)
    assert resolve(project, again, None) == hans
    assert find(project, replace(again, study_instance_uid="")) == hans  # from now on exactly
    assert not PossibleMatch.objects.exists()


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"name": "Zwirbelmayr^Heinz"}, id="a twin under a mistyped ID"),
        pytest.param({"name": "Quast^Hans"}, id="married, or another"),
        pytest.param({"birth_date": "19562802"}, id="day and month changed over"),
        pytest.param({"birth_date": "19860228"}, id="father and son under one ID"),
        pytest.param({"name": "", "birth_date": ""}, id="a qualified ID alone"),
        pytest.param({"patient_id": "4712"}, id="a neighboring ID"),
        pytest.param({"patient_id": ""}, id="no ID"),
        pytest.param({"issuer": "OTHER"}, id="another clinic's ID"),
        pytest.param({"name": "Zwirbelmayr^H"}, id="an initial"),
    ],
)
def test_who_may_be_known_is_a_question_for_a_steward(project, other) -> None:
    hans = resolve(project, HANS, None)
    newcomer = resolve(project, replace(HANS, study_instance_uid="1.2.6", **other), None)
    assert newcomer.state == PatientState.PROVISIONAL
    assert [row.candidate for row in newcomer.possible_matches.all()] == [hans]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"patient_id": "9812", "name": "Zwirbelmayr^Ute", "sex": "F"}, id="twin"),
        pytest.param({"patient_id": "9812", "birth_date": "19830711"}, id="father and son"),
        pytest.param({"name": "Quast^Ute", "birth_date": "19830711", "sex": "F"}, id="reused ID"),
        pytest.param({"name": "Baby of Zwirbelmayr", "birth_date": "20240105"}, id="newborn"),
        pytest.param({"name": "PHANTOM^ACR"}, id="phantom"),
        pytest.param({"patient_id": "", "birth_date": ""}, id="a name alone"),
        pytest.param({"patient_id": "", "name": ""}, id="a birth date alone"),
    ],
)
def test_somebody_else_is_new_at_once(project, other) -> None:
    hans = resolve(project, HANS, None)
    newcomer = resolve(project, replace(HANS, study_instance_uid="1.2.6", **other), None)
    assert (newcomer != hans, newcomer.state) == (True, PatientState.CONFIRMED)


def test_who_could_be_either_of_two_is_asked_about_both(project) -> None:
    """Twins under one number after a mistake at the desk."""
    jan = resolve(project, replace(HANS, name="Zwirbelmayr^Jan"), None)
    jon = resolve(project, replace(HANS, name="Zwirbelmayr^Jon", study_instance_uid="1.2.4"), None)
    newcomer = resolve(
        project, replace(HANS, name="Zwirbelmayr^J", study_instance_uid="1.2.5"), None
    )
    assert {row.candidate for row in newcomer.possible_matches.all()} == {jan, jon}


def test_patients_from_before_there_were_blocks_are_found(project) -> None:
    hans = resolve(project, HANS, None)
    PatientBlock.objects.all().delete()
    RegistryPatient.objects.update(blocking_version=0)
    again = replace(HANS, name="Zwirbelmaier^Hans", study_instance_uid="1.2.6")
    assert resolve(project, again, None) == hans


def test_a_study_is_never_split_by_what_another_study_taught(project) -> None:
    hans = pseudonym(project, HANS)
    renamed = replace(HANS, study_instance_uid="1.2.6", name="Quastenflosser^Hans")
    pseudonym(project, renamed)
    assert pseudonym(project, replace(renamed, study_instance_uid="1.2.3")) == hans


def test_projects_do_not_share_pseudonyms(project, other_project) -> None:
    assert pseudonym(project, HANS) != pseudonym(other_project, HANS)
    assert find(other_project, replace(HANS, patient_id="4712")) is None


def test_a_merged_patient_is_known_by_the_one_that_stays(project) -> None:
    kept = resolve(project, HANS, None)
    ute = GivenIdentity(patient_id="B-2", name="Quastenflosser^Ute", study_instance_uid="2.1")
    alias = resolve(project, ute, None)
    RegistryPatient.objects.filter(pk=alias.pk).update(merged_into=kept)
    found = resolve(project, replace(ute, study_instance_uid="2.2"), None)
    assert current(found) == kept
    assert find(project, ute) == kept
    alias.refresh_from_db()
    assert subject_of(alias).pseudonym == kept.pseudonym


def test_a_pseudonym_is_well_formed_and_known_to_its_project_alone(project, other_project) -> None:
    text = pseudonym(project, HANS)
    assert is_pseudonym(text, "HEART")
    assert standing_of(project, text) is Standing.CURRENT
    assert standing_of(other_project, text) is Standing.UNKNOWN
    assert standing_of(project, "4711") is Standing.UNKNOWN


def test_the_sealed_identity_opens_for_its_own_row_only(project) -> None:
    patient = resolve(project, HANS, None)
    assert identity_of(patient) == replace(HANS, study_instance_uid="")
    assert -3650 <= date_shift_of(patient) <= -365


def test_no_identity_stands_in_the_database_in_clear(project) -> None:
    patient = resolve(project, replace(HANS, patient_id="Q-471108"), None)
    stored = everything_stored()
    assert patient.pseudonym.lower() in stored
    for planted in ("zwirbelmayr", "q-471108", "19560228", "clinic"):
        assert planted not in stored
        assert planted.encode().hex() not in stored


@pytest.mark.parametrize("spellings", ["one", "several"])
def test_a_hundred_askers_at_once_make_one_pseudonym(
    tmp_path: Path, database_environment: dict[str, str], spellings: str
) -> None:
    """Four processes of 25 threads; SQLite has one writer, PostgreSQL many."""
    script = Path(__file__).with_name("many_askers.py")
    environment = {**database_environment, "SPELLINGS": spellings}
    answers = answers_of(script, tmp_path, 4, environment)
    assert sum(map(len, answers)) == 100
    assert len({answer for given in answers for answer in given}) == 1
