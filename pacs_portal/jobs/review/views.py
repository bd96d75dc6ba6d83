"""The page between a drop and its job: what will happen to what, surprises, and Start."""

from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.keeping import may_decide
from pacs_portal.jobs.pipelines import AUTO
from pacs_portal.jobs.review.forms import Choices, asked_fields
from pacs_portal.jobs.review.names import named_files
from pacs_portal.jobs.review.outlooks import Foreseen, Surprise, outlook_of
from pacs_portal.jobs.review.starting import StartedMeanwhileError, start_job
from pacs_portal.jobs.review.summary import Summary, Wish, summary_of, without_refused
from pacs_portal.jobs.review.surprises import SHOWN_FILES, photographs, surprises_of
from pacs_portal.projects.context import project_context
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text, registered_tools
from pacs_portal.uploads.errors import UploadError
from pacs_portal.uploads.models import FileState, Upload, UploadState
from pacs_portal.uploads.services import (
    input_files,
    is_unpacking,
    packed_files,
    removal_at,
    reopen_upload,
    shown_path,
    unpack_next,
)


@dataclass(frozen=True, repr=False)
class Shown:
    """A surprise as the page tells it: with names only for those who may read them."""

    sentence: Text
    numbers: tuple[int, ...]
    names: tuple[str, ...]
    is_cut: bool  # there are more


@require_http_methods(["GET", "HEAD", "POST"])
def upload_review(request: HttpRequest, key: str, upload_id: UUID) -> HttpResponse:
    """Show what will happen; with "start" begin it, else show it for the answers given."""
    upload = _upload(request, key, upload_id)
    if upload.state != UploadState.COMPLETE or not input_files(upload).exists():
        return redirect(upload)
    if packed_files(upload).exists():
        return render(request, "jobs/review_packed.html", _packed_context(request, upload))
    given = request.POST if request.method == "POST" else None
    choices = Choices(upload, given, request.GET.get("tool", ""))
    is_held = not may_decide(cast(User, request.user), upload.project)
    wish = Wish(choices.tool, choices.is_keeping, is_held)
    summary = summary_of(upload, wish)
    if "start" in request.POST and choices.is_valid(summary):
        return _start(request, choices, summary)
    context = {
        **project_context(request, upload.project, "upload"),
        **_outlook_context(request, choices, summary),
    }
    is_update = request.headers.get("HX-Request") == "true"
    template = "jobs/_review_outlook.html" if is_update else "jobs/review.html"
    return render(request, template, context)


@require_POST
def upload_look(request: HttpRequest, key: str, upload_id: UUID) -> HttpResponse:
    """Unpack one zip, so that the page can tell what is in it."""
    upload = _upload(request, key, upload_id)
    is_more = upload.state == UploadState.COMPLETE and unpack_next(upload)
    if request.headers.get("HX-Request") != "true":
        return redirect("upload_review", key=key, upload_id=upload.pk)
    answer = render(request, "jobs/_review_packed.html", _packed_context(request, upload))
    if not is_more:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_POST
def upload_reopen(request: HttpRequest, key: str, upload_id: UUID) -> HttpResponse:
    """Go back to the drop zone of one's own upload, to add more files."""
    own = _upload(request, key, upload_id)
    if own.created_by_id != request.user.pk:
        raise Http404
    try:
        reopen_upload(own, by=cast(User, request.user))
    except UploadError as error:
        messages.error(request, error.translated_sentence)
    return redirect(own)


def _upload(request: HttpRequest, key: str, upload_id: UUID) -> Upload:
    project = get_object_or_404(Project.objects.editable_by(request.user), key=key)
    uploads = Upload.objects.select_related("project").filter(project=project, source_project=None)
    return get_object_or_404(uploads, pk=upload_id)


def _start(request: HttpRequest, choices: Choices, summary: Summary) -> HttpResponse:
    try:
        return redirect(start_job(choices, summary, by=cast(User, request.user)))
    except StartedMeanwhileError as error:
        messages.warning(request, _(str(error)))
        return redirect(error.job)
    except JobError as error:
        messages.error(request, _(str(error)))
        return redirect(choices.upload)


def _packed_context(request: HttpRequest, upload: Upload) -> dict[str, Any]:
    unpacked = upload.files.filter(state=FileState.UNPACKED).count()
    waiting = packed_files(upload).count()
    return {
        **project_context(request, upload.project, "upload"),
        "upload": upload,
        "waiting": waiting,
        "unpacked": unpacked,
        "zips": waiting + unpacked,
        "is_busy": is_unpacking(upload),
    }


def _outlook_context(request: HttpRequest, choices: Choices, summary: Summary) -> dict[str, Any]:
    upload = choices.upload
    foreseen = _foreseen(choices, summary)
    surprises = [*surprises_of(upload, summary), *foreseen.surprises]
    if not choices.statements:
        surprises += photographs(upload.project, summary)
    # The choices stand for any tool.
    usual = summary if choices.tool == AUTO else summary_of(upload, Wish(AUTO))
    forms = [
        (form, asked_fields(form, summary.kinds), list(form.folded(summary.kinds)))
        for step, form in choices.tool_forms.items()
        if step in usual.steps
    ]
    is_guarded = not upload.project.accepts_identified
    return {
        "upload": upload,
        "choices": choices,
        "summary": without_refused(summary, upload, foreseen.refused),
        "foreseen": foreseen,
        "surprises": _shown(request, upload, surprises),
        "forms": forms,
        "tools": registered_tools(),
        "statements": [
            statement
            for tool in registered_tools()
            if is_guarded and tool.name in usual.steps
            for statement in tool.statements
        ],
        "jobs": upload.jobs.order_by("-created_at"),
        "removal_at": removal_at(upload),
        "may_add": upload.created_by_id == request.user.pk and not upload.jobs.exists(),
        "zips": upload.files.filter(state=FileState.UNPACKED).count(),
        "has_errors": choices.start.errors or any(form.errors for form, *_fields in forms),
    }


def _foreseen(choices: Choices, summary: Summary) -> Foreseen:
    """Return what the tools with work foresee, added up."""
    total = Foreseen()
    for step in sorted(summary.steps):
        outlook = outlook_of(step)
        if outlook is None:
            continue
        files = named_files(choices.upload, summary.kinds_of(step))
        one = outlook.foresee(choices.upload.project, files, choices.options(summary))
        total = replace(
            total,
            patients=total.patients + one.patients,
            studies=total.studies + one.studies,
            series=total.series + one.series,
            is_exact=total.is_exact and one.is_exact,
            joins=total.joins or one.joins,
            notes=total.notes + one.notes,
            surprises=total.surprises + one.surprises,
            refused=total.refused + one.refused,
        )
    return total


def _shown(request: HttpRequest, upload: Upload, surprises: list[Surprise]) -> list[Shown]:
    user = cast(User, request.user)
    is_steward = Project.objects.stewarded_by(user).filter(pk=upload.project_id).exists()
    wanted = {number for one in surprises for number in one.numbers[:SHOWN_FILES]}
    names: dict[int, str] = {}
    if is_steward or upload.created_by_id == user.pk:
        keys = project_keys(upload.project_id)
        files = upload.files.filter(number__in=wanted)
        names = {file.number: shown_path(file, keys) for file in files}
    return [
        Shown(
            one.sentence,
            one.numbers[:SHOWN_FILES],
            tuple(names[number] for number in one.numbers[:SHOWN_FILES] if number in names),
            len(one.numbers) > SHOWN_FILES,
        )
        for one in surprises
    ]
