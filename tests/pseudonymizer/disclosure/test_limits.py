"""How much of the registry one person may see in a while."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure import limits
from pseudonymizer.disclosure.gate import export_mapping, find_patient, view_identity
from pseudonymizer.disclosure.limits import LIMITS, Limit
from pseudonymizer.errors import TooManyError
from pseudonymizer.models import Reason
from pseudonymizer.registry.patients import resolve
from tests.processes import answers_of
from tests.pseudonymizer.disclosure.people import HANS

pytestmark = pytest.mark.django_db


@pytest.fixture
def three_each(monkeypatch) -> None:
    for action in LIMITS:
        monkeypatch.setitem(LIMITS, action, Limit(3, timedelta(minutes=5)))


def test_the_limits_are_those_of_the_manual() -> None:
    assert LIMITS["registry.searched"] == Limit(30, timedelta(minutes=10))
    assert LIMITS["registry.identity_viewed"] == Limit(60, timedelta(hours=1))
    assert LIMITS["registry.exported"] == Limit(1, timedelta(minutes=1))


def test_one_too_many_is_refused_for_this_person_in_every_project(
    three_each, patient, other_project, steward, make_user
) -> None:
    Membership.objects.create(project=other_project, user=steward, role=Role.STEWARD)
    for _ in range(3):
        view_identity(patient, by=steward, reason=Reason.QUALITY)
    elsewhere = resolve(other_project, replace(HANS, patient_id="B-1"), None)
    for other in (patient, elsewhere):
        with pytest.raises(TooManyError):
            view_identity(other, by=steward, reason=Reason.QUALITY)
    assert Event.objects.filter(action="registry.limit_reached").count() == 2

    colleague = make_user("colleague")
    Membership.objects.create(project=patient.project, user=colleague, role=Role.STEWARD)
    assert view_identity(patient, by=colleague, reason=Reason.QUALITY)


def test_a_search_without_a_hit_counts_too(three_each, project, steward) -> None:
    for number in range(3):
        assert find_patient(project, replace(HANS, patient_id=f"{number}"), by=steward) is None
    with pytest.raises(TooManyError):
        find_patient(project, HANS, by=steward)
    assert [event.details for event in Event.objects.filter(action="registry.searched")] == [
        {"found": False}
    ] * 3


def test_after_the_time_is_up_it_goes_on(monkeypatch, three_each, patient, steward) -> None:
    for _ in range(3):
        view_identity(patient, by=steward, reason=Reason.QUALITY)
    monkeypatch.setitem(LIMITS, limits.VIEWED, Limit(3, timedelta(0)))
    assert view_identity(patient, by=steward, reason=Reason.QUALITY)


def test_a_second_export_within_a_minute_is_refused_and_commands_are_not(
    patient, project, steward
) -> None:
    export_mapping(project, by=steward, reason=Reason.SAFEKEEPING)
    with pytest.raises(TooManyError):
        export_mapping(project, by=steward, reason=Reason.SAFEKEEPING)
    for _ in range(3):
        export_mapping(project, by="cli:root", reason=Reason.SAFEKEEPING)


def test_many_tabs_at_once_see_no_more(tmp_path, database_environment) -> None:
    """Of ten looks or checks the limit lets three through; of ten exports, the approved one."""
    script = Path(__file__).with_name("many_tabs.py")
    assert answers_of(script, tmp_path, 1, database_environment) == [["3", "3", "1"]]


def test_the_page_says_so_and_when_to_come_back(three_each, patient, steward) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": steward.email, "password": "passphrase"})
    page = reverse("registry_patient", args=["heart", patient.pk])
    for _ in range(3):
        assert client.post(page, {"reason": "quality"}).status_code == 200
    refused = client.post(page, {"reason": "quality"})
    assert refused.status_code == 429
    assert refused["Retry-After"] == "300"
    text = refused.content.decode()
    assert "in 5 minutes" in text
    assert "Zwirbelmayr" not in text


def test_listing_identities_in_django_admin_is_limited(three_each, patient, make_user) -> None:
    staff = make_user("staff", is_staff=True)
    Membership.objects.create(project=patient.project, user=staff, role=Role.STEWARD)
    client, page = Client(), reverse("admin:pseudonymizer_registrypatient_changelist")
    client.post(reverse("account_login"), {"login": staff.email, "password": "passphrase"})
    assert [client.get(page).status_code for _ in range(4)] == [200, 200, 200, 429]
