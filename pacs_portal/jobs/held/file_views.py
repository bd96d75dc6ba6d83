"""One held file: what data stewards see of it, and what becomes of it."""

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import sign_in_again, signed_in_recently
from pacs_portal.jobs.errors import BusyError, JobError
from pacs_portal.jobs.forms import HeldFileForm, PictureForm
from pacs_portal.jobs.held.decisions import DECIDED, decide, open_holds
from pacs_portal.jobs.held.findings import values_of, view_findings
from pacs_portal.jobs.held.looks import see_file, see_picture, see_thumbnail, sizes_of, unseen
from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.held.permits import LookRefusedError, refusal_of
from pacs_portal.jobs.held.pictures import View
from pacs_portal.jobs.held.rows import held_page
from pacs_portal.jobs.models import HeldFile
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project

RETRY_AFTER = {"Retry-After": "1"}


@require_safe
def held_file(request: HttpRequest, key: str, held_id: UUID) -> HttpResponse:
    """Show one held file: its pictures, and what was found in it."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    holds = HeldFile.objects.filter(of_projects([project.pk]))
    if get_object_or_404(holds, pk=held_id).decision:  # by the browser's button, or a link
        messages.info(request, _(DECIDED))
        return redirect("project_held", key=key)
    held = _held(request, key, held_id)
    if not signed_in_recently(request):
        raise ReauthenticationRequired
    return _page(request, held, HeldFileForm())


@posted_from("held_file")
def held_file_decide(request: HttpRequest, key: str, held_id: UUID) -> HttpResponse:
    """Decide about one held file, and go on to the next one of the same cause."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    held = open_holds(project).filter(pk=held_id).first()
    if held is None:
        messages.error(request, _(DECIDED))
        return redirect("project_held", key=key)
    form = HeldFileForm(request.POST)
    if not form.is_valid():
        return _refused(request, held, form, form.sentence())
    following = held_page(held, project_keys(project.pk)).next_id
    try:
        decide(held=held, choice=form.choice(by=cast(User, request.user)))
    except JobError as error:
        return _refused(request, held, form, _(str(error)))
    messages.success(request, _("The file is decided about."))
    if following:
        return redirect("held_file", key=key, held_id=following)
    return redirect("project_held", key=key)


@require_safe
def held_picture(request: HttpRequest, key: str, held_id: UUID) -> HttpResponse:
    """Send a frame of a held file."""
    held = _held(request, key, held_id)
    form = PictureForm(request.GET)
    if not form.is_valid():
        raise Http404
    return _png(request, held, form.view())


@require_safe
def held_thumbnail(request: HttpRequest, key: str, held_id: UUID) -> HttpResponse:
    """Send a small picture of a held file, with the boxes that were found."""
    return _png(request, _held(request, key, held_id), None)


@require_safe
def held_download(request: HttpRequest, key: str, held_id: UUID) -> HttpResponseBase:
    """Send a held file, or the document in it, to be looked at with another program."""
    held = _held(request, key, held_id)
    if not signed_in_recently(request):
        return sign_in_again(reverse("held_file", args=[key, held_id]))
    try:
        file = see_file(held, by=cast(User, request.user))
    except LookRefusedError:
        return HttpResponseForbidden()
    except JobError:
        raise Http404 from None
    return FileResponse(file.stream, as_attachment=True, filename=file.name)


def _held(request: HttpRequest, key: str, held_id: UUID) -> HeldFile:
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    return get_object_or_404(open_holds(project), pk=held_id)


def _refused(
    request: HttpRequest, held: HeldFile, form: HeldFileForm, sentence: str
) -> HttpResponse:
    """Show the page again with what was entered, unless the password is due again.

    Who clicks twice, or decides at the same moment as somebody else, finds the file gone.
    """
    messages.error(request, sentence)
    project = held.receipt.job.project
    if not open_holds(project).filter(pk=held.pk).exists():
        return redirect("project_held", key=project.key)
    if not signed_in_recently(request):
        return redirect("held_file", key=project.key, held_id=held.pk)
    return _page(request, held, form)


def _page(request: HttpRequest, held: HeldFile, form: HeldFileForm) -> HttpResponse:
    project = held.receipt.job.project
    by = cast(User, request.user)
    shown = held_page(held, project_keys(project.pk))
    context: dict[str, Any] = {
        **project_context(request, project, "held"),
        "held": held,
        "form": form,
        "shown": shown,
        "boxes": form.entered_boxes() if form.is_bound else shown.boxes,
        "is_unseen": bool(unseen([held])),
    }
    if refusal := refusal_of(held, by):
        return render(request, "jobs/held_file.html", context | {"refusal": refusal})
    findings = view_findings(held, by=by)
    context["found"] = [(value, form.wish(value.line)) for value in values_of(findings)]
    try:
        context["sizes"] = [vars(size) for size in sizes_of(held)]
    except JobError as error:
        context["no_picture"] = str(error)
    return render(request, "jobs/held_file.html", context)


def _png(request: HttpRequest, held: HeldFile, view: View | None) -> HttpResponse:
    """Send a picture; a page asks for the password, the pictures in it cannot."""
    if not signed_in_recently(request):
        return HttpResponseForbidden()
    by = cast(User, request.user)
    try:
        picture = see_thumbnail(held, by=by) if view is None else see_picture(held, view, by=by)
    except LookRefusedError:
        return HttpResponseForbidden()
    except BusyError:
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, headers=RETRY_AFTER)
    except JobError:
        raise Http404 from None
    return HttpResponse(picture, content_type="image/png")
