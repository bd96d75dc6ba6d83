"""The registry: which pseudonym stands for whom, one per project."""

import uuid
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.models import Job
from pacs_portal.projects.models import Project


class RegistryPatient(models.Model):
    """A patient of a project; identity and date shift are sealed with the project's field key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="patients")
    pseudonym = models.CharField(max_length=64, unique=True)
    sealed_identity = models.BinaryField()
    sealed_date_shift = models.BinaryField()
    # A merged patient is an alias of the one that stays.
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="aliases"
    )
    first_job = models.ForeignKey(Job, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("pseudonym mapping")
        verbose_name_plural = _("pseudonym mappings")
        ordering = ["created_at"]

    def __str__(self) -> str:
        return self.pseudonym


class IndexKind(models.TextChoices):
    """What a blind index was computed over; never a name or a date alone."""

    PERSON = "person", "issuer, patient ID, birth date and name"
    STUDY = "study", "issuer, patient ID and study"


class PatientIndex(models.Model):
    """A keyed digest by which a patient is recognized without reading the registry."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(RegistryPatient, on_delete=models.PROTECT, related_name="indexes")
    kind = models.CharField(max_length=16, choices=IndexKind)
    key_version = models.PositiveIntegerField(default=1)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["project", "kind", "digest"], name="patient_index_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"
