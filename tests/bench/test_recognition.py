"""The figures of recognition that do not depend on the machine, on a small set."""

import pytest

from pseudonymizer.models import PatientState, RegistryPatient
from pseudonymizer.registry.patients import resolve
from tests.bench.page import put_section
from tests.bench.people import Population
from tests.bench.recognition import ask, fill

pytestmark = pytest.mark.django_db


def test_nobody_is_joined_with_another_and_nobody_is_missed(project) -> None:
    people = Population(1).registry(600)
    ids = {person: pk for batch in fill(project, people) for person, pk in batch.items()}
    tally = ask(project, ids, 2000)
    assert set(tally.total) == {"automatic", "queue"}
    assert set(tally.strangers) <= {"new", "queue"}
    assert tally.automatic_share >= 0.90
    assert tally.strangers["new"] >= 1800  # a queue of everybody would be no answer


def test_families_stay_as_many_patients_as_they_are_people(project) -> None:
    population = Population(2)
    people = population.registry(40)
    twins = [population.twin(person) for person in people]
    juniors = [population.junior(person) for person in people]
    identities = {person.identity for person in (*people, *twins, *juniors)}
    pseudonyms = {resolve(project, identity, None).pseudonym for identity in identities}
    assert len(pseudonyms) == len(identities)
    assert RegistryPatient.objects.filter(merged_into=None).count() == len(identities)
    assert RegistryPatient.objects.filter(state=PatientState.CONFIRMED).count() > 80


def test_a_section_replaces_itself_and_leaves_the_others(tmp_path) -> None:
    page = tmp_path / "benchmarks.md"
    put_section(page, "## One\n\nfirst\n")
    put_section(page, "## Two\n\nsecond\n")
    put_section(page, "## One\n\nthird\n")
    assert page.read_text().startswith("# Benchmarks\n")
    assert page.read_text().endswith("\n\n## One\n\nthird\n\n## Two\n\nsecond\n")
