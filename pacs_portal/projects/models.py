"""Projects, who is in them, and the secrets each one keeps."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User


class Role(models.TextChoices):
    """What a member may do; a person may hold several roles in one project."""

    VIEWER = "viewer", _("viewer")
    CONTRIBUTOR = "contributor", _("contributor")
    STEWARD = "steward", _("data steward")
    OWNER = "owner", _("owner")


CONTRIBUTING_ROLES = (Role.CONTRIBUTOR, Role.STEWARD, Role.OWNER)


class ProjectQuerySet(models.QuerySet["Project"]):
    """Every lookup of a project starts from what the user may do with it."""

    def with_role(self, user: User | AnonymousUser, *roles: Role) -> Self:
        """Return the active projects in which `user` holds one of `roles`."""
        if not user.is_active or user.pk is None:
            return self.none()
        memberships = Membership.objects.filter(user_id=user.pk, role__in=roles)
        return self.filter(is_active=True, pk__in=memberships.values("project_id"))

    def visible_to(self, user: User | AnonymousUser) -> Self:
        """Return the projects whose studies `user` may open."""
        return self.with_role(user, *Role)

    def editable_by(self, user: User | AnonymousUser) -> Self:
        """Return the projects to which `user` may upload and in which she may run tools."""
        return self.with_role(user, *CONTRIBUTING_ROLES)

    def stewarded_by(self, user: User | AnonymousUser) -> Self:
        """Return the projects whose identities `user` may see."""
        return self.with_role(user, Role.STEWARD)

    def owned_by(self, user: User | AnonymousUser) -> Self:
        """Return the projects whose members and settings `user` manages."""
        return self.with_role(user, Role.OWNER)


class Project(models.Model):
    """A closed room for studies; only its members open it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    key = models.CharField(
        _("key"),
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z0-9]+(-[a-z0-9]+)*\Z", _("Use a-z, 0-9 and single hyphens."))
        ],
        help_text=_("Short name in addresses; it can never be changed."),
    )
    name = models.CharField(_("name"), max_length=200)
    description = models.TextField(_("description"), blank=True)
    accepts_identified = models.BooleanField(
        _("accepts identified data"),
        default=False,
        help_text=_("Only a site admin may switch this on; every page of the project says so."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[models.Manager["Project"]] = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(key__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"), name="project_key_is_plain"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("project", args=[self.key])


class Membership(models.Model):
    """One role of one person in one project."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "project", "role"], name="membership_role_once"
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.project_id}"


class Purpose(models.TextChoices):
    """Which family of keys grows from a project secret."""

    IDENTITY = "identity", _("identities: fields, indexes, paths")
    UIDS = "uids", _("UIDs: never rotated, or references would break")


class ProjectSecret(models.Model):
    """A project's random root secret, wrapped by a key of the key file (projects/keys.py)."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="secrets")
    purpose = models.CharField(max_length=16, choices=Purpose)
    version = models.PositiveIntegerField(default=1)
    wrapped = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "purpose", "version"], name="project_secret_version_once"
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="project_secret_purpose_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project_id} {self.purpose} {self.version}"


class KeyFileCheck(models.Model):
    """Tells whether the key file is the one this database was made with."""

    key_id = models.CharField(max_length=16, unique=True)
    fingerprint = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key_id
