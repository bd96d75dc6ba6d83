"""The files kept with a project: list, download, remove."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.projects.context import project_context
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pacs_portal.uploads.companions.services import neutral_name, remove_companion
from pacs_portal.uploads.models import Companion
from pacs_portal.uploads.services import shown_path
from pacs_portal.uploads.storage import companion_store

FILES_PER_PAGE = 100


@dataclass(frozen=True, repr=False)
class CompanionRow:
    """One line of the table; `name` is empty for those who may not read it."""

    companion: Companion
    name: str
    may_remove: bool


@require_safe
def project_files(request: HttpRequest, key: str) -> HttpResponse:
    """List the kept files, the newest first; names for uploaders and stewards only."""
    project = get_object_or_404(Project.objects.visible_to(request.user), key=key)
    frame = project_context(request, project, "files")
    kept = Companion.objects.visible_to(request.user).filter(project=project)
    related = kept.select_related("upload_file__upload__created_by").order_by("-number")
    page = Paginator(related, FILES_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    removable = Companion.objects.removable_by(request.user).filter(pk__in=[c.pk for c in shown])
    may_remove = set(removable.values_list("pk", flat=True))
    keys = project_keys(project.pk)
    rows = [
        CompanionRow(
            one,
            shown_path(one.upload_file, keys)
            if frame["is_steward"] or _is_own(request, one)
            else "",
            one.pk in may_remove,
        )
        for one in shown
    ]
    context = {**frame, "page_obj": page, "rows": rows}
    return render(request, "uploads/project_files.html", context)


@require_safe
def companion_download(request: HttpRequest, key: str, companion_id: UUID) -> FileResponse:
    """Send a kept file as it came, as something to save and never to show."""
    companion = _visible(request, key, companion_id)
    try:
        stream = companion_store().open(companion.pk)
    except FileNotFoundError:  # just being removed
        raise Http404 from None
    record_in(companion.project, cast(User, request.user), "companion.downloaded", companion)
    return FileResponse(
        stream,
        as_attachment=True,
        filename=_name_for(request, companion),
        content_type="application/octet-stream",
        headers={
            "Content-Length": str(companion.size_bytes),
            "X-Content-Type-Options": "nosniff",
        },
    )


@require_POST
def companion_remove(request: HttpRequest, key: str, companion_id: UUID) -> HttpResponse:
    """Remove a kept file for good."""
    _visible(request, key, companion_id)
    removable = Companion.objects.removable_by(request.user).select_related("project")
    companion = get_object_or_404(removable, pk=companion_id)
    remove_companion(companion, by=cast(User, request.user))
    messages.success(request, _("The file was removed."))
    return redirect("project_files", key=key)


def _visible(request: HttpRequest, key: str, companion_id: UUID) -> Companion:
    visible = Companion.objects.visible_to(request.user).filter(project__key=key)
    related = visible.select_related("project", "upload_file__upload")
    return get_object_or_404(related, pk=companion_id)


def _is_own(request: HttpRequest, companion: Companion) -> bool:
    return companion.upload_file.upload.created_by_id == request.user.pk


def _name_for(request: HttpRequest, companion: Companion) -> str:
    stewarded = Project.objects.stewarded_by(request.user).filter(pk=companion.project_id)
    if not (_is_own(request, companion) or stewarded.exists()):
        return neutral_name(companion)
    path = shown_path(companion.upload_file, project_keys(companion.project_id))
    return "".join(c if c.isprintable() else "_" for c in PurePosixPath(path).name)
