"""Two people for an identity: who may ask, who may approve, and what counts how long."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure.approvals import (
    Matter,
    ask,
    decide_request,
    needs_two,
    pair_matter,
    requests_for,
    switch_on,
)
from pseudonymizer.disclosure.gate import (
    export_mapping,
    find_patient,
    permit_export,
    view_identity,
    view_pair,
)
from pseudonymizer.errors import ApprovalNeededError, RegistryError
from pseudonymizer.lists.importing import check_list
from pseudonymizer.models import Disclosure, DisclosureRequest, Reason, RequestState, TwoPersonRule
from pseudonymizer.registry.patients import resolve
from pseudonymizer.transfers.transfer import possible_targets

pytestmark = pytest.mark.django_db

HANS = GivenIdentity(patient_id="A-4711", name="Zwirbelmayr^Hans", birth_date="19560228")
QUALITY = Reason.QUALITY


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


def approved(matter: Matter, asking, approving) -> DisclosureRequest:
    request = ask(matter, reason=QUALITY, by=asking)
    decide_request(request, is_approved=True, by=approving)
    return request


def may_look(patient, user) -> bool:
    try:
        return view_identity(patient, by=user, reason=QUALITY).patient_id == "A-4711"
    except ApprovalNeededError:
        return False


def test_without_the_rule_one_steward_is_enough(patient, steward) -> None:
    assert may_look(patient, steward)


def test_with_the_rule_nobody_sees_anything_alone(matter, steward) -> None:
    project, patient = matter.project, matter.patient
    looks = [
        lambda: view_identity(patient, by=steward, reason=QUALITY),
        lambda: view_pair(patient, patient, by=steward),
        lambda: find_patient(project, HANS, by=steward),
        lambda: export_mapping(project, by=steward, reason=QUALITY),
        lambda: permit_export(project, by="cli:root"),
        lambda: check_list(project, b"patient_id,pseudonym\nA-4711,P-1\n", by=steward),
        lambda: check_list(project, b"patient_id,pseudonym\nA-4711,P-1\n", by="cli:root"),
    ]
    for look in looks:
        with pytest.raises(ApprovalNeededError):
            look()
    assert not Event.objects.filter(action="registry.identity_viewed").exists()


def test_an_approved_look_is_the_askers_at_one_patient_for_a_day(
    matter, project, steward, second_steward
) -> None:
    other = resolve(project, GivenIdentity(patient_id="B-1", name="Quasten^Ute"), None)
    request = approved(matter, steward, second_steward)
    assert may_look(matter.patient, steward)
    assert may_look(matter.patient, steward)
    assert not may_look(other, steward)
    assert not may_look(matter.patient, second_steward)
    with pytest.raises(ApprovalNeededError):
        find_patient(project, HANS, by=steward)

    almost = timezone.now() - timedelta(hours=23, minutes=59)
    DisclosureRequest.objects.filter(pk=request.pk).update(decided_at=almost)
    assert may_look(matter.patient, steward)
    DisclosureRequest.objects.filter(pk=request.pk).update(decided_at=almost - timedelta(minutes=2))
    assert not may_look(matter.patient, steward)


def test_an_approved_pair_is_this_pair_in_any_order(
    two_people, patient, steward, second_steward
) -> None:
    ute, ida = (
        resolve(two_people, GivenIdentity(patient_id=number, name=name), None)
        for number, name in (("B-1", "Quasten^Ute"), ("C-1", "Knuspern^Ida"))
    )
    approved(pair_matter(patient, ute), steward, second_steward)
    assert [one.patient_id for one in view_pair(ute, patient, by=steward)] == ["B-1", "A-4711"]
    for pair in ((patient, ida), (ute, ida), (patient, patient)):
        with pytest.raises(ApprovalNeededError):
            view_pair(*pair, by=steward)
    assert not may_look(patient, steward)


def test_nobody_approves_her_own_request_under_any_role(
    matter, project, steward, second_steward
) -> None:
    for role in (Role.OWNER, Role.CONTRIBUTOR):
        Membership.objects.create(project=project, user=steward, role=role)
    steward.is_staff = steward.is_superuser = True
    steward.save()
    request = ask(matter, reason=QUALITY, by=steward)
    with pytest.raises(PermissionDenied):
        decide_request(request, is_approved=True, by=steward)
    with pytest.raises(IntegrityError), transaction.atomic():
        DisclosureRequest.objects.filter(pk=request.pk).update(
            state=RequestState.APPROVED, decided_by=steward, decided_at=timezone.now()
        )
    assert not may_look(matter.patient, steward)


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_only_stewards_ask_and_approve(matter, steward, request, who) -> None:
    somebody = request.getfixturevalue(who)
    asked = ask(matter, reason=QUALITY, by=steward)
    with pytest.raises(PermissionDenied):
        decide_request(asked, is_approved=True, by=somebody)
    with pytest.raises(PermissionDenied):
        ask(matter, reason=QUALITY, by=somebody)
    with pytest.raises(PermissionDenied):
        view_identity(matter.patient, by=somebody, reason=QUALITY)


@pytest.mark.parametrize("leaving", ["steward", "second_steward"])
@pytest.mark.parametrize("how", ["role", "account"])
def test_an_approval_ends_with_the_role_of_either(
    matter, steward, second_steward, request, leaving, how
) -> None:
    approved(matter, steward, second_steward)
    gone = request.getfixturevalue(leaving)
    if how == "role":
        Membership.objects.filter(user=gone, role=Role.STEWARD).delete()
    else:
        gone.is_active = False
        gone.save()
    with pytest.raises((ApprovalNeededError, PermissionDenied)):
        view_identity(matter.patient, by=steward, reason=QUALITY)


def test_who_lost_the_role_approves_nothing_and_gets_nothing_approved(
    matter, make_user, project, steward, second_steward
) -> None:
    request = ask(matter, reason=QUALITY, by=steward)
    Membership.objects.filter(user=steward, role=Role.STEWARD).delete()
    assert not requests_for(project, second_steward)
    with pytest.raises(RegistryError, match="no longer valid"):
        decide_request(request, is_approved=True, by=second_steward)


def test_a_request_is_answered_once(matter, make_user, project, steward, second_steward) -> None:
    third = make_user("third")
    Membership.objects.create(project=project, user=third, role=Role.STEWARD)
    request = ask(matter, reason=QUALITY, by=steward)
    decide_request(request, is_approved=False, by=second_steward)
    with pytest.raises(RegistryError, match="answered already"):
        decide_request(request, is_approved=True, by=third)
    assert not may_look(matter.patient, steward)
    assert ask(matter, reason=QUALITY, by=steward) != request


def test_asking_in_two_tabs_makes_one_request(matter, steward, second_steward) -> None:
    first = ask(matter, reason=QUALITY, by=steward)
    assert ask(matter, reason=Reason.CONSENT, by=steward) == first
    assert requests_for(matter.project, second_steward).count() == 1
    assert Event.objects.filter(action="registry.approval_requested").count() == 1


def test_a_request_that_nobody_answered_for_a_week_is_made_again(
    matter, steward, second_steward
) -> None:
    old = ask(matter, reason=QUALITY, by=steward)
    week = timezone.now() - timedelta(days=7, minutes=1)
    DisclosureRequest.objects.filter(pk=old.pk).update(requested_at=week)
    old.refresh_from_db()
    with pytest.raises(RegistryError, match="no longer valid"):
        decide_request(old, is_approved=True, by=second_steward)
    again = ask(matter, reason=QUALITY, by=steward)
    assert list(requests_for(matter.project, second_steward)) == [again]


def test_an_approved_export_counts_once(two_people, patient, steward, second_steward) -> None:
    approved(Matter(two_people, Disclosure.EXPORT), steward, second_steward)
    assert "Zwirbelmayr" in "".join(export_mapping(two_people, by=steward, reason=QUALITY))
    Event.objects.all()._raw_delete(Event.objects.db)  # or the limit would refuse first
    with pytest.raises(ApprovalNeededError):
        export_mapping(two_people, by=steward, reason=QUALITY)


def test_a_command_uses_an_approved_export(two_people, steward, second_steward) -> None:
    approved(Matter(two_people, Disclosure.EXPORT), steward, second_steward)
    permit_export(two_people, by="cli:root")
    with pytest.raises(ApprovalNeededError):
        permit_export(two_people, by="cli:root")


def test_the_rule_needs_two_stewards_to_begin_and_two_to_end(
    project, steward, make_user, owner
) -> None:
    with pytest.raises(RegistryError, match="second data steward"):
        switch_on(project, by=owner)
    second = make_user("second")
    Membership.objects.create(project=project, user=second, role=Role.STEWARD)
    switch_on(project, by=owner)
    assert needs_two(project)

    end = Matter(project, Disclosure.RULE_OFF)
    with pytest.raises(PermissionDenied):
        ask(end, reason=Reason.SMALL_TEAM, by=owner)
    request = ask(end, reason=Reason.SMALL_TEAM, by=steward)
    assert needs_two(project)
    decide_request(request, is_approved=True, by=second)
    assert not needs_two(project)
    actions = Event.objects.filter(action__contains="two_person_rule").order_by("pk")
    assert [(event.action, event.actor) for event in actions] == [
        ("registry.two_person_rule_on", owner),
        ("registry.two_person_rule_off", second),
    ]


@pytest.mark.parametrize("who", ["member", "viewer", "stranger"])
def test_others_cannot_begin_the_rule(project, second_steward, request, who) -> None:
    with pytest.raises(PermissionDenied):
        switch_on(project, by=request.getfixturevalue(who))
    assert not TwoPersonRule.objects.exists()


def test_studies_go_only_where_it_takes_two_people_as_well(
    two_people, other_project, make_user, steward
) -> None:
    Membership.objects.create(project=other_project, user=steward, role=Role.STEWARD)
    assert not possible_targets(two_people, steward).exists()
    third = make_user("third")
    Membership.objects.create(project=other_project, user=third, role=Role.STEWARD)
    assert list(possible_targets(other_project, steward)) == [two_people]
    switch_on(other_project, by=steward)
    assert list(possible_targets(two_people, steward)) == [other_project]


# --- the pages -------------------------------------------------------------------------------


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


def test_django_admin_shows_pseudonyms_alone(
    two_people, patient, other_project, make_user, client_of
) -> None:
    elsewhere = resolve(other_project, GivenIdentity(patient_id="B-1", name="Quasten^Ute"), None)
    staff = make_user("staff", is_staff=True)
    for project in (two_people, other_project):
        Membership.objects.create(project=project, user=staff, role=Role.STEWARD)
    client = client_of(staff)
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
    ask(Matter(project, Disclosure.IDENTITY, patient), reason=QUALITY, by=steward)
    text = client.get(reverse("approvals", args=["heart"])).content.decode()
    assert patient.pseudonym not in text
    request_id = DisclosureRequest.objects.get().pk
    answer = reverse("approval_answer", args=["heart", request_id])
    assert client.post(answer, {"answer": "approve"}).status_code == 404


def test_a_request_of_another_project_is_not_found(
    two_people, matter, other_project, steward, second_steward
) -> None:
    Membership.objects.create(project=other_project, user=second_steward, role=Role.STEWARD)
    request = ask(matter, reason=QUALITY, by=steward)
    answer = reverse("approval_answer", args=[other_project.key, request.pk])
    assert signed_in(second_steward).post(answer, {"answer": "approve"}).status_code == 404
