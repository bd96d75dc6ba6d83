"""Two people for an identity, where a project wants it: the rule, and who asked whom."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pacs_portal.projects.models import Project


class Disclosure(models.TextChoices):
    """What a data steward may ask another one to approve."""

    IDENTITY = "identity", _("see who stands behind a pseudonym")
    SEARCH = "search", _("search for patients by their identity")
    PAIR = "pair", _("see two patients side by side")
    EXPORT = "export", _("export the mapping, once")
    HELD = "held", _("look at held files whose patient is not known yet")
    RULE_OFF = "rule-off", _("let one person see identities alone again")


class Reason(models.TextChoices):
    """Why somebody looks; codes, since free text could name the patient in the audit log."""

    FINDING = "finding", _("a finding that the patient must learn of")
    CONSENT = "consent", _("consent was withdrawn or must be checked")
    FOLLOW_UP = "follow-up", _("data of the same patient are to be added")
    QUALITY = "quality", _("quality check, mix-up of patients")
    SAFEKEEPING = "safekeeping", _("safekeeping of the mapping elsewhere")
    REQUEST = "request", _("request of an ethics board or authority")
    # Of those who want to end the rule of two people:
    SMALL_TEAM = "small-team", _("there are too few data stewards")
    NOT_ASKED_FOR = "not-asked-for", _("the protocol no longer asks for two people")


RULE_REASONS = (Reason.SMALL_TEAM, Reason.NOT_ASKED_FOR)
LOOK_REASONS = tuple(reason for reason in Reason if reason not in RULE_REASONS)


class TwoPersonRule(models.Model):
    """In this project nobody sees an identity alone; without a row, the rule is off."""

    project = models.OneToOneField(
        Project, on_delete=models.PROTECT, primary_key=True, related_name="+"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.project_id)


class RequestState(models.TextChoices):
    OPEN = "open", _("waits for another data steward")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")


class DisclosureRequest(models.Model):
    """One steward asks, another one answers; what was approved counts for a day."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=Disclosure)
    patient = models.ForeignKey(
        "pseudonymizer.RegistryPatient", null=True, on_delete=models.PROTECT, related_name="+"
    )
    other = models.ForeignKey(  # of a pair, the one with the higher id
        "pseudonymizer.RegistryPatient", null=True, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=16, choices=Reason)
    state = models.CharField(max_length=16, choices=RequestState, default=RequestState.OPEN)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    requested_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField(null=True)  # of an export: it counts once

    class Meta:
        ordering = ["-requested_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(reason__in=Reason.values), name="disclosure_reason_known"
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("requested_by")),
                name="disclosure_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(state=RequestState.OPEN, decided_by=None, decided_at=None)
                | Q(
                    state__in=[RequestState.APPROVED, RequestState.REFUSED],
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
                name="disclosure_decided_whole",
            ),
            models.CheckConstraint(
                condition=Q(kind=Disclosure.IDENTITY, patient__isnull=False, other=None)
                | Q(kind=Disclosure.PAIR, patient__isnull=False, other__isnull=False)
                | Q(~Q(kind__in=[Disclosure.IDENTITY, Disclosure.PAIR]), patient=None, other=None),
                name="disclosure_names_whom_it_is_about",
            ),
            models.UniqueConstraint(
                fields=["project", "kind", "requested_by"],
                condition=Q(state=RequestState.OPEN, patient=None),
                name="disclosure_asked_once",
            ),
            models.UniqueConstraint(
                fields=["patient", "requested_by"],
                condition=Q(state=RequestState.OPEN, kind=Disclosure.IDENTITY),
                name="disclosure_of_patient_asked_once",
            ),
            models.UniqueConstraint(
                fields=["patient", "other", "requested_by"],
                condition=Q(state=RequestState.OPEN, kind=Disclosure.PAIR),
                name="disclosure_of_pair_asked_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.kind} {self.state}"
