"""The page on which a data steward sees what was found in a held file."""

from typing import cast
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import signed_in_recently
from pacs_portal.jobs.decisions import open_holds
from pacs_portal.jobs.findings import view_findings
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project


@require_POST
def held_finding(request: HttpRequest, key: str, held_id: UUID) -> HttpResponse:
    """Show what names somebody in a held file, and record the look."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    held = get_object_or_404(open_holds(project).exclude(sealed_finding=None), pk=held_id)
    if not signed_in_recently(request):
        raise ReauthenticationRequired
    context = {
        **project_context(request, project, "held"),
        "held": held,
        "findings": view_findings(held, by=cast(User, request.user)),
    }
    return render(request, "jobs/held_finding.html", context)
