"""Two people for an identity: one data steward asks, another one approves, for one day."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from pacs_portal.accounts.models import User
from pacs_portal.audit.services import Actor
from pacs_portal.projects.models import Membership, Project, Role
from pacs_portal.projects.services import holds, record_in
from pseudonymizer.errors import ApprovalNeededError, RegistryError
from pseudonymizer.models import (
    Disclosure,
    DisclosureRequest,
    Reason,
    RegistryPatient,
    RequestState,
    TwoPersonRule,
)

VALID_FOR = timedelta(hours=24)
OPEN_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Matter:
    """What is to be disclosed, of which project."""

    project: Project
    kind: Disclosure
    patient: RegistryPatient | None = None
    other: RegistryPatient | None = None  # of a pair


def pair_matter(first: RegistryPatient, second: RegistryPatient) -> Matter:
    """Return the matter of two patients; which of them is named first makes no difference."""
    patient, other = sorted((first, second), key=lambda patient: patient.pk)
    return Matter(first.project, Disclosure.PAIR, patient, other)


def needs_two(project: Project) -> bool:
    """Tell whether nobody sees identities of this project alone."""
    return TwoPersonRule.objects.filter(project=project).exists()


def projects_of_two() -> QuerySet[Any]:
    """Return the ids of the projects in which nobody sees identities alone."""
    return TwoPersonRule.objects.values("project")


def may_switch_on(project: Project, by: User) -> bool:
    """Tell whether `by` may let the rule begin: it only ever protects more."""
    return by.is_active and (
        by.is_staff or holds(project, by, Role.STEWARD) or holds(project, by, Role.OWNER)
    )


def switch_on(project: Project, *, by: User) -> None:
    """Let the rule begin; it ends only when two stewards agree (Disclosure.RULE_OFF).

    Raises
    ------
    PermissionDenied
        If `by` is neither steward nor owner nor site admin.
    RegistryError
        If there are no two stewards, so that nobody could approve anything.
    """
    if not may_switch_on(project, by):
        raise PermissionDenied
    if _stewards(project).count() < 2:
        raise RegistryError(_("Name a second data steward first: nobody could approve anything."))
    with transaction.atomic():
        _rule, is_new = TwoPersonRule.objects.get_or_create(
            project=project, defaults={"created_by": by}
        )
        if is_new:
            record_in(project, by, "registry.two_person_rule_on")


def ask(matter: Matter, *, reason: Reason, by: User) -> DisclosureRequest:
    """Ask the other stewards; asked twice, it is one request.

    Raises
    ------
    PermissionDenied
        If `by` is no steward of the project.
    """
    project = matter.project
    if not holds(project, by, Role.STEWARD):
        raise PermissionDenied
    with transaction.atomic():
        _close_overdue(project)
        request, is_new = DisclosureRequest.objects.get_or_create(
            project=project,
            kind=matter.kind,
            patient=matter.patient,
            other=matter.other,
            requested_by=by,
            state=RequestState.OPEN,
            defaults={"reason": reason},
        )
        if is_new:
            _record(request, by, "registry.approval_requested")
    return request


def decide_request(request: DisclosureRequest, *, is_approved: bool, by: User) -> None:
    """Approve or refuse what another steward asked for.

    Raises
    ------
    PermissionDenied
        If `by` is no steward of the project, or asked herself.
    RegistryError
        If it was decided before, is too old, or who asked is no steward any more.
    """
    project = request.project
    if by.pk == request.requested_by_id or not holds(project, by, Role.STEWARD):
        raise PermissionDenied
    with transaction.atomic():
        locked = DisclosureRequest.objects.select_for_update().get(pk=request.pk)
        if locked.state != RequestState.OPEN:
            raise RegistryError(_("This request has been answered already."))
        if is_approved and not _is_answerable(locked):
            raise RegistryError(_("This request is no longer valid; let it be made again."))
        locked.state = RequestState.APPROVED if is_approved else RequestState.REFUSED
        locked.decided_by, locked.decided_at = by, timezone.now()
        locked.save(update_fields=["state", "decided_by", "decided_at"])
        _record(locked, by, f"registry.request_{locked.state}")
        if is_approved and locked.kind == Disclosure.RULE_OFF:
            TwoPersonRule.objects.filter(project=project).delete()
            record_in(project, by, "registry.two_person_rule_off", locked)


def approval_of(matter: Matter, *, by: Actor) -> DisclosureRequest | None:
    """Return the approval that lets `by` see this now, or None.

    Both people must be stewards still. For a command any approval of the project counts: who
    runs it has no account.
    """
    approved = DisclosureRequest.objects.filter(
        Q(requested_by__in=_stewards(matter.project).values("user")),
        Q(decided_by__in=_stewards(matter.project).values("user")),
        project=matter.project,
        kind=matter.kind,
        patient=matter.patient,
        other=matter.other,
        state=RequestState.APPROVED,
        decided_at__gt=timezone.now() - VALID_FOR,
        used_at=None,
    )
    if isinstance(by, User):
        approved = approved.filter(requested_by=by)
    return approved.order_by("-decided_at").first()


def use_approval(matter: Matter, *, by: Actor) -> None:
    """Refuse what the project wants two people for and another one has not approved.

    An approved export counts once, however many tabs ask.

    Raises
    ------
    ApprovalNeededError
        If there is no approval.
    """
    if not needs_two(matter.project):
        return
    approval = approval_of(matter, by=by)
    if approval is None:
        raise ApprovalNeededError(matter)
    if matter.kind == Disclosure.EXPORT:
        unused = DisclosureRequest.objects.filter(pk=approval.pk, used_at=None)
        if not unused.update(used_at=timezone.now()):
            raise ApprovalNeededError(matter)


def open_request(matter: Matter, *, by: User) -> DisclosureRequest | None:
    """Return what `by` has asked for and nobody has answered."""
    return (
        _open(matter.project)
        .filter(kind=matter.kind, patient=matter.patient, other=matter.other, requested_by=by)
        .first()
    )


def requests_for(project: Project, by: User) -> QuerySet[DisclosureRequest]:
    """Return the requests of other stewards that `by` can answer."""
    others = _open(project).exclude(requested_by=by)
    return others.filter(requested_by__in=_stewards(project).values("user"))


def requests_of(project: Project, by: User) -> QuerySet[DisclosureRequest]:
    """Return what `by` asked for, newest first."""
    mine = DisclosureRequest.objects.filter(project=project, requested_by=by)
    return mine.select_related("patient", "other", "decided_by")


def _open(project: Project) -> QuerySet[DisclosureRequest]:
    waiting = DisclosureRequest.objects.filter(
        project=project,
        state=RequestState.OPEN,
        requested_at__gt=timezone.now() - OPEN_FOR,
    )
    return waiting.select_related("patient", "other", "requested_by")


def _close_overdue(project: Project) -> None:
    """Let nobody wait for what is too old to be approved."""
    DisclosureRequest.objects.filter(
        project=project,
        state=RequestState.OPEN,
        requested_at__lte=timezone.now() - OPEN_FOR,
    ).delete()


def _is_answerable(request: DisclosureRequest) -> bool:
    is_young = request.requested_at > timezone.now() - OPEN_FOR
    return is_young and holds(request.project, request.requested_by, Role.STEWARD)


def _stewards(project: Project) -> QuerySet[Membership]:
    return Membership.objects.filter(project=project, role=Role.STEWARD, user__is_active=True)


def _record(request: DisclosureRequest, by: User, action: str) -> None:
    patients = {"patient": request.patient_id, "other": request.other_id}
    about = {name: str(pk) for name, pk in patients.items() if pk}
    record_in(
        request.project, by, action, request, kind=request.kind, reason=request.reason, **about
    )
