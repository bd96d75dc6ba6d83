"""Pages: upload files, the history of uploads, one upload."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required, login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.projects.context import project_context
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text, registered_tools
from pacs_portal.uploads.errors import UploadError
from pacs_portal.uploads.intake import upload_create
from pacs_portal.uploads.kinds import kind_label
from pacs_portal.uploads.models import NO_UPLOAD_YET, FileState, Upload, UploadFile, UploadState
from pacs_portal.uploads.services import discard_upload, input_files, removal_at, shown_path

UPLOADS_PER_PAGE = 25
FILES_PER_PAGE = 100


@require_safe
def project_upload(request: HttpRequest, key: str) -> HttpResponse:
    """Drop files, choose what becomes of them, start."""
    project = get_object_or_404(Project.objects.editable_by(request.user), key=key)
    context = {
        **project_context(request, project, "upload"),
        "upload_id": NO_UPLOAD_YET,
        "tools": registered_tools(),
    }
    return render(request, "uploads/upload_files.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def uploads(request: HttpRequest, key: str) -> HttpResponse:
    """Show the history, or open an upload; a script without a session gets 401, a person a page."""
    if request.method == "POST":
        return upload_create(request, key)
    return login_required(upload_list)(request, key)


def upload_list(request: HttpRequest, key: str) -> HttpResponse:
    """Show who uploaded what, when, and what became of it."""
    project = get_object_or_404(Project.objects.visible_to(request.user), key=key)
    history = project.uploads.select_related("created_by", "project").prefetch_related("jobs")
    page = Paginator(history, UPLOADS_PER_PAGE).get_page(request.GET.get("page"))
    context = {**project_context(request, project, "uploads"), "page_obj": page}
    return render(request, "uploads/upload_list.html", context)


@require_safe
def upload(request: HttpRequest, key: str, upload_id: UUID) -> HttpResponse:
    """Show one upload with its files; only the uploader and the stewards read their names."""
    project = get_object_or_404(Project.objects.visible_to(request.user), key=key)
    shown = get_object_or_404(project.uploads.select_related("created_by"), pk=upload_id)
    frame = project_context(request, project, "uploads")
    is_own = shown.created_by_id == request.user.pk
    may_read_names = is_own or frame["is_steward"]
    page = Paginator(shown.files.order_by("number"), FILES_PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        **frame,
        "upload": shown,
        "upload_id": shown.pk,
        "page_obj": page,
        "rows": _rows(list(page.object_list), project, may_read_names=may_read_names),
        "may_read_names": may_read_names,
        "may_send": is_own and frame["can_contribute"] and shown.state == UploadState.OPEN,
        "may_discard": is_own and (shown.state == UploadState.OPEN or shown.waits_for_start),
        "removal_at": removal_at(shown),
        "may_start": frame["can_contribute"] and _has_work(shown),
        "missing": shown.files.filter(state=FileState.EXPECTED).count(),
        "jobs": shown.jobs.all(),
        "tools": registered_tools(),
    }
    return render(request, "uploads/upload.html", context)


@require_POST
def upload_discard(request: HttpRequest, key: str, upload_id: UUID) -> HttpResponse:
    """Drop an upload that no job has worked on."""
    user = cast(User, request.user)
    own = Upload.objects.editable_by(user).filter(created_by=user)
    dropped = get_object_or_404(own, pk=upload_id, project__key=key)
    try:
        discard_upload(dropped, by=user)
        messages.success(request, _("The upload was discarded; nothing of it was kept."))
    except UploadError as error:
        messages.error(request, error.translated_sentence)
    return redirect("upload_list", key=key)


@dataclass(frozen=True, repr=False)
class FileRow:
    """One line of the table of files; `name` is empty for those who may not read it."""

    file: UploadFile
    name: str

    @property
    def kind_label(self) -> Text:
        """What its content is, in plain words; "" until somebody looked."""
        return kind_label(self.file.kind)


def _has_work(upload: Upload) -> bool:
    if upload.source_project_id is not None:  # its job was started with it
        return False
    return upload.state == UploadState.COMPLETE and input_files(upload).exists()


def _rows(files: list[UploadFile], project: Project, *, may_read_names: bool) -> list[FileRow]:
    if not may_read_names:
        return [FileRow(file, "") for file in files]
    keys = project_keys(project.pk)
    return [FileRow(file, shown_path(file, keys)) for file in files]
