"""The page that brings studies into another project."""

from contextlib import suppress
from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import recent_sign_in_required
from pacs_portal.archive.models import Study
from pacs_portal.jobs.errors import JobError
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.forms import TransferForm
from pseudonymizer.transfers.transfer import possible_targets, transfer

MOST_STUDIES = 500


@recent_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def study_transfer(request: HttpRequest, key: str) -> HttpResponseBase:
    """Show the studies chosen, ask where they go, start the job there."""
    user = cast(User, request.user)
    source = get_object_or_404(Project.objects.stewarded_by(user), key=key)
    targets = possible_targets(source, user)
    if not targets.exists():
        raise Http404
    studies = _chosen_studies(request, source)
    if not studies:
        messages.warning(request, _("Choose the studies first."))
        return redirect(source)
    form = TransferForm(request.POST or None, targets=targets)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(transfer(studies=studies, into=form.cleaned_data["target"], by=user))
        except JobError as error:
            messages.error(request, _(str(error)))
    context = {**project_context(request, source, "studies"), "form": form, "studies": studies}
    return render(request, "pseudonymizer/study_transfer.html", context)


def _chosen_studies(request: HttpRequest, source: Project) -> list[Study]:
    """Return the studies that the address or the form names; others than these do not exist."""
    named = (request.POST if request.method == "POST" else request.GET).getlist("study")
    ids: set[UUID] = set()
    with suppress(ValueError):
        ids = {UUID(text) for text in named[:MOST_STUDIES]}
    visible = Study.objects.visible_to(request.user).filter(project=source)
    found = (
        visible.filter(pk__in=ids).select_related("project").order_by("patient_id", "study_date")
    )
    if len(found) != len(ids):
        raise Http404
    return list(found)
