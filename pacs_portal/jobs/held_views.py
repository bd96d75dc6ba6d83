"""The page on which data stewards decide about held files."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.jobs.decisions import open_holds, reject
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.forms import RejectForm
from pacs_portal.projects.context import project_context
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project
from pacs_portal.uploads.services import shown_path

HELD_PER_PAGE = 50


@require_safe
def project_held(request: HttpRequest, key: str) -> HttpResponse:
    """List what waits for a decision, with names: this is for data stewards."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    page_obj = Paginator(open_holds(project), HELD_PER_PAGE).get_page(request.GET.get("page"))
    keys = project_keys(project.pk)
    context = {
        **project_context(request, project, "held"),
        "page_obj": page_obj,
        "rows": [
            (
                held,
                shown_path(held.receipt.upload_file, keys),
                RejectForm(auto_id=f"id_{held.pk}_%s"),
            )
            for held in page_obj.object_list
        ],
    }
    return render(request, "jobs/project_held.html", context)


@require_POST
def held_reject(request: HttpRequest, key: str, held_id: UUID) -> HttpResponse:
    """Reject a held file, with a reason."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    held = get_object_or_404(open_holds(project), pk=held_id)
    form = RejectForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say in a few words why the file is rejected."))
        return redirect("project_held", key=key)
    try:
        reject(held=held, by=cast(User, request.user), reason=form.cleaned_data["reason"])
        messages.success(request, _("The file is rejected; nothing of it was stored."))
    except JobError as error:
        messages.error(request, _(str(error)))
    return redirect("project_held", key=key)
