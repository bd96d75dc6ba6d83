"""Addresses of the site; each app and each tool keeps its own."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from pacs_portal.health import healthz, readyz
from pacs_portal.home import home
from pacs_portal.tools import registered_tools

admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    re_path(r"^web(?:/.*)?$", RedirectView.as_view(pattern_name="home")),
    path("accounts/", include("pacs_portal.accounts.urls")),
    path("admin/", admin.site.urls),
    path("projects/", include("pacs_portal.projects.urls")),
    path("projects/<slug:key>/", include("pacs_portal.uploads.urls")),
    path("", include("pacs_portal.jobs.urls")),
    path("", include("pacs_portal.archive.urls")),
]
for tool in registered_tools():
    urlpatterns.append(path(f"{tool.name}/", include(tool.urls)))
    if tool.project_urls:
        urlpatterns.append(path("projects/<slug:key>/", include(tool.project_urls)))
