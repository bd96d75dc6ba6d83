"""Pages of jobs: one job with its receipts, the jobs of a project, start, cancel, retry."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.jobs.downloads import is_downloadable, removal_at, zip_stream
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.forms import OutcomeFilter, StartForm
from pacs_portal.jobs.models import Destination, Job, JobState, Outcome
from pacs_portal.jobs.receipt_rows import may_read_names, receipt_rows, study_url, tool_label
from pacs_portal.jobs.services import (
    cancel_job,
    create_job,
    has_work_left,
    is_waiting_for_archive,
    progress,
    progress_of,
    retry_job,
)
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pacs_portal.tools import facts_of
from pacs_portal.uploads.models import Upload

JOBS_PER_PAGE = 25
RECEIPTS_PER_PAGE = 100
UNFINISHED = (JobState.WAITING, JobState.RUNNING)


@require_safe
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show one job: how far it is, and a receipt per file."""
    shown = _visible(request, job_id)
    user = cast(User, request.user)
    named = may_read_names(user, shown)
    outcome = OutcomeFilter(request.GET)
    chosen = outcome.cleaned_data["outcome"] if outcome.is_valid() else ""
    receipts = shown.receipts.select_related("upload_file").order_by("upload_file__number")
    receipts = receipts.prefetch_related("outputs", "history", "holds")
    page = Paginator(receipts.filter(outcome=chosen) if chosen else receipts, RECEIPTS_PER_PAGE)
    page_obj = page.get_page(request.GET.get("page"))
    context = {
        **project_context(request, shown.project, "jobs"),
        **_progress_context(shown),
        "page_obj": page_obj,
        "rows": receipt_rows(shown, list(page_obj.object_list), named=named),
        "may_read_names": named,
        "chosen_outcome": chosen,
        "tool_label": tool_label(shown.tool),
        "facts": facts_of(shown),
        "study_url": study_url(shown),
        "may_edit": Job.objects.editable_by(user).filter(pk=shown.pk).exists(),
    }
    return render(request, "jobs/job.html", context)


@require_safe
def job_progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Answer the polling of a job page; once the job has ended, the whole page is shown anew."""
    shown = _visible(request, job_id)
    response = render(request, "jobs/_progress.html", _progress_context(shown))
    if shown.state not in UNFINISHED:
        response.headers["HX-Refresh"] = "true"
    return response


@require_safe
def project_jobs(request: HttpRequest, key: str) -> HttpResponse:
    """Show the jobs of a project, newest first."""
    project = get_object_or_404(Project.objects.visible_to(request.user), key=key)
    jobs = project.jobs.select_related("created_by", "upload")
    page_obj = Paginator(jobs, JOBS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page_obj.object_list)
    states = progress_of(shown)
    rows = [(job, tool_label(job.tool), states[job.pk]) for job in shown]
    context = {**project_context(request, project, "jobs"), "page_obj": page_obj, "rows": rows}
    return render(request, "jobs/project_jobs.html", context)


@require_POST
def job_create(request: HttpRequest, key: str, upload_id: UUID) -> HttpResponse:
    """Start a job over a complete upload."""
    user = cast(User, request.user)
    project = get_object_or_404(Project.objects.editable_by(user), key=key)
    upload = get_object_or_404(Upload.objects.filter(project=project), pk=upload_id)
    form = StartForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose one of the tools and where the results go."))
        return redirect(upload)
    try:
        started = create_job(
            upload=upload,
            tool=form.cleaned_data["tool"],
            destination=Destination(form.cleaned_data["destination"]),
            by=user,
            options=form.job_options(),
        )
    except JobError as error:
        messages.error(request, _(str(error)))
        return redirect(upload)
    return redirect(started)


@require_POST
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Cancel a job; what is done stays done."""
    shown = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    cancel_job(job=shown, by=cast(User, request.user))
    messages.success(request, _("The job is cancelled; what was done before stays."))
    return redirect(shown)


@require_POST
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Try again what failed or was cancelled."""
    shown = get_object_or_404(Job.objects.editable_by(request.user), pk=job_id)
    try:
        retry_job(job=shown, by=cast(User, request.user))
    except JobError as error:
        messages.error(request, _(str(error)))
    return redirect(shown)


@require_safe
def job_download(request: HttpRequest, job_id: UUID) -> StreamingHttpResponse:
    """Send the results of a job as a zip."""
    shown = _visible(request, job_id)
    if not is_downloadable(shown):
        raise Http404
    record_in(shown.project, cast(User, request.user), "job.downloaded", shown)
    stream = zip_stream(shown)
    name = f"{shown.project.key}-{shown.pk}.zip"
    return StreamingHttpResponse(
        stream,
        content_type="application/zip",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Length": str(len(stream)),
        },
    )


def _visible(request: HttpRequest, job_id: UUID) -> Job:
    jobs = Job.objects.visible_to(request.user)
    return get_object_or_404(jobs.select_related("project", "upload", "created_by"), pk=job_id)


def _progress_context(shown: Job) -> dict[str, Any]:
    state = progress(shown)
    counted = [(outcome, state.by_outcome.get(outcome, 0)) for outcome in Outcome]
    return {
        "job": shown,
        "progress": state,
        "counts": [(outcome, count) for outcome, count in counted if count],
        "is_unfinished": shown.state in UNFINISHED,
        "is_cancelling": shown.state in UNFINISHED and shown.cancel_requested_at is not None,
        "is_waiting_for_archive": is_waiting_for_archive(shown),
        "can_retry": shown.state not in UNFINISHED and has_work_left(shown),
        "can_download": is_downloadable(shown),
        "removal_at": removal_at(shown),
    }
