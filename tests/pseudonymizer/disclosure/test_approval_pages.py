"""The pages on which one data steward asks and another one approves."""

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure.approvals import Matter, ask, needs_two
from pseudonymizer.models import Disclosure, DisclosureRequest, Reason
from pseudonymizer.registry.patients import resolve

pytestmark = pytest.mark.django_db


def signed_in(user) -> Client:
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


def test_one_asks_another_approves_and_then_the_identity_is_shown(
    two_people, patient, steward, second_steward
) -> None:
    asking, approving = signed_in(steward), signed_in(second_steward)
    page = reverse("registry_patient", args=["heart", patient.pk])
    refused = asking.post(page, {"reason": "quality"})
    assert refused.status_code == 403
    assert "Zwirbelmayr" not in refused.content.decode()
    assert f"see who stands behind a pseudonym: {patient.pseudonym}" in refused.content.decode()
    assert "Show the identity" not in asking.get(page).content.decode()

    wanted = {"kind": "identity", "patient": patient.pk, "reason": "quality"}
    assert asking.post(reverse("approval_ask", args=["heart"]), wanted).url == page
    assert "You have asked for this" in asking.get(page).content.decode()

    assert "1 request waits" in approving.get(reverse("registry", args=["heart"])).content.decode()
    request = DisclosureRequest.objects.get()
    assert patient.pseudonym in approving.get(reverse("approvals", args=["heart"])).content.decode()
    answer = reverse("approval_answer", args=["heart", request.pk])
    assert asking.post(answer, {"answer": "approve"}).status_code == 403
    assert approving.post(answer, {"answer": "approve"}).status_code == 302

    shown = asking.post(page, {"reason": "quality"})
    assert shown.status_code == 200
    assert "Zwirbelmayr" in shown.content.decode()
    actions = Event.objects.filter(action__startswith="registry.").order_by("pk")
    assert [event.action for event in actions] == [
        "registry.two_person_rule_on",
        "registry.approval_requested",
        "registry.request_approved",
        "registry.identity_viewed",
    ]


def test_search_and_export_are_asked_for_on_the_registrys_page(
    two_people, patient, steward
) -> None:
    client = signed_in(steward)
    text = client.get(reverse("registry", args=["heart"])).content.decode()
    assert 'name="patient_id"' not in text
    assert "Export as CSV" not in text
    assert "the approval counts for you, once, within 24 hours" in text
    rule = client.get(reverse("approvals", args=["heart"])).text
    assert "The rule ends as soon as another data steward approves it." in rule
    typed = {"patient_id": "A-4711", "name": "Zwirbelmayr^Hans", "birth_date": "1956-02-28"}
    for name, sent in (("registry_find", typed), ("registry_export", {"reason": "quality"})):
        response = client.post(reverse(name, args=["heart"]), sent)
        assert response.status_code == 403
        assert patient.pseudonym not in response.content.decode()
        assert "Ask another data steward" in response.content.decode()


def test_django_admin_shows_pseudonyms_alone(two_people, patient, other_project, make_user) -> None:
    elsewhere = resolve(other_project, GivenIdentity(patient_id="B-1", name="Quasten^Ute"), None)
    staff = make_user("staff", is_staff=True)
    for project in (two_people, other_project):
        Membership.objects.create(project=project, user=staff, role=Role.STEWARD)
    client = signed_in(staff)
    text = client.get(reverse("admin:pseudonymizer_registrypatient_changelist")).content.decode()
    assert patient.pseudonym in text
    assert "Zwirbelmayr" not in text
    assert elsewhere.pseudonym in text
    assert "Quasten^Ute" in text
    detail = reverse("admin:pseudonymizer_registrypatient_change", args=[patient.pk])
    assert "Zwirbelmayr" not in client.get(detail).content.decode()
    events = Event.objects.filter(action="registry.identities_listed")
    assert [event.project_id for event in events] == [other_project.pk]


@pytest.mark.parametrize("who", ["member", "viewer", "stranger"])
def test_the_rules_page_is_for_stewards_owners_and_site_admins(two_people, request, who) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.get(reverse("approvals", args=["heart"])).status_code == 404
    for name in ("two_people_on", "approval_ask"):
        assert client.post(reverse(name, args=["heart"])).status_code == 404


@pytest.mark.parametrize("who", ["owner", "site_admin"])
def test_owners_and_site_admins_begin_the_rule_and_see_no_requests(
    project, patient, steward, second_steward, request, who
) -> None:
    client = signed_in(request.getfixturevalue(who))
    client.post(reverse("two_people_on", args=["heart"]))
    assert needs_two(project)
    ask(Matter(project, Disclosure.IDENTITY, patient), reason=Reason.QUALITY, by=steward)
    text = client.get(reverse("approvals", args=["heart"])).content.decode()
    assert patient.pseudonym not in text
    request_id = DisclosureRequest.objects.get().pk
    answer = reverse("approval_answer", args=["heart", request_id])
    assert client.post(answer, {"answer": "approve"}).status_code == 404


def test_a_request_of_another_project_is_not_found(
    two_people, matter, other_project, steward, second_steward
) -> None:
    Membership.objects.create(project=other_project, user=second_steward, role=Role.STEWARD)
    request = ask(matter, reason=Reason.QUALITY, by=steward)
    answer = reverse("approval_answer", args=[other_project.key, request.pk])
    assert signed_in(second_steward).post(answer, {"answer": "approve"}).status_code == 404
