"""Held files show who their patients are: where an identity takes two people, so does a look."""

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.permits import Refusal
from pacs_portal.jobs.models import HeldFile
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


def refusal_of_look(held: HeldFile, by: User) -> Refusal | None:
    """Return why `by` may not look into `held` alone; None where she may."""
    project = held.receipt.job.project
    if not needs_two(project):
        return None
    patient = _patient_of(held)
    kind = Disclosure.IDENTITY if patient else Disclosure.HELD
    if approval_of(Matter(project, kind, patient), by=by):
        return None
    if patient:
        return Refusal(OF_PATIENT, reverse("registry_patient", args=[project.key, patient.pk]))
    return Refusal(OF_NOBODY_KNOWN, reverse("approvals", args=[project.key]))


def _patient_of(held: HeldFile) -> RegistryPatient | None:
    """Return whose file it is, where its plan got so far."""
    unit = held.receipt.unit
    planned = unit.plan.get("patient") if unit else None
    if planned is None:
        return None
    return RegistryPatient.objects.filter(project=held.receipt.job.project, pk=planned).first()
