"""Every look at who stands behind a pseudonym: one function each, and each leaves its record."""

from collections import Counter
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db import models
from django.utils.translation import gettext_lazy as _

from pacs_portal.audit.services import Actor
from pacs_portal.jobs.models import Job, JobUnit
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pseudonymizer.mapping import mapping_lines
from pseudonymizer.models import RegistryPatient
from pseudonymizer.registry import find, identity_of


class Reason(models.TextChoices):
    """Why somebody looks; codes, since free text could name the patient in the audit log."""

    FINDING = "finding", _("a finding that the patient must learn of")
    CONSENT = "consent", _("consent was withdrawn or must be checked")
    FOLLOW_UP = "follow-up", _("data of the same patient are to be added")
    QUALITY = "quality", _("quality check, mix-up of patients")
    SAFEKEEPING = "safekeeping", _("safekeeping of the mapping elsewhere")
    REQUEST = "request", _("request of an ethics board or authority")


def view_identity(patient: RegistryPatient, *, by: Actor, reason: Reason) -> GivenIdentity:
    """Return who the patient is, and record the look."""
    record_in(patient.project, by, "registry.identity_viewed", patient, reason=reason.value)
    return identity_of(patient)


def find_patient(project: Project, identity: GivenIdentity, *, by: Actor) -> RegistryPatient | None:
    """Return the patient of exactly this identity, and record that somebody asked, not for whom."""
    found = find(project, identity)
    record_in(project, by, "registry.searched", found, found=found is not None)
    return found


def export_mapping(project: Project, *, by: Actor, reason: Reason) -> Iterator[str]:
    """Return the project's mapping as lines of CSV, and record the export before the first one."""
    patients = RegistryPatient.objects.filter(project=project).select_related("merged_into")
    record_in(project, by, "registry.exported", reason=reason.value, patients=patients.count())
    return mapping_lines(patients.iterator(chunk_size=500), project_keys(project.pk))


def export_job_mapping(job: Job, *, by: Actor) -> Iterator[str]:
    """Return the mapping of the patients of one job as lines of CSV, and record the export."""
    units = JobUnit.objects.filter(part__job=job, plan__has_key="patient")
    patient_ids = {UUID(unit.plan["patient"]) for unit in units.iterator()}
    keys = project_keys(job.project_id)
    patients = RegistryPatient.objects.filter(project=job.project).select_related("merged_into")
    wanted = [patient for patient in patients.iterator() if patient.pk in patient_ids]
    record_in(job.project, by, "registry.exported", job, patients=len(wanted))
    return mapping_lines(wanted, keys)


def record_listing(patients: Iterable[RegistryPatient], *, by: Actor) -> None:
    """Record that a page showed the identities of `patients`: one event per project."""
    shown = Counter(patient.project for patient in patients)
    for project, count in shown.items():
        record_in(project, by, "registry.identities_listed", patients=count)
