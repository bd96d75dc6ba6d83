"""The registry: which pseudonym stands for whom; and the profiles: what is left of a file."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.models import Job
from pacs_portal.projects.models import Project
from pseudonymizer.models.approvals import (
    LOOK_REASONS,
    RULE_REASONS,
    Disclosure,
    DisclosureRequest,
    Reason,
    RequestState,
    TwoPersonRule,
)
from pseudonymizer.models.matches import (
    MatchReason,
    MatchState,
    MovedInstance,
    PatientMerge,
    PossibleMatch,
)

__all__ = [
    "LOOK_REASONS",
    "RULE_REASONS",
    "Disclosure",
    "DisclosureRequest",
    "IndexKind",
    "MatchReason",
    "MatchState",
    "MovedInstance",
    "PatientBlock",
    "PatientIndex",
    "PatientMerge",
    "PatientState",
    "PossibleMatch",
    "ProfileVersion",
    "Reason",
    "RegistryPatient",
    "RequestState",
    "TwoPersonRule",
]


class PatientState(models.TextChoices):
    """Whether it is settled that this is a person of her own."""

    CONFIRMED = "confirmed", _("confirmed")
    # May be another patient of the registry: nothing leaves under this pseudonym until a steward
    # has decided.
    PROVISIONAL = "provisional", _("waits for a decision")


class RegistryPatient(models.Model):
    """A patient of a project; identity and date shift are sealed with the project's field key."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="patients")
    pseudonym = models.CharField(max_length=64)
    sealed_identity = models.BinaryField()
    sealed_date_shift = models.BinaryField()
    state = models.CharField(
        max_length=16, choices=PatientState, default=PatientState.CONFIRMED, editable=False
    )
    # Which way of blocking the patient can be found by (registry/blocking_index.py); 0 is none yet.
    blocking_version = models.PositiveSmallIntegerField(default=0, editable=False)
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
        constraints: ClassVar[list[models.BaseConstraint]] = [
            # An existing list may be imported into several projects.
            models.UniqueConstraint(
                fields=["project", "pseudonym"], name="pseudonym_once_per_project"
            ),
            models.CheckConstraint(
                condition=Q(state__in=PatientState.values), name="patient_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state=PatientState.CONFIRMED) | Q(merged_into=None),
                name="patient_alias_is_settled",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "blocking_version"], name="patient_blocking_version"),
        ]

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
    # What the digest was made of, so that it can be made anew under another key.
    sealed_parts = models.BinaryField(null=True)  # None: stored before this was kept

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["project", "kind", "digest"], name="patient_index_unique"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=IndexKind.values), name="patient_index_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"


class PatientBlock(models.Model):
    """A keyed digest that patients share who may be one person: whom to compare with whom."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(RegistryPatient, on_delete=models.PROTECT, related_name="blocks")
    kind = models.CharField(max_length=16)  # of matching/blocks.py; never a name or a date alone
    key_version = models.PositiveIntegerField(default=1)
    digest = models.BinaryField(max_length=16)

    class Meta:
        indexes = [
            # No two projects share a digest: each has keys of its own.
            models.Index(fields=["digest", "patient"], name="patient_block_lookup"),
            models.Index(fields=["project", "key_version"], name="patient_block_version"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.kind}"


class ProfileVersion(models.Model):
    """One version of a project's profile; the newest counts. Rows never change (triggers.py)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="profile_versions")
    number = models.PositiveIntegerField(_("version"))
    spec = models.JSONField()
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    is_loosening = models.BooleanField(_("lets more through"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("profile version")
        verbose_name_plural = _("profile versions")
        ordering = ["-number"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["project", "number"], name="profile_version_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="profile_version_from_one"),
            models.CheckConstraint(
                condition=Q(is_loosening=False) | ~Q(reason=""), name="profile_loosening_has_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add the version; a second save of the same row is a mistake."""
        super().save(*args, **{**kwargs, "force_insert": True})

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse: jobs name the version they used."""
        raise ProtectedError("Versions of a profile are never deleted.", {self})
