"""The index of studies: who owns each UID, and what the study lists show without Orthanc."""

import uuid
from datetime import UTC, date, datetime
from typing import ClassVar, Self

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import Project


class StudyState(models.TextChoices):
    CLAIMED = "claimed", _("claimed")  # owned, nothing stored yet: invisible to readers
    STORED = "stored", _("stored")
    DELETED = "deleted", _("deleted")  # a tombstone


class StudyQuerySet(models.QuerySet["Study"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the stored studies that `user` may read."""
        return self.filter(state=StudyState.STORED, project__in=Project.objects.visible_to(user))


class Study(models.Model):
    """A study; its UID belongs to one project of the whole installation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="studies")
    study_instance_uid = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=16, choices=StudyState, default=StudyState.CLAIMED)
    # As the stored instances say: QIDO-RS is answered from here.
    patient_id = models.CharField(max_length=64, blank=True)
    patient_name = models.CharField(max_length=324, blank=True)
    patient_birth_date = models.CharField(max_length=8, blank=True)
    patient_sex = models.CharField(max_length=16, blank=True)
    study_date = models.CharField(max_length=8, blank=True, db_index=True)
    study_time = models.CharField(max_length=16, blank=True)
    study_id = models.CharField(max_length=16, blank=True)
    accession_number = models.CharField(max_length=16, blank=True)
    study_description = models.CharField(max_length=64, blank=True)
    modalities = models.JSONField(default=list)
    series_count = models.PositiveIntegerField(default=0)
    instance_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects: ClassVar[models.Manager["Study"]] = StudyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "studies"
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=StudyState.values), name="study_state_known"
            ),
        ]
        indexes = [models.Index(fields=["project", "patient_id"], name="study_of_patient")]

    def __str__(self) -> str:
        return self.study_instance_uid

    @property
    def is_kept(self) -> bool:
        """Tell whether the study may still grow: it is no tombstone."""
        return self.state != StudyState.DELETED

    @property
    def day(self) -> date | None:
        """Return the study date, None where it is unknown or no date."""
        try:
            return datetime.strptime(self.study_date, "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            return None

    @property
    def viewer_url(self) -> str:
        """Return the address that opens the study in the viewer."""
        return f"{reverse('ohif', args=['viewer'])}?StudyInstanceUIDs={self.study_instance_uid}"


class Series(models.Model):
    """A series of a study."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="series")
    series_instance_uid = models.CharField(max_length=64, unique=True)
    modality = models.CharField(max_length=16, blank=True)
    series_number = models.IntegerField(null=True)
    series_description = models.CharField(max_length=64, blank=True)
    instance_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "series"
        ordering = ["series_number", "series_instance_uid"]

    def __str__(self) -> str:
        return self.series_instance_uid


class Instance(models.Model):
    """An instance: claimed with its digest before it is sent, marked once Orthanc has it."""

    series = models.ForeignKey(Series, on_delete=models.PROTECT, related_name="instances")
    sop_instance_uid = models.CharField(max_length=64, unique=True)
    sop_class_uid = models.CharField(max_length=64)
    # As the file says: after a merge of patients it differs from the study's until it is rewritten.
    patient_id = models.CharField(max_length=64, blank=True, db_index=True)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    # The engine and profile version that made it.
    provenance = models.CharField(max_length=100)
    # Who claimed it: the same receipt, tried again after a crash, finds its own work done.
    receipt_key = models.BigIntegerField()
    claimed_at = models.DateTimeField()
    stored_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["sop_instance_uid"]

    def __str__(self) -> str:
        return self.sop_instance_uid
