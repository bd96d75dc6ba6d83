"""Accounts in Django's administration."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.forms import NewUserForm, UserForm
from pacs_portal.accounts.models import ExternalIdentity, User

RIGHTS = ("is_staff", "is_superuser", "user_permissions")

admin.site.unregister(Group)  # rights come from project roles
admin.site.unregister(EmailAddress)  # an account has one e-mail, its own
admin.site.unregister(Authenticator)  # allauth's page would show the secrets
admin.site.disable_action("delete_selected")  # the audit log would not hear of it
admin.site.site_header = _("PACS2go administration")
admin.site.site_title = _("PACS2go administration")
admin.site.index_title = _("Administration")


class ExternalIdentityInline(admin.TabularInline):
    """Set by sign-ins through the identity provider, never by hand."""

    model = ExternalIdentity
    extra = 0
    readonly_fields = ("issuer", "sub", "created_at")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Adds by e-mail; people who leave are deactivated, the history still names them."""

    form = UserForm
    add_form = NewUserForm
    ordering = ("email",)
    list_display = ("email", "full_name", "is_active", "is_staff", "is_local", "last_login")
    list_filter = ("is_active", "is_staff", "is_superuser", "is_local")
    search_fields = ("email", "full_name")
    readonly_fields = ("is_local", "last_login", "date_joined")
    filter_horizontal = ("user_permissions",)
    inlines = (ExternalIdentityInline,)
    fieldsets = (
        (None, {"fields": ("email", "password", "full_name")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        (_("History"), {"fields": ("is_local", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": ("email", "full_name", "usable_password", "password1", "password2"),
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Let only superusers give rights: whoever may change accounts would give herself all."""
        return self.readonly_fields if _is_superuser(request) else (*self.readonly_fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Keep a superuser's account, with its password, from those who are none."""
        is_allowed: bool = super().has_change_permission(request, obj)
        return is_allowed and (obj is None or not obj.is_superuser or _is_superuser(request))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin):
    """Second factors, to remove one whose owner lost it; the secrets are not shown."""

    list_display = fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    search_fields = ("user__email",)
    list_select_related = ("user",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        """Keep a superuser's factors from those who are none."""
        is_allowed: bool = super().has_delete_permission(request, obj)
        return is_allowed and (obj is None or not obj.user.is_superuser or _is_superuser(request))
