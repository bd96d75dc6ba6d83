"""The study list of a project, and the removal of a study."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.archive.columns import columns_of
from pacs_portal.archive.errors import ArchiveUnavailableError
from pacs_portal.archive.forms import StudyFilterForm
from pacs_portal.archive.models import Study
from pacs_portal.archive.services import delete_study
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pacs_portal.tools import StudyAction, registered_tools

STUDIES_PER_PAGE = 50


@require_safe
def project(request: HttpRequest, key: str) -> HttpResponse:
    """List the studies of a project."""
    shown = get_object_or_404(Project.objects.visible_to(request.user), key=key)
    studies = Study.objects.visible_to(request.user).filter(project=shown)
    form = StudyFilterForm(request.GET, project=shown)
    form.is_valid()
    page = Paginator(form.chosen(studies), STUDIES_PER_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "archive/study_list.html",
        {
            **project_context(request, shown, "studies"),
            "columns": columns_of(form.order_name),
            "form": form,
            "is_filtered": any(form.cleaned_data.get(name) for name in _FILTERS),
            "page_obj": page,
            "actions": _actions(request, shown),
        },
    )


def _actions(request: HttpRequest, shown: Project) -> list[StudyAction]:
    offered = (action for tool in registered_tools() for action in tool.study_actions)
    return [action for action in offered if action.is_offered(request.user, shown)]


_FILTERS = ("q", "modality", "first", "last")


@require_POST
def study_delete(request: HttpRequest, key: str, study_id: UUID) -> HttpResponse:
    """Take a study out of the project for good."""
    user = cast(User, request.user)
    kept = get_object_or_404(Project.objects.stewarded_by(user), key=key)
    study = get_object_or_404(Study.objects.visible_to(user), project=kept, pk=study_id)
    try:
        delete_study(study=study, by=user)
        messages.success(request, _("The study is deleted."))
    except ArchiveUnavailableError:
        messages.warning(
            request,
            _("The study is closed to everybody; its images go as soon as the archive answers."),
        )
    return redirect(kept)
