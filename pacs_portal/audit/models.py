"""Who did what, when; nobody changes it afterwards."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models


class Event(models.Model):
    """One recorded act; holds no names, identifiers, search terms or paths of patients."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    # For acts without a signed-in person: "cli:<system user>", "worker", "system".
    actor_label = models.CharField(max_length=150)
    action = models.CharField(max_length=64, db_index=True)
    # The project's UUID and not a relation: audit lies below projects.
    project_id = models.UUIDField(null=True, db_index=True)
    target_type = models.CharField(max_length=64, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    details = models.JSONField(default=dict)
    # Set where one person decides alone what elsewhere takes two (a one-person project).
    is_marked = models.BooleanField(default=False)

    class Meta:
        # The table is append-only: triggers refuse UPDATE and DELETE (audit/triggers.py).
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit event is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("An audit event is never deleted.")
