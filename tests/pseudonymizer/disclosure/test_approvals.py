"""Two people for an identity: who may ask, who may approve, and what counts how long."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
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
from tests.pseudonymizer.disclosure.people import HANS

pytestmark = pytest.mark.django_db

QUALITY = Reason.QUALITY


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
