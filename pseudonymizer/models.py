"""The registry: which pseudonym stands for whom; and the profiles: what is left of a file."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import ProtectedError, Q
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.models import Job
from pacs_portal.projects.models import Project
from pseudonymizer.approval_models import (
    LOOK_REASONS,
    RULE_REASONS,
    Disclosure,
    DisclosureRequest,
    Reason,
    RequestState,
    TwoPersonRule,
)

__all__ = [
    "LOOK_REASONS",
    "RULE_REASONS",
    "Disclosure",
    "DisclosureRequest",
    "IndexKind",
    "MatchReason",
    "MatchState",
    "PatientBlock",
    "PatientIndex",
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
    # Which way of blocking the patient can be found by (indexes.py); 0 is none yet.
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


class MatchState(models.TextChoices):
    OPEN = "open", _("waits for a decision")
    SAME = "same", _("the same person")
    DIFFERENT = "different", _("different people")
    # The newcomer was found to be somebody else before anybody looked at this pair.
    MOOT = "moot", _("no longer asked")


class MatchReason(models.TextChoices):
    """What a steward's decision rests on; codes, since free text could name the patient."""

    RECORDS = "records", _("the clinic's records were checked")
    SPELLING = "spelling", _("one person, written differently")
    NAME_CHANGED = "name-changed", _("one person, whose name changed")
    SLIP = "slip", _("one person, with a slip in a number or date")
    RELATIVES = "relatives", _("relatives or twins")
    ID_REUSED = "id-reused", _("one number, given to several people")
    COINCIDENCE = "coincidence", _("different people with similar data")


class PossibleMatch(models.Model):
    """A new patient who may be one the registry knows; a steward decides."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey(
        RegistryPatient, on_delete=models.PROTECT, related_name="possible_matches"
    )
    candidate = models.ForeignKey(RegistryPatient, on_delete=models.PROTECT, related_name="+")
    score = models.FloatField()  # matching/weights.py: bits of evidence
    state = models.CharField(max_length=16, choices=MatchState, default=MatchState.OPEN)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=16, choices=MatchReason, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "-score"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["patient", "candidate"], name="possible_match_once"),
            models.CheckConstraint(
                condition=~Q(patient=models.F("candidate")), name="possible_match_of_two"
            ),
            models.CheckConstraint(
                condition=Q(state__in=MatchState.values), name="possible_match_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=[MatchState.OPEN, MatchState.MOOT], reason="")
                | Q(
                    state__in=[MatchState.SAME, MatchState.DIFFERENT],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                )
                & ~Q(reason=""),
                name="possible_match_decided_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "state"], name="possible_match_open"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id} {self.candidate_id} {self.state}"


class PatientMerge(models.Model):
    """Two patients of the registry whom a steward found to be one; until it is undone."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="merges")
    kept = models.ForeignKey(RegistryPatient, on_delete=models.PROTECT, related_name="+")
    gone = models.ForeignKey(RegistryPatient, on_delete=models.PROTECT, related_name="merges")
    merged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    merged_at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=16, choices=MatchReason)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    undone_at = models.DateTimeField(null=True)
    undo_reason = models.CharField(max_length=16, choices=MatchReason, blank=True)

    class Meta:
        ordering = ["-merged_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["gone"], condition=Q(undone_at=None), name="merge_one_open_per_patient"
            ),
            models.CheckConstraint(condition=~Q(kept=models.F("gone")), name="merge_of_two"),
            models.CheckConstraint(
                condition=Q(undone_at=None, undone_by=None, undo_reason="")
                | Q(undone_at__isnull=False, undone_by__isnull=False) & ~Q(undo_reason=""),
                name="merge_undone_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gone_id} into {self.kept_id}"

    @property
    def is_undone(self) -> bool:
        """Tell whether the patients are two again."""
        return self.undone_at is not None


class MovedInstance(models.Model):
    """A stored image that a merge, or its undo, gave to another patient; noted before it went."""

    merge = models.ForeignKey(PatientMerge, on_delete=models.PROTECT, related_name="moved")
    is_undo = models.BooleanField()
    sop_instance_uid = models.CharField(max_length=64)
    old_sha256 = models.CharField(max_length=64)
    new_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["merge", "is_undo", "sop_instance_uid"], name="moved_instance_once"
            ),
        ]

    def __str__(self) -> str:
        return self.sop_instance_uid


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
