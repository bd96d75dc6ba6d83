"""The audit log, to read and to search."""

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pacs_portal.audit.models import Event


@admin.register(Event)
class EventAdmin(admin.ModelAdmin):
    """Read-only for everybody; the database refuses changes as well."""

    list_display = ("at", "actor_label", "actor", "action", "target_type", "target_id", "is_marked")
    list_filter = ("action", "is_marked", "at")
    search_fields = ("=actor_label", "=action", "=target_id", "=project_id", "=actor__email")
    search_help_text = _("Actor, action, target, project or e-mail: exact words.")
    list_select_related = ("actor",)
    date_hierarchy = "at"
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        return False
