"""The queue of possible matches: who sees it, what is recorded, and what a decision leads to."""

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure.approvals import switch_on
from pseudonymizer.matches.decisions import open_matches
from pseudonymizer.models import MatchState, PatientState, PossibleMatch
from pseudonymizer.registry.patients import current, resolve
from tests.pseudonymizer.suspecting import let_wait

pytestmark = pytest.mark.django_db

UTE = GivenIdentity(patient_id="B-12", name="Quastenflosser^Ute", study_instance_uid="1.2.5")
NAMES = ("Zwirbelmayr", "471108", "19560228", "1956-02-28", "Quastenflosser")
QUEUE = reverse("registry_matches", args=["heart"])


def signed_in(user) -> Client:
    """Sign in with the password, as a person does."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


@pytest.fixture
def second_match(project, match) -> PossibleMatch:
    """Heinz may also be Ute, who has another number."""
    let_wait(match.patient, resolve(project, UTE, None), 1.0)
    return open_matches(project).exclude(pk=match.pk).get()


def page_of(match: PossibleMatch) -> str:
    return reverse("registry_match", args=[match.project.key, match.pk])


def decide(client: Client, match: PossibleMatch, decision: str, reason: str, **extra):
    """Look at both records, then decide."""
    client.post(page_of(match))
    address = reverse("registry_match_decide", args=[match.project.key, match.pk])
    return client.post(address, {"decision": decision, "reason": reason}, **extra)


def text_of(response) -> str:
    """Return the page without the marks of differing letters."""
    return response.content.decode().replace("<mark>", "").replace("</mark>", "")


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_nobody_but_a_steward_sees_the_queue(match, request, who: str) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.get(QUEUE).status_code == 404
    assert client.get(page_of(match)).status_code == 404
    assert client.post(page_of(match)).status_code == 404
    assert decide(client, match, "same", "spelling").status_code == 404
    assert open_matches(match.project).count() == 1
    assert not Event.objects.filter(action__startswith="registry.").exists()


def test_a_pair_of_another_project_is_not_found(match, other_project, steward) -> None:
    Membership.objects.create(project=other_project, user=steward, role=Role.STEWARD)
    client = signed_in(steward)
    elsewhere = reverse("registry_match", args=["heart-2", match.pk])
    assert client.post(elsewhere).status_code == 404
    assert not Event.objects.filter(action="registry.pair_viewed").exists()


def test_the_queue_lists_pairs_by_pseudonym_and_counts_them(second_match, match, steward) -> None:
    response = signed_in(steward).get(QUEUE)
    text = response.content.decode()
    assert text.count(match.patient.pseudonym) >= 2
    assert match.candidate.pseudonym in text
    assert second_match.candidate.pseudonym in text
    assert '<span class="tab-count">2<' in text
    assert "1 more pair" in text
    assert not any(name in text for name in NAMES)


def test_the_count_is_for_stewards_alone(match, member_client, steward) -> None:
    project_page = reverse("project", args=["heart"])
    assert b"tab-count" not in member_client.get(project_page).content
    assert b"tab-count" in signed_in(steward).get(project_page).content


def test_both_records_are_shown_when_asked_and_the_look_is_recorded(match, steward) -> None:
    client = signed_in(steward)
    closed = client.get(page_of(match))
    assert not any(name in text_of(closed) for name in NAMES)
    assert not Event.objects.filter(action="registry.pair_viewed").exists()

    shown = client.post(page_of(match))
    assert "Zwirbelmayr^Hans" in text_of(shown)
    assert "Zwirbelmayr^Heinz" in text_of(shown)
    assert "1956-02-28" in text_of(shown)
    assert shown["Cache-Control"] == "no-store"
    event = Event.objects.get(action="registry.pair_viewed")
    assert (event.actor, event.target_id) == (steward, str(match.patient.pk))


def test_an_old_session_types_its_password_first(match, steward_client) -> None:
    for address in (page_of(match), reverse("registry_match_decide", args=["heart", match.pk])):
        response = steward_client.post(address, {"decision": "same", "reason": "spelling"})
        assert response.url.startswith(reverse("account_reauthenticate"))
    assert open_matches(match.project).count() == 1
    assert not Event.objects.filter(action="registry.pair_viewed").exists()


def test_same_person_makes_one_of_two(match, hans, steward) -> None:
    response = decide(signed_in(steward), match, "same", "spelling", follow=True)
    assert "Nobody waits" in response.content.decode()
    match.refresh_from_db()
    assert (match.state, match.reason, match.decided_by) == (MatchState.SAME, "spelling", steward)
    assert current(match.patient) == hans


def test_different_people_stay_two(match, steward) -> None:
    decide(signed_in(steward), match, "different", "relatives")
    match.patient.refresh_from_db()
    assert match.patient.state == PatientState.CONFIRMED
    assert match.patient.merged_into is None


def test_the_next_pair_is_shown_at_once(match, second_match, steward) -> None:
    response = decide(signed_in(steward), match, "different", "relatives", follow=True)
    assert response.redirect_chain == [(page_of(second_match), 307)]
    assert "Quastenflosser^Ute" in text_of(response)
    assert Event.objects.filter(action="registry.pair_viewed").count() == 2


@pytest.mark.parametrize(
    ("decision", "reason"),
    [("same", ""), ("same", "relatives"), ("different", "spelling"), ("", "spelling")],
)
def test_a_decision_needs_a_reason_that_fits(match, steward, decision, reason) -> None:
    response = decide(signed_in(steward), match, decision, reason, follow=True)
    assert "Choose a reason" in response.content.decode()
    assert open_matches(match.project).count() == 1


def test_nobody_decides_about_a_pair_she_has_not_compared(match, steward, make_user) -> None:
    second = make_user("second")
    Membership.objects.create(project=match.project, user=second, role=Role.STEWARD)
    signed_in(second).post(page_of(match))
    address = reverse("registry_match_decide", args=["heart", match.pk])
    fields = {"decision": "same", "reason": "spelling"}
    response = signed_in(steward).post(address, fields, follow=True)
    assert "Compare both records first." in response.content.decode()
    assert open_matches(match.project).count() == 1


def test_the_second_of_two_tabs_is_told_who_decided(match, steward, make_user) -> None:
    second = make_user("second")
    Membership.objects.create(project=match.project, user=second, role=Role.STEWARD)
    client = signed_in(second)
    client.post(page_of(match))
    decide(signed_in(steward), match, "same", "spelling")
    response = decide(client, match, "different", "relatives", follow=True)
    text = response.content.decode()
    assert "decided about this pair already" in text
    assert "the same person" in text
    assert not any(name in text for name in NAMES)
    match.refresh_from_db()
    assert match.state == MatchState.SAME
    made = match.patient.merges.get()
    assert reverse("registry_merge", args=["heart", made.pk]) in text
    assert not any(name in text_of(client.post(page_of(match))) for name in NAMES)


def test_where_two_people_are_needed_one_does_not_see_a_pair(match, steward, make_user) -> None:
    second = make_user("second")
    Membership.objects.create(project=match.project, user=second, role=Role.STEWARD)
    switch_on(match.project, by=steward)
    response = signed_in(steward).post(page_of(match))
    assert response.status_code == 403
    assert not any(name in text_of(response) for name in NAMES)
    assert b"Ask another data steward" in response.content


def test_the_registry_marks_who_waits(match, steward) -> None:
    client = signed_in(steward)
    listed = client.get(reverse("registry", args=["heart"])).content.decode()
    assert QUEUE in listed
    assert "waits for a decision" in listed
    single = reverse("registry_patient", args=["heart", match.patient.pk])
    assert QUEUE in client.get(single).content.decode()


def test_the_audit_names_no_patient(match, steward) -> None:
    client = signed_in(steward)
    client.post(page_of(match))
    decide(client, match, "same", "spelling")
    kept = str(list(Event.objects.values()))
    assert not any(name in kept for name in NAMES)
