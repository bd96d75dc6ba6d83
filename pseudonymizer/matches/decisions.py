"""Possible matches: new patients who may be known already, and what a steward decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.releasing import release_due
from pacs_portal.jobs.steps import PlanValues
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pseudonymizer.errors import MatchDecidedError, RegistryError
from pseudonymizer.matches.alike import alike_matches
from pseudonymizer.models import (
    MatchReason,
    MatchState,
    PatientMerge,
    PatientState,
    PossibleMatch,
    RegistryPatient,
)
from pseudonymizer.registry.patients import current, lock_registry

REASONS_FOR_SAME = (
    *(MatchReason.RECORDS, MatchReason.SPELLING, MatchReason.NAME_CHANGED, MatchReason.SLIP),
)
REASONS_FOR_DIFFERENT = (
    *(MatchReason.RECORDS, MatchReason.RELATIVES, MatchReason.ID_REUSED, MatchReason.COINCIDENCE),
)


@dataclass(frozen=True)
class Judgment:
    """What a steward found about a pair, and what it rests on."""

    is_same: bool
    reason: MatchReason


def open_matches(project: Project) -> QuerySet[PossibleMatch]:
    """Return the pairs of `project` that wait for a decision, newest first."""
    waiting = PossibleMatch.objects.filter(project=project, state=MatchState.OPEN)
    return waiting.select_related("patient__first_job", "candidate__first_job")


def decide_match(
    *, match: PossibleMatch, judgment: Judgment, by: User, for_alike: bool = False
) -> int:
    """Settle one pair; when nothing is left to ask about the patient, her files go on.

    With `for_alike`, the same is decided about every newcomer of whom exactly the same is known.
    Return how many pairs were settled.

    Raises
    ------
    PermissionDenied
        If the steward is none of the project.
    MatchDecidedError
        If somebody else decided first.
    RegistryError
        If the reason does not speak for this decision.
    """
    project = match.project
    reasons = REASONS_FOR_SAME if judgment.is_same else REASONS_FOR_DIFFERENT
    if judgment.reason not in reasons:
        raise RegistryError(_("Choose a reason that speaks for this decision."))
    if not Project.objects.stewarded_by(by).filter(pk=project.pk).exists():
        raise PermissionDenied
    with transaction.atomic():
        lock_registry(project)
        pairs = [match, *(alike_matches(match) if for_alike else ())]
        for pair in pairs:
            _decide(pair, judgment, by)
    release_due(project, by)
    return len(pairs)


def is_settled(patient: RegistryPatient) -> bool:
    """Tell whether anything may leave under the pseudonym of `patient`."""
    return current(patient).state == PatientState.CONFIRMED


def are_settled(plans: Sequence[PlanValues]) -> list[bool]:
    """Tell of each unit's plan whether its patient is settled (jobs/held/releasing.py)."""
    ids = [UUID(str(plan["patient"])) for plan in plans]
    patients = RegistryPatient.objects.select_related("merged_into").in_bulk(set(ids))
    return [is_settled(patients[patient_id]) for patient_id in ids]


def _decide(match: PossibleMatch, judgment: Judgment, by: User) -> None:
    _settle(match, judgment, by)
    if judgment.is_same:
        _join(match, judgment, by)
    elif not _open_rows(match.patient).exists():
        _confirm(match.patient)
    action = "registry.match_same" if judgment.is_same else "registry.match_different"
    record_in(match.project, by, action, match, reason=judgment.reason.value)


def _settle(match: PossibleMatch, judgment: Judgment, by: User) -> None:
    """Note the decision, unless there is one already."""
    settled = PossibleMatch.objects.filter(pk=match.pk, state=MatchState.OPEN).update(
        state=MatchState.SAME if judgment.is_same else MatchState.DIFFERENT,
        decided_by=by,
        decided_at=timezone.now(),
        reason=judgment.reason,
    )
    if not settled:
        raise MatchDecidedError(_("Another data steward has decided about this pair already."))


def _join(match: PossibleMatch, judgment: Judgment, by: User) -> None:
    """Make the patient an alias; nothing was written under her pseudonym, so nothing moves.

    It is a merge like any other (merges/merging.py), and undone like one.
    """
    kept, gone = current(match.candidate), match.patient
    _open_rows(gone).update(state=MatchState.MOOT)
    _confirm(gone)
    PatientMerge.objects.create(
        project=match.project, kept=kept, gone=gone, merged_by=by, reason=judgment.reason
    )
    RegistryPatient.objects.filter(pk=gone.pk).update(merged_into=kept)


def _confirm(patient: RegistryPatient) -> None:
    RegistryPatient.objects.filter(pk=patient.pk).update(state=PatientState.CONFIRMED)


def _open_rows(patient: RegistryPatient) -> QuerySet[PossibleMatch]:
    return PossibleMatch.objects.filter(patient=patient, state=MatchState.OPEN)
