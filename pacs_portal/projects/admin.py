"""Projects in Django's administration: settings to change, members to read."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import reverse

from pacs_portal.projects.models import Membership, Project
from pacs_portal.projects.services import record_in


class MembershipInline(admin.TabularInline):
    """Who is in the project; changed on its members page, where the rules of roles hold."""

    model = Membership
    extra = 0
    fields = readonly_fields = ("user", "role", "created_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False


@admin.register(Project)
class ProjectAdmin(admin.ModelAdmin):
    """Where a site admin reopens a project or lets it accept identified data."""

    list_display = ("name", "key", "is_active", "accepts_identified", "created_at")
    list_filter = ("is_active", "accepts_identified")
    search_fields = ("name", "key")
    readonly_fields = ("id", "key", "created_by", "created_at")
    inlines = (MembershipInline,)

    def view_on_site(self, obj: Project) -> str:
        """Lead to the page where the first data steward is named."""
        return reverse("project_members", args=[obj.key])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a project comes with keys and an owner: /projects/new/

    def has_delete_permission(self, request: HttpRequest, obj: Project | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Project, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        switches: dict[str, Any] = {
            name: getattr(obj, name)
            for name in ("is_active", "accepts_identified")
            if name in form.changed_data
        }
        record_in(obj, request.user, "project.changed", **switches)  # type: ignore[arg-type]
