"""A patient, and two data stewards who may need each other to see who that is."""

import pytest

from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure.approvals import Matter, switch_on
from pseudonymizer.models import Disclosure
from pseudonymizer.registry.patients import resolve
from tests.pseudonymizer.disclosure.people import HANS


@pytest.fixture
def second_steward(make_user, project):
    user = make_user("second")
    Membership.objects.create(project=project, user=user, role=Role.STEWARD)
    return user


@pytest.fixture
def patient(project):
    return resolve(project, HANS, None)


@pytest.fixture
def two_people(project, steward, second_steward):
    """The project wants two people; `steward` and `second_steward` are they."""
    switch_on(project, by=steward)
    return project


@pytest.fixture
def matter(two_people, patient) -> Matter:
    return Matter(two_people, Disclosure.IDENTITY, patient)
