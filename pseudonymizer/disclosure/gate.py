"""The one gate to who stands behind a pseudonym: nothing is shown but through these functions.

Each checks that the person is a data steward now, that she has not seen too much in a while
(limits.py), and, where the project wants two people, that another steward approved it
(approvals.py); and each leaves its record in the audit log before anything is opened.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from pacs_portal.accounts.models import User
from pacs_portal.audit.models import Event
from pacs_portal.audit.services import Actor
from pacs_portal.jobs.models import Job, JobUnit
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project, Role
from pacs_portal.projects.services import holds, record_in
from pseudonymizer.disclosure.approvals import Matter, needs_two, pair_matter, use_approval
from pseudonymizer.disclosure.limits import (
    EXPORTED,
    LIST_CHECKED,
    LISTED,
    PAIR_VIEWED,
    SEARCHED,
    VIEWED,
    check_limit,
    counted,
)
from pseudonymizer.models import Disclosure, Reason, RegistryPatient
from pseudonymizer.registry.mapping import mapping_lines
from pseudonymizer.registry.patients import find, identity_of

PAIR_REMEMBERED = timedelta(hours=1)


@dataclass(frozen=True)
class ExportPermit:
    """That somebody may export the mapping of a project now; `permit_export` makes it."""

    project: Project
    by: Actor


def view_identity(patient: RegistryPatient, *, by: Actor, reason: Reason) -> GivenIdentity:
    """Return who the patient is, and record the look; what the others raise, too:

    Raises
    ------
    PermissionDenied
        If `by` is no data steward of the project.
    TooManyError
        If she has seen too much in a while.
    ApprovalNeededError
        If another data steward has to approve it first.
    """
    with counted(patient.project, by):
        _permit(Matter(patient.project, Disclosure.IDENTITY, patient), VIEWED, by)
        record_in(patient.project, by, VIEWED, patient, reason=reason.value)
    return identity_of(patient)


def view_pair(
    first: RegistryPatient, second: RegistryPatient, *, by: Actor
) -> tuple[GivenIdentity, GivenIdentity]:
    """Return who two patients of a project are, side by side, and record the look at both."""
    with counted(first.project, by):
        _permit(pair_matter(first, second), PAIR_VIEWED, by)
        record_in(first.project, by, PAIR_VIEWED, first, other=str(second.pk))
    return identity_of(first), identity_of(second)


def has_viewed_pair(first: RegistryPatient, second: RegistryPatient, *, by: User) -> bool:
    """Tell whether `by` has seen these two side by side in the last hour."""
    looks = Event.objects.filter(
        actor=by, action=PAIR_VIEWED, at__gt=timezone.now() - PAIR_REMEMBERED
    )
    either_way = Q(target_id=str(first.pk), details__other=str(second.pk)) | Q(
        target_id=str(second.pk), details__other=str(first.pk)
    )
    return looks.filter(either_way).exists()


def find_patient(project: Project, identity: GivenIdentity, *, by: Actor) -> RegistryPatient | None:
    """Return the patient of exactly this identity, and record that somebody asked, not for whom."""
    with counted(project, by):
        _permit(Matter(project, Disclosure.SEARCH), SEARCHED, by)
        found = find(project, identity)
        record_in(project, by, SEARCHED, found, found=found is not None)
    return found


def permit_list_check(project: Project, *, rows: int, by: Actor) -> None:
    """Permit that a list is compared with the registry, many searches at once, and record it."""
    with counted(project, by):
        _permit(Matter(project, Disclosure.SEARCH), LIST_CHECKED, by)
        record_in(project, by, LIST_CHECKED, rows=rows)


def permit_export(project: Project, *, by: Actor) -> ExportPermit:
    """Permit one export; for those who must know before a long run."""
    with counted(project, by):
        _permit(Matter(project, Disclosure.EXPORT), EXPORTED, by)
    return ExportPermit(project, by)


def export_mapping(project: Project, *, by: Actor, reason: Reason) -> Iterator[str]:
    """Return the project's mapping as lines of CSV, and record the export before the first one."""
    patients = RegistryPatient.objects.filter(project=project).select_related("merged_into")
    with counted(project, by):
        _permit(Matter(project, Disclosure.EXPORT), EXPORTED, by)
        record_in(project, by, EXPORTED, reason=reason.value, patients=patients.count())
    return mapping_lines(patients.iterator(chunk_size=500), project_keys(project.pk))


def export_job_mapping(job: Job, permitted: ExportPermit) -> Iterator[str]:
    """Return the mapping of the patients of one job as lines of CSV, and record the export."""
    if permitted.project != job.project:
        raise PermissionDenied
    units = JobUnit.objects.filter(part__job=job, plan__has_key="patient")
    patient_ids = {UUID(unit.plan["patient"]) for unit in units.iterator()}
    keys = project_keys(job.project_id)
    patients = RegistryPatient.objects.filter(project=job.project).select_related("merged_into")
    wanted = sorted(patients.in_bulk(patient_ids).values(), key=lambda one: one.created_at)
    record_in(job.project, permitted.by, EXPORTED, job, patients=len(wanted))
    return mapping_lines(wanted, keys)


def permit_listing(patients: Iterable[RegistryPatient], *, by: Actor) -> frozenset[UUID]:
    """Record a page that lists identities, one event per project; return whose it may show.

    Where two people are needed, a list shows pseudonyms alone.
    """
    projects = {patient.project_id: patient.project for patient in patients}
    alone = {pk for pk, project in projects.items() if not needs_two(project)}
    shown = [patient for patient in patients if patient.project_id in alone]
    for project_id, count in Counter(patient.project_id for patient in shown).items():
        with counted(projects[project_id], by):
            check_limit(LISTED, by=by)
            record_in(projects[project_id], by, LISTED, patients=count)
    return frozenset(patient.pk for patient in shown)


def _permit(matter: Matter, action: str, by: Actor) -> None:
    """Refuse what may not be disclosed; the caller then records the action."""
    if isinstance(by, User) and not holds(matter.project, by, Role.STEWARD):
        raise PermissionDenied
    check_limit(action, by=by)
    use_approval(matter, by=by)
