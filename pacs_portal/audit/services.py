"""The one way to write the audit log."""

from datetime import timedelta
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import models
from django.utils import timezone

from pacs_portal.audit.models import Event

Actor = AbstractBaseUser | str


def count_since(actor: AbstractBaseUser, action: str, within: timedelta) -> int:
    """Return how often a person did something lately."""
    since = timezone.now() - within
    return Event.objects.filter(actor_id=actor.pk, action=action, at__gt=since).count()


def record(
    actor: Actor,
    action: str,
    target: models.Model | None = None,
    *,
    project_id: UUID | None = None,
    is_marked: bool = False,
    **details: str | int | bool,
) -> Event:
    """Write one event; `actor` is a user, or a label such as "cli:alice" or "worker".

    `details` take numbers, UUIDs, codes and role names, never what identifies a patient.
    """
    return Event.objects.create(
        actor_id=None if isinstance(actor, str) else actor.pk,
        actor_label=actor if isinstance(actor, str) else f"user:{actor.pk}",
        action=action,
        project_id=project_id,
        target_type=target._meta.label_lower if target is not None else "",
        target_id=str(target.pk) if target is not None else "",
        details=details,
        is_marked=is_marked,
    )
