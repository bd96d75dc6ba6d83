"""Django's administration shows mappings to staff who are stewards, and to nobody else."""

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.engine import ProfileSpec
from pseudonymizer.profiles.versions import ProfileChange, save_profile
from pseudonymizer.registry.patients import resolve

LIST = "admin:pseudonymizer_registrypatient_changelist"
DETAIL = "admin:pseudonymizer_registrypatient_change"
VERSIONS = "admin:pseudonymizer_profileversion_changelist"
VERSION = "admin:pseudonymizer_profileversion_change"


def signed_in(user) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


@pytest.fixture
def patient(project):
    return resolve(project, GivenIdentity(patient_id="A-1", name="Zwirbelmayr^Hans"), None)


@pytest.fixture
def staff_steward(make_user, project):
    user = make_user("staff", is_staff=True)
    Membership.objects.create(project=project, user=user, role=Role.STEWARD)
    return user


def test_staff_who_are_stewards_see_patients_and_the_look_is_recorded(
    patient, staff_steward, client_of, other_project
) -> None:
    foreign = resolve(other_project, GivenIdentity(patient_id="B-2", name="Quasten^Ute"), None)
    client = signed_in(staff_steward)
    text = client.get(reverse(LIST)).content.decode()
    assert patient.pseudonym in text
    assert "Zwirbelmayr^Hans" in text
    assert foreign.pseudonym not in text
    assert "Quasten" not in text
    event = Event.objects.get(action="registry.identities_listed")
    assert (event.actor, event.project_id) == (staff_steward, patient.project_id)
    assert event.details == {"patients": 1}

    text = client.get(reverse(DETAIL, args=[patient.pk])).content.decode()
    assert "Zwirbelmayr^Hans" in text
    assert Event.objects.filter(action="registry.identities_listed").count() == 2


@pytest.mark.parametrize("who", ["site_admin", "steward", "stranger"])
def test_being_superuser_or_steward_alone_opens_nothing(patient, request, client_of, who) -> None:
    client = client_of(request.getfixturevalue(who))
    for address in (reverse(LIST), reverse(DETAIL, args=[patient.pk])):
        response = client.get(address)
        assert response.status_code in {302, 403}
        assert b"Zwirbelmayr" not in response.content
    assert not Event.objects.filter(action="registry.identities_listed").exists()


@pytest.mark.parametrize("name", [LIST, DETAIL])
def test_an_old_session_types_its_password_again(patient, staff_steward, client_of, name) -> None:
    address = reverse(name, args=[patient.pk] if name == DETAIL else [])
    client = client_of(staff_steward)
    asked = client.get(address)
    assert asked.status_code == 302
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not Event.objects.filter(action="registry.identities_listed").exists()

    answer = client.post(asked.url, {"password": "passphrase"}, follow=True)
    assert answer.request["PATH_INFO"] == address
    assert "Zwirbelmayr^Hans" in answer.content.decode()


def test_no_page_shows_more_than_fifty_at_once(project, staff_steward) -> None:
    for number in range(51):
        resolve(project, GivenIdentity(patient_id=f"A-{number}", name="Zwirbelmayr^Hans"), None)
    text = signed_in(staff_steward).get(reverse(LIST), {"all": ""}).content.decode()
    assert text.count("Zwirbelmayr^Hans") == 50


def test_nobody_changes_a_mapping_there(patient, staff_steward, client_of) -> None:
    client = client_of(staff_steward)
    for address in (
        reverse("admin:pseudonymizer_registrypatient_add"),
        reverse("admin:pseudonymizer_registrypatient_delete", args=[patient.pk]),
    ):
        assert client.get(address).status_code == 403
    change = reverse(DETAIL, args=[patient.pk])
    assert client.post(change, {"pseudonym": "X"}).status_code == 403


def test_another_projects_patient_is_hidden_from_a_staff_steward(
    staff_steward, client_of, other_project
) -> None:
    foreign = resolve(other_project, GivenIdentity(patient_id="B-2", name="Quasten^Ute"), None)
    response = client_of(staff_steward).get(reverse(DETAIL, args=[foreign.pk]), follow=True)
    assert b"Quasten" not in response.content


@pytest.fixture
def version(project, owner):
    return save_profile(project, ProfileChange(ProfileSpec(frozenset()), 0), by=owner)


def test_staff_who_are_stewards_read_the_versions_of_a_profile(
    version, staff_steward, client_of
) -> None:
    client = client_of(staff_steward)
    assert "owner@example.org" in client.get(reverse(VERSIONS)).content.decode()
    shown = client.get(reverse(VERSION, args=[version.pk]))
    assert shown.status_code == 200
    assert client.post(reverse(VERSION, args=[version.pk]), {"reason": "x"}).status_code == 403
    delete = reverse("admin:pseudonymizer_profileversion_delete", args=[version.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("who", ["site_admin", "owner", "stranger"])
def test_versions_of_a_profile_are_hidden_there_from_everybody_else(
    version, request, client_of, who
) -> None:
    client = client_of(request.getfixturevalue(who))
    for address in (reverse(VERSIONS), reverse(VERSION, args=[version.pk])):
        assert client.get(address).status_code in {302, 403}
