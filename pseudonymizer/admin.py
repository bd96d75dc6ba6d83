"""Registry and profiles in Django's administration: to read, by staff who are stewards."""

from collections.abc import Sequence
from typing import Any, cast

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import signed_in_recently
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.gate import permit_listing
from pseudonymizer.disclosure.refusals import discloses
from pseudonymizer.models import ProfileVersion, RegistryPatient
from pseudonymizer.registry.patients import identity_of


class OfStewards(admin.ModelAdmin):
    """Rows of projects, to read only, for staff who are stewards of them and for nobody else."""

    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        stewarded = Project.objects.stewarded_by(_person(request))
        return super().get_queryset(request).filter(project__in=stewarded)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user = _person(request)
        if not (user.is_active and user.is_staff):
            return False
        stewarded = Project.objects.stewarded_by(user)
        return stewarded.filter(pk=obj.project_id).exists() if obj else stewarded.exists()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(RegistryPatient)
class RegistryPatientAdmin(OfStewards):
    """Shows pseudonym and patient; being a superuser alone opens nothing here."""

    list_display = ("pseudonym", "patient", "project", "created_at", "first_job")
    list_filter = (("project", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("project", "first_job")
    list_per_page = list_max_show_all = 50  # a page of identities counts as one look
    search_fields = ("=pseudonym",)
    search_help_text = _("A whole pseudonym.")
    show_full_result_count = False
    fields = readonly_fields = (
        *("pseudonym", "patient", "project", "created_at", "first_job", "merged_into"),
    )

    @admin.display(description=_("patient"))
    def patient(self, obj: RegistryPatient) -> str:
        """Name, ID and birth date as the images gave them, where the gate permitted them."""
        if not getattr(obj, "is_disclosed", False):
            return "–"
        identity = identity_of(obj)
        return " · ".join(
            part for part in (identity.name, identity.patient_id, identity.birth_date) if part
        )

    @method_decorator(discloses)
    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what the gate permits."""
        response = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", {}).get("cl")
        if listed is not None:
            listed.result_list = list(listed.result_list)
            _disclose(listed.result_list, request)
        return response

    @method_decorator(discloses)
    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show what the gate permits."""
        response = super().change_view(request, object_id, form_url, extra_context)
        shown = getattr(response, "context_data", {}).get("original")
        if shown is not None:
            _disclose([shown], request)
        return response


@admin.register(ProfileVersion)
class ProfileVersionAdmin(OfStewards):
    """Shows what a project's jobs may have used; versions never change."""

    list_display = ("project", "number", "is_loosening", "created_by", "created_at")
    list_filter = (("project", admin.RelatedOnlyFieldListFilter), "is_loosening")
    list_select_related = ("project", "created_by")
    ordering = ("project__key", "-number")
    fields = readonly_fields = (
        *("project", "number", "spec", "reason", "is_loosening", "created_by", "created_at"),
    )


def _disclose(patients: Sequence[RegistryPatient], request: HttpRequest) -> None:
    """Mark whom the page, which is rendered after this, may show; an old session is asked first."""
    if not signed_in_recently(request):
        raise ReauthenticationRequired
    permitted = permit_listing(patients, by=_person(request))
    for patient in patients:
        patient.is_disclosed = patient.pk in permitted  # type: ignore[attr-defined]


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
