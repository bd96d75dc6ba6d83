"""Sign-ins, passwords and second factors, and every change made in Django's administration."""

import json
from typing import Any

from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_save
from django.dispatch import receiver

from pacs_portal.audit.services import record

ANONYMOUS = "anonymous"


@receiver(user_logged_in)
def record_sign_in(user: AbstractBaseUser, **_: Any) -> None:
    record(user, "account.signed-in", user)


@receiver(user_logged_out)
def record_sign_out(user: AbstractBaseUser | None, **_: Any) -> None:
    if user is not None:
        record(user, "account.signed-out", user)


@receiver(user_login_failed)
def record_failed_sign_in(**_: Any) -> None:
    """Record that it happened; what was typed is nobody's business and may be a password."""
    record(ANONYMOUS, "account.sign-in-failed")


@receiver([password_changed, password_set])
def record_password_change(user: AbstractBaseUser, **_: Any) -> None:
    record(user, "account.password-changed", user)


@receiver(password_reset)
def record_password_reset(user: AbstractBaseUser, **_: Any) -> None:
    record(user, "account.password-reset", user)


@receiver(authenticator_added)
def record_factor_added(user: AbstractBaseUser, authenticator: Any, **_: Any) -> None:
    record(user, "account.factor-added", user, factor=str(authenticator.type))


@receiver(authenticator_removed)
def record_factor_removed(user: AbstractBaseUser, authenticator: Any, **_: Any) -> None:
    record(user, "account.factor-removed", user, factor=str(authenticator.type))


@receiver(authenticator_reset)
def record_factor_reset(user: AbstractBaseUser, authenticator: Any, **_: Any) -> None:
    record(user, "account.factor-reset", user, factor=str(authenticator.type))


@receiver(authentication_failed)
def record_factor_failed(user: AbstractBaseUser, **_: Any) -> None:
    record(user, "account.factor-failed", user)


@receiver(post_save, sender=LogEntry)
def record_administration(instance: LogEntry, created: bool, **_: Any) -> None:
    """Record what was changed by which fields; the values stay where they are."""
    if not created:
        return
    verb = {ADDITION: "added", CHANGE: "changed"}.get(instance.action_flag, "deleted")
    model = instance.content_type.model if instance.content_type else ""
    record(
        instance.user,
        f"admin.{verb}",
        target_model=model,
        target_key=str(instance.object_id or ""),
        fields=", ".join(_changed_fields(instance.change_message)),
        to_oneself=model == "user" and instance.object_id == str(instance.user.pk),
    )


def _changed_fields(message: str) -> list[str]:
    try:
        parts = json.loads(message)
    except ValueError:
        return []
    return [
        field
        for part in parts
        if isinstance(part, dict)
        for field in part.get("changed", {}).get("fields", [])
    ]
