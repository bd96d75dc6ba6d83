"""Django's administration, which pages and checks need and commands do not."""

from collections.abc import Sequence

from django.apps import AppConfig
from django.contrib.admin import AdminSite, autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.core.checks import CheckMessage
from django.urls import URLPattern, URLResolver


class PortalAdminSite(AdminSite):
    """Loads the administration of the apps when it is shown or checked, not when they start."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        autodiscover()
        return super().get_urls()

    def check(self, app_configs: Sequence[AppConfig] | None) -> list[CheckMessage]:
        autodiscover()
        return super().check(app_configs)


class AdministrationConfig(SimpleAdminConfig):
    """The app of the administration, with the portal's site."""

    default = False
    default_site = "pacs_portal.administration.PortalAdminSite"
