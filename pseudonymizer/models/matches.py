"""Who may be one person with whom, what stewards found, and which images moved for it."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pacs_portal.projects.models import Project


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
        "pseudonymizer.RegistryPatient", on_delete=models.PROTECT, related_name="possible_matches"
    )
    candidate = models.ForeignKey(
        "pseudonymizer.RegistryPatient", on_delete=models.PROTECT, related_name="+"
    )
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
            models.CheckConstraint(
                condition=Q(reason__in=["", *MatchReason.values]), name="match_reason_known"
            ),
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
    kept = models.ForeignKey(
        "pseudonymizer.RegistryPatient", on_delete=models.PROTECT, related_name="+"
    )
    gone = models.ForeignKey(
        "pseudonymizer.RegistryPatient", on_delete=models.PROTECT, related_name="merges"
    )
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
            models.CheckConstraint(
                condition=Q(reason__in=MatchReason.values)
                & Q(undo_reason__in=["", *MatchReason.values]),
                name="merge_reason_known",
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
