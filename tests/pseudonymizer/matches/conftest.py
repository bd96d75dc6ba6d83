"""Patients of the registry who may be one, and the steward who decides."""

import pytest

from pseudonymizer.matches.decisions import Judgment, decide_match, open_matches
from pseudonymizer.models import PossibleMatch, RegistryPatient
from pseudonymizer.registry.patients import resolve
from tests.pseudonymizer.matches.people import HANS, HEINZ


@pytest.fixture
def hans(project) -> RegistryPatient:
    return resolve(project, HANS, None)


@pytest.fixture
def heinz(project, hans) -> RegistryPatient:
    """Somebody new who may be Hans."""
    return resolve(project, HEINZ, None)


@pytest.fixture
def match(project, heinz) -> PossibleMatch:
    return open_matches(project).get()


@pytest.fixture
def decide(steward):
    """Return a function that decides as the steward, of a fresh copy of the row."""

    def decide_fresh(match: PossibleMatch, judgment: Judgment) -> None:
        fresh = PossibleMatch.objects.get(pk=match.pk)
        decide_match(match=fresh, judgment=judgment, by=steward)

    return decide_fresh
