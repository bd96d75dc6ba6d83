"""The home page: my projects, what runs, what came last."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pacs_portal.accounts.models import User
from pacs_portal.archive.models import StudyState
from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.models import HeldFile, Job, JobState
from pacs_portal.jobs.services import Progress, progress_of
from pacs_portal.projects.models import Membership, Project
from pacs_portal.projects.services import may_create_projects
from pacs_portal.uploads.models import Upload, UploadState

SHOWN = 5


@dataclass(frozen=True)
class UploadRow:
    """What somebody brought, and how far the newest of its jobs is."""

    upload: Upload
    job: Job | None
    progress: Progress | None


@dataclass(frozen=True)
class ProjectCard:
    """A project on the home page of one person."""

    project: Project
    roles: tuple[str, ...]
    study_count: int
    held_count: int  # files that wait for her decision: 0 for all but data stewards


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what the signed-in person works with."""
    user = cast(User, request.user)
    unfinished = [JobState.WAITING, JobState.RUNNING]
    jobs = Job.objects.visible_to(user).filter(state__in=unfinished).select_related("project")
    uploads = (
        Upload.objects.visible_to(user)
        .exclude(state=UploadState.DISCARDED)
        .select_related("project", "created_by")
        .prefetch_related("jobs")
    )
    return render(
        request,
        "home.html",
        {
            "cards": project_cards(user),
            "running_jobs": jobs[:SHOWN],
            "last_uploads": _upload_rows(list(uploads[:SHOWN])),
            "may_create_projects": may_create_projects(user),
        },
    )


def _upload_rows(uploads: list[Upload]) -> list[UploadRow]:
    newest = {job.upload_id: job for upload in uploads for job in reversed(upload.jobs.all())}
    states = progress_of(list(newest.values()))
    rows = []
    for upload in uploads:
        job = newest.get(upload.pk)
        rows.append(UploadRow(upload, job, states[job.pk] if job else None))
    return rows


def project_cards(user: User) -> list[ProjectCard]:
    """Return the projects of `user` with her roles and their number of studies."""
    roles: dict[object, list[str]] = {}
    for membership in Membership.objects.filter(user=user):
        roles.setdefault(membership.project_id, []).append(membership.get_role_display())
    projects = Project.objects.visible_to(user).annotate(
        study_count=Count("studies", filter=Q(studies__state=StudyState.STORED))
    )
    held = _held_counts(user)
    return [
        ProjectCard(project, tuple(roles[project.pk]), project.study_count, held.get(project.pk, 0))
        for project in projects
    ]


def _held_counts(user: User) -> dict[UUID, int]:
    waiting = HeldFile.objects.filter(
        of_projects(Project.objects.stewarded_by(user)), decision=""
    ).order_by()
    counted = waiting.values_list("receipt__job__project").annotate(Count("pk"))
    return dict(counted)
