"""What people brought: uploads and their files, with paths kept secret."""

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

NO_UPLOAD_YET = uuid.UUID(int=0)  # in an address, the browser puts the upload's id in its place


class UploadState(models.TextChoices):
    OPEN = "open", _("receiving")
    COMPLETE = "complete", _("complete")
    DISCARDED = "discarded", _("discarded")


class UploadQuerySet(models.QuerySet["Upload"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the uploads of the projects that `user` may open."""
        return self.filter(project__in=Project.objects.visible_to(user))

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Return the uploads to which `user` may send files or start jobs from."""
        return self.filter(project__in=Project.objects.editable_by(user))


class Upload(models.Model):
    """One drop of files into a project, described by its manifest."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="uploads")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    actor_label = models.CharField(max_length=150, blank=True)  # "cli:<system user>"
    # Where its files are instances of the archive: the project that owns them.
    source_project = models.ForeignKey(
        Project, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=16, choices=UploadState, default=UploadState.OPEN)
    file_count = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Upload"]] = UploadQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=UploadState.values), name="upload_state_known"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    def get_absolute_url(self) -> str:
        return reverse("upload", args=[self.project.key, self.pk])

    @property
    def waits_for_start(self) -> bool:
        """Tell whether all has arrived and no job has begun, so that nothing came of it yet."""
        return self.state == UploadState.COMPLETE and not self.jobs.all()


class FileState(models.TextChoices):
    EXPECTED = "expected", _("expected")
    STORED = "stored", _("in the archive")  # fetched when its job begins
    RECEIVED = "received", _("received")
    UNPACKED = "unpacked", _("unpacked")
    GONE = "gone", _("removed after the last receipt")


class UploadFile(models.Model):
    """One file of an upload; its path is an identity, sealed with the project's path key."""

    upload = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="files")
    number = models.PositiveIntegerField()  # 1, 2, …: what people without the path see
    # The zip this file was unpacked from.
    container = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="members"
    )
    sealed_path = models.BinaryField()
    path_digest = models.BinaryField(max_length=32)
    # Command line only: where the source lies; such a file is read in place and never removed.
    sealed_source = models.BinaryField(null=True)
    # From the archive only: which instance it is there.
    sop_instance_uid = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField()
    modified_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=FileState, default=FileState.EXPECTED)
    received_bytes = models.PositiveBigIntegerField(default=0)
    kind = models.CharField(max_length=32, blank=True)  # sniffed by content
    refusal = models.CharField(max_length=300, blank=True)  # why a zip was not unpacked
    # Keyed; tells equal contents of one upload. Unknown for what was not sent.
    content_digest = models.BinaryField(max_length=16, null=True)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["upload", "number"], name="upload_file_number_once"),
            models.UniqueConstraint(fields=["upload", "path_digest"], name="upload_file_path_once"),
            models.CheckConstraint(
                condition=Q(received_bytes__lte=models.F("size_bytes")),
                name="upload_file_not_more_than_announced",
            ),
            models.CheckConstraint(
                condition=Q(state__in=FileState.values), name="upload_file_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}/{self.number}"


class CompanionQuerySet(models.QuerySet["Companion"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the files that `user` may download."""
        return self.filter(removed_at=None, project__in=Project.objects.visible_to(user))

    def removable_by(self, user: User | AnonymousUser) -> Self:
        """Return the files that `user` may remove: her own while she contributes, or as steward."""
        own = Q(
            upload_file__upload__created_by=user.pk,
            project__in=Project.objects.editable_by(user),
        )
        stewarded = Q(project__in=Project.objects.stewarded_by(user))
        return self.filter(own | stewarded, removed_at=None)


class Companion(models.Model):
    """A file kept with its project as it came; its name is the sealed path of the upload's file."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="companions")
    number = models.PositiveIntegerField()  # 1, 2, …: what people without the name see
    upload_file = models.OneToOneField(
        UploadFile, on_delete=models.PROTECT, related_name="companion"
    )
    size_bytes = models.PositiveBigIntegerField()
    # Who kept it: the same receipt, tried again after a crash, finds its own work done.
    receipt_key = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True)
    removed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects: ClassVar[CompanionQuerySet] = CompanionQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="companion_number_once"),
        ]

    def __str__(self) -> str:
        return f"{self.project_id}/{self.number}"
