"""Many people in one question become who they would have become one by one."""

from dataclasses import replace
from random import Random
from uuid import UUID

import pytest

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.models import PatientBlock, PatientState, PossibleMatch, RegistryPatient
from pseudonymizer.registry.patients import find, resolve, resolve_each
from tests.bench.people import Population
from tests.bench.variants import variants_of

pytestmark = pytest.mark.django_db

HANS = GivenIdentity(
    patient_id="4711",
    issuer="CLINIC",
    name="Zwirbelmayr^Hans",
    birth_date="19560228",
    study_instance_uid="1.2.3",
)


def numbered(patients: list[RegistryPatient]) -> list[tuple[int, str]]:
    """Return each patient as the place at which she came first, and her state."""
    first: dict[UUID, int] = {}
    return [(first.setdefault(one.pk, place), one.state) for place, one in enumerate(patients)]


def pairs_among(patients: list[RegistryPatient]) -> set[tuple[int, int, float]]:
    """Return who may be whom, by the places at which they came first, and how much says so."""
    first: dict[UUID, int] = {}
    for place, one in enumerate(patients):
        first.setdefault(one.pk, place)
    rows = PossibleMatch.objects.filter(patient__in=patients)
    return {(first[row.patient_id], first[row.candidate_id], row.score) for row in rows}


@pytest.mark.timeout(400)
def test_families_and_other_spellings_end_as_they_would_one_by_one(project, other_project) -> None:
    population, random = Population(4), Random(5)  # noqa: S311 (nothing here is secret)
    people = population.registry(90)
    people += [population.twin(one) for one in people[:20]]
    people += [population.junior(one) for one in people[:20]]
    identities = [one.identity for one in people]
    identities += [variant.identity for variant in variants_of(people, 150, random)]
    identities += population.strangers(people, 60)
    random.shuffle(identities)
    identities = [
        replace(identity, study_instance_uid=f"1.2.{number % 300}")
        for number, identity in enumerate(identities)
    ]
    alone = [resolve(project, identity, None) for identity in identities]
    together = resolve_each(other_project, identities, None)
    assert numbered(together) == numbered(alone)
    assert pairs_among(together) == pairs_among(alone)
    assert len(set(alone)) < len(identities) - 80
    assert sum(one.state == PatientState.PROVISIONAL for one in set(alone)) > 20
    blocks = PatientBlock.objects.filter
    assert blocks(project=other_project).count() == blocks(project=project).count() > 0


def test_all_are_known_exactly_afterwards(project) -> None:
    again = replace(HANS, name="Zwirbelmaier^Hans", study_instance_uid="1.2.4")
    first, second = resolve_each(project, [HANS, again], None)
    assert first == second
    assert find(project, replace(again, study_instance_uid="1.2.9")) == first
    assert resolve_each(project, [again, HANS], None) == [first, first]


def test_who_names_nobody_is_somebody_new_each_time(project) -> None:
    nobody = GivenIdentity(name="PHANTOM^ACR")  # no ID, no study
    patients = resolve_each(project, [nobody, nobody], None)
    assert len({patient.pk for patient in patients}) == 2


def test_nobody_is_asked_for_nobody(project) -> None:
    assert resolve_each(project, [], None) == []


def test_a_plan_of_many_asks_the_database_as_often_as_one_of_few(
    project, django_assert_max_num_queries
) -> None:
    people = [one.identity for one in Population(6).registry(80)]
    with django_assert_max_num_queries(40):  # one by one, it would be more than 800
        resolve_each(project, people, None)
