"""What a steward's decision about a possible match does to patients."""

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.errors import MatchDecidedError, RegistryError
from pseudonymizer.matches.decisions import Judgment, decide_match, is_settled, open_matches
from pseudonymizer.merges.merging import merges_with, undo_merge
from pseudonymizer.models import (
    MatchReason,
    MatchState,
    PatientState,
    PossibleMatch,
    RegistryPatient,
)
from pseudonymizer.registry.patients import current, resolve
from tests.pseudonymizer.matches.people import DIFFERENT, HANS, HEINZ, SAME
from tests.pseudonymizer.suspecting import let_wait

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folders")]


def test_a_decision_for_the_same_person_can_be_undone(
    match, heinz, hans, decide, steward, project
) -> None:
    decide(match, SAME)
    (made,) = merges_with(hans)
    undo_merge(made=made, by=steward, reason=MatchReason.RELATIVES)
    assert resolve(project, HEINZ, None) == heinz
    assert resolve(project, HANS, None) == hans
    heinz.refresh_from_db()
    assert is_settled(heinz)


def test_a_pair_called_different_is_not_asked_again(match, heinz, decide, project) -> None:
    decide(match, DIFFERENT)
    again = resolve(project, replace(HEINZ, study_instance_uid="1.2.9"), None)
    assert (again, again.state) == (heinz, PatientState.CONFIRMED)
    assert not open_matches(project).exists()


def test_who_is_found_to_be_somebody_is_asked_about_no_further(match, heinz, decide, project):
    ute = resolve(project, GivenIdentity(patient_id="B-2", name="Quastenflosser^Ute"), None)
    let_wait(heinz, ute)
    decide(match, SAME)
    assert not open_matches(project).exists()
    left = PossibleMatch.objects.get(candidate=ute)
    assert left.state == MatchState.MOOT
    with pytest.raises(MatchDecidedError):
        decide(left, SAME)


def test_of_two_stewards_at_once_the_second_is_told(match, decide) -> None:
    decide(match, DIFFERENT)
    with pytest.raises(MatchDecidedError, match="already"):
        decide(match, SAME)
    match.refresh_from_db()
    assert match.state == MatchState.DIFFERENT


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_only_stewards_decide(match, who: str, request) -> None:
    with pytest.raises(PermissionDenied):
        decide_match(match=match, judgment=SAME, by=request.getfixturevalue(who))
    match.refresh_from_db()
    assert match.state == MatchState.OPEN


def test_a_reason_has_to_speak_for_the_decision(match, decide) -> None:
    with pytest.raises(RegistryError, match="reason"):
        decide(match, Judgment(is_same=True, reason=MatchReason.RELATIVES))


BARE = GivenIdentity(patient_id="A-471108")


@pytest.fixture
def bare(project, hans) -> list[RegistryPatient]:
    """Three studies that say no more than the number of Hans, and one that says more."""
    identities = [replace(BARE, study_instance_uid=f"1.2.9.{number}") for number in range(3)]
    other = replace(BARE, sex="M", study_instance_uid="1.2.9.9")
    return [resolve(project, identity, None) for identity in (*identities, other)]


@pytest.mark.parametrize(("judgment", "joined"), [(SAME, 3), (DIFFERENT, 0)])
def test_a_number_alone_is_asked_about_once_for_all_its_studies(
    project, hans, bare, decide, steward, judgment, joined
) -> None:
    match = open_matches(project).get(patient=bare[0], candidate=hans)
    assert decide_match(match=match, judgment=judgment, by=steward, for_alike=True) == 3
    for patient in bare:
        patient.refresh_from_db()
    assert sum(current(patient) == hans for patient in bare) == joined
    assert not open_matches(project).filter(candidate=hans, patient__in=bare[:3]).exists()
    assert bare[3].state == PatientState.PROVISIONAL  # says something else, so it waits
    action = "registry.match_same" if joined else "registry.match_different"
    assert Event.objects.filter(action=action).count() == 3


def test_without_being_asked_for_a_decision_is_about_one_pair(
    project, hans, bare, decide, steward
) -> None:
    match = open_matches(project).get(patient=bare[0], candidate=hans)
    decide(match, SAME)
    assert open_matches(project).filter(candidate=hans, patient__in=bare[1:3]).count() == 2


def test_the_audit_log_says_who_decided_and_names_nobody(match, decide, steward) -> None:
    decide(match, SAME)
    event = Event.objects.get(action="registry.match_same")
    assert (event.actor_id, event.target_id) == (steward.pk, str(match.pk))
    assert event.details == {"reason": "spelling"}
    match.refresh_from_db()
    assert match.decided_by == steward
