"""Work and what became of it. The database is the truth; a queue only wakes workers."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import Project
from pacs_portal.uploads.models import Upload, UploadFile


class Destination(models.TextChoices):
    ARCHIVE = "archive", _("store in the archive")
    DOWNLOAD = "download", _("give back as a zip")
    FOLDER = "folder", _("write to a folder")  # command line only


class JobState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")  # could not even be planned


class Runner(models.TextChoices):
    """Whose parts they are: the portal's workers never take a command's."""

    WORKERS = "workers", _("workers")
    COMMAND = "command", _("command line")


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the jobs of the projects that `user` may open."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Return the jobs that `user` may cancel and retry."""
        return self.filter(project__in=Project.objects.editable_by(user))


class Job(models.Model):
    """One run of a pipeline over the files of an upload; its creation is the outputs' clock."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="jobs")
    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="jobs")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=150, blank=True)
    tool = models.CharField(max_length=32)  # "auto", or the name of a registered step
    destination = models.CharField(max_length=16, choices=Destination)
    runner = models.CharField(max_length=16, choices=Runner, default=Runner.WORKERS)
    # The command that runs the job (jobs/owners.py); when it is gone, nobody else goes on.
    command_process = models.CharField(max_length=100, blank=True)
    # What is no identity stands open, the profile's version with it; the rest is sealed.
    options = models.JSONField(default=dict)
    sealed_options = models.BinaryField(null=True)
    state = models.CharField(max_length=16, choices=JobState, default=JobState.WAITING)
    cancel_requested_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Job"]] = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(condition=Q(runner__in=Runner.values), name="job_runner_known"),
            models.CheckConstraint(
                condition=Q(destination__in=Destination.values), name="job_destination_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])


class PartKind(models.TextChoices):
    PLAN = "plan", _("inventory and plan")
    WORK = "work", _("work")


class PartState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class JobPart(models.Model):
    """What one worker does under one lease; the plan itself is the first part of its job."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="parts")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=PartKind)
    steps = models.JSONField(default=list)  # ordered names: ["convert", "pseudonymize", "store"]
    state = models.CharField(max_length=16, choices=PartState, default=PartState.WAITING)
    not_before = models.DateTimeField(null=True)  # waiting for the archive to come back
    attempts = models.PositiveIntegerField(default=0)  # claims since the last receipt
    waits = models.PositiveIntegerField(default=0)  # times in a row that the archive was away
    # The lease: whoever took the part last owns the highest fence, and only she may write.
    fence = models.PositiveIntegerField(default=0)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["job", "number"]
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="job_part_number_once"),
            models.CheckConstraint(
                condition=Q(state__in=PartState.values), name="part_state_known"
            ),
            models.CheckConstraint(condition=Q(kind__in=PartKind.values), name="part_kind_known"),
        ]
        indexes = [
            # leases.claimable_parts(); whole, since SQLite takes no partial index for parameters
            models.Index(fields=["state", "not_before", "id"], name="job_part_claimable"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.number}"


class JobUnit(models.Model):
    """Files that are processed together and never span parts (a series, a volume, an image)."""

    part = models.ForeignKey(JobPart, on_delete=models.PROTECT, related_name="units")
    number = models.PositiveIntegerField()
    # UUIDs, UIDs and numbers the plan fixed before any part ran; nothing that identifies.
    plan = models.JSONField(default=dict)
    sealed_values = models.BinaryField(null=True)  # what does identify (jobs/private_values.py)
    # Counted only after a worker died in this part: finds the file that kills workers.
    attempts = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["part", "number"]
        constraints = [
            models.UniqueConstraint(fields=["part", "number"], name="job_unit_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.part_id}/{self.number}"


class Outcome(models.TextChoices):
    WAITING = "waiting", _("waiting")
    WRITTEN = "written", _("written")
    STORED = "stored", _("stored")
    DUPLICATE = "duplicate", _("already there")
    HELD = "held", _("held back")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("skipped")
    CANCELLED = "cancelled", _("cancelled")


class FileReceipt(models.Model):
    """What became of one input file of a job."""

    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="receipts")
    upload_file = models.ForeignKey(UploadFile, on_delete=models.PROTECT, related_name="receipts")
    unit = models.ForeignKey(JobUnit, null=True, on_delete=models.PROTECT, related_name="receipts")
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.WAITING)
    code = models.CharField(max_length=64, blank=True)  # stable: "truncated", "is-dicom", …
    reason = models.CharField(max_length=300, blank=True)  # a sentence; quotes no value
    attempts = models.PositiveIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["job", "upload_file"]
        constraints = [
            models.UniqueConstraint(fields=["job", "upload_file"], name="receipt_one_per_file"),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="receipt_outcome_known"
            ),
        ]
        indexes = [models.Index(fields=["job", "outcome"], name="receipt_progress")]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.upload_file_id} {self.outcome}"


class ReceiptAttempt(models.Model):
    """One try at a file; a retry appends, nothing is overwritten."""

    receipt = models.ForeignKey(FileReceipt, on_delete=models.PROTECT, related_name="history")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome)
    code = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["receipt", "number"]
        constraints = [
            models.UniqueConstraint(fields=["receipt", "number"], name="attempt_number_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=Outcome.values), name="attempt_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id}/{self.number} {self.outcome}"


class ReceiptOutput(models.Model):
    """One instance that came out of a file."""

    receipt = models.ForeignKey(FileReceipt, on_delete=models.PROTECT, related_name="outputs")
    study_instance_uid = models.CharField(max_length=64)
    sop_instance_uid = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    path = models.CharField(max_length=300, blank=True)  # below the result; pseudonyms and UIDs

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["receipt", "sop_instance_uid"], name="output_once_per_receipt"
            ),
        ]
        # receipts._known_instances(): has another file of the job given this image already?
        indexes = [models.Index(fields=["sop_instance_uid"], name="output_instance")]

    def __str__(self) -> str:
        return self.sop_instance_uid


class Decision(models.TextChoices):
    ACCEPT = "accept", _("accept")
    REDACT = "redact", _("redact")
    REPLACE = "replace", _("replace")
    REJECT = "reject", _("reject")
    FALSE_ALARM = "false-alarm", _("false alarm for this value")


class HeldFile(models.Model):
    """A file that waits for a steward; it lies in held/<id>/, never in Orthanc or a download."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    receipt = models.ForeignKey(FileReceipt, on_delete=models.PROTECT, related_name="holds")
    cause = models.CharField(max_length=64)
    stage = models.CharField(max_length=32)  # "plan", or the name of the step that held it
    # What was found in the header, a line each (jobs/held/findings.py): where, and sealed, what.
    place = models.TextField(blank=True)
    sealed_finding = models.BinaryField(null=True)
    # What was found in the pixels: [frame or null, left, top, width, height] each.
    regions = models.JSONField(default=list)
    has_original = models.BooleanField(default=False)
    has_output = models.BooleanField(default=False)
    # With --output nothing is copied: the decision is found again by the content (contents.py).
    sealed_content = models.BinaryField(null=True)
    decision = models.CharField(max_length=16, choices=Decision, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decision_reason = models.CharField(max_length=300, blank=True)
    redactions = models.JSONField(default=list)  # what the steward had blacked out, as `regions`
    # Lines of the findings: those that name nobody, and those that are taken out.
    false_alarms = models.JSONField(default=list)
    removals = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["receipt"], condition=Q(decision=""), name="held_one_open_per_receipt"
            ),
            models.CheckConstraint(
                condition=Q(decision__in=["", *Decision.values]), name="held_decision_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.receipt_id} {self.cause}"


class WorkerHeartbeat(models.Model):
    """A worker that was alive a moment ago (pacs_portal.jobs.worker)."""

    owner = models.CharField(max_length=100, primary_key=True)
    seen_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.owner
