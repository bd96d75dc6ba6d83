"""The home page: my projects, what runs, what came last."""

from typing import cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pacs_portal.accounts.models import User
from pacs_portal.jobs.models import Job, JobState
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import may_create_projects
from pacs_portal.uploads.models import Upload

SHOWN = 6


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show everything the signed-in person works with."""
    user = cast(User, request.user)
    unfinished = [JobState.WAITING, JobState.RUNNING]
    jobs = Job.objects.visible_to(user).filter(state__in=unfinished).select_related("project")
    uploads = Upload.objects.visible_to(user).select_related("project", "created_by")
    return render(
        request,
        "home.html",
        {
            "projects": Project.objects.visible_to(user),
            "running_jobs": jobs[:SHOWN],
            "last_uploads": uploads[:SHOWN],
            "may_create_projects": may_create_projects(user),
        },
    )
