"""Held files show who their patients are: where an identity takes two people, so does a look."""

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.permits import Refusal
from pacs_portal.jobs.models import HeldFile
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.approvals import Matter, approval_of, needs_two
from pseudonymizer.models import Disclosure, RegistryPatient

OF_PATIENT = _(
    "In this project, an identity takes two people, and this file says who its patient is. Ask "
    "another data steward on the page of the patient."
)
OF_NOBODY_KNOWN = _(
    "In this project, an identity takes two people, and this file may say who its patient is. Ask "
    "another data steward for a look at held files without a known patient."
)


def refusals_of_looks(holds: Sequence[HeldFile], by: User) -> dict[UUID, Refusal]:
    """Return into which of `holds`, all of one project, `by` may not look alone."""
    if not holds or not needs_two(project := holds[0].receipt.job.project):
        return {}
    planned = {held.pk: _planned_patient(held) for held in holds}
    known = RegistryPatient.objects.filter(project=project).in_bulk(set(planned.values()) - {""})
    patients = {str(pk): patient for pk, patient in known.items()}
    refusals = {pk: _refusal(project, patients.get(pk), by) for pk in set(planned.values())}
    found = {held_id: refusals[pk] for held_id, pk in planned.items()}
    return {held_id: refusal for held_id, refusal in found.items() if refusal}


def _planned_patient(held: HeldFile) -> str:
    """Return whose file it is, "" where its plan did not get so far."""
    unit = held.receipt.unit
    return str(unit.plan.get("patient") or "") if unit else ""


def _refusal(project: Project, patient: RegistryPatient | None, by: User) -> Refusal | None:
    kind = Disclosure.IDENTITY if patient else Disclosure.HELD
    if approval_of(Matter(project, kind, patient), by=by):
        return None
    if patient:
        return Refusal(OF_PATIENT, reverse("registry_patient", args=[project.key, patient.pk]))
    return Refusal(OF_NOBODY_KNOWN, reverse("approvals", args=[project.key]))
