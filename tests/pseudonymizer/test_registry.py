"""Who is recognized, who is not, and what the database shows of them."""

from dataclasses import replace
from pathlib import Path

import pytest

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.engine import is_pseudonym
from pseudonymizer.models import RegistryPatient
from pseudonymizer.registry import (
    date_shift_of,
    find,
    identity_of,
    is_pseudonym_of,
    resolve,
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
    alias = resolve(project, replace(HANS, patient_id="4712", study_instance_uid="2.1"), None)
    RegistryPatient.objects.filter(pk=alias.pk).update(merged_into=kept)
    found = resolve(project, replace(HANS, patient_id="4712", study_instance_uid="2.2"), None)
    assert found == kept
    alias.refresh_from_db()
    assert subject_of(alias).pseudonym == kept.pseudonym


def test_a_pseudonym_is_well_formed_and_known_to_its_project_alone(project, other_project) -> None:
    text = pseudonym(project, HANS)
    assert is_pseudonym(text, "HEART")
    assert is_pseudonym_of(project, text)
    assert not is_pseudonym_of(other_project, text)
    assert not is_pseudonym_of(project, "4711")


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


def test_a_hundred_askers_at_once_make_one_pseudonym(
    tmp_path: Path, database_environment: dict[str, str]
) -> None:
    """Four processes of 25 threads on one database."""
    script = Path(__file__).with_name("many_askers.py")
    answers = answers_of(script, tmp_path, 4, database_environment)
    assert sum(map(len, answers)) == 100
    assert len({answer for given in answers for answer in given}) == 1
