"""The page on which data stewards decide about held files."""

from collections.abc import Iterable
from contextlib import suppress
from typing import cast
from uuid import UUID

from allauth.core.exceptions import ReauthenticationRequired
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import signed_in_recently
from pacs_portal.jobs.forms import DecisionForm
from pacs_portal.jobs.held.decisions import DECIDED, Choice, decide_all, open_holds, open_like
from pacs_portal.jobs.held.rows import HeldGroup, held_groups
from pacs_portal.jobs.models import Decision, HeldFile
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project

HELD_PER_PAGE = 50
MOST_AT_ONCE = 1000  # decided about in one go; the page then offers the rest


@require_safe
def project_held(request: HttpRequest, key: str) -> HttpResponse:
    """List what waits for a decision, with names: this is for data stewards."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    if "pictures" in request.GET and not signed_in_recently(request):
        raise ReauthenticationRequired
    return _page(request, project)


def _page(
    request: HttpRequest, project: Project, refused: DecisionForm | None = None
) -> HttpResponse:
    """Show the list, with what was entered where not everything could be decided."""
    has_pictures = "pictures" in request.GET and signed_in_recently(request)
    page_obj = Paginator(open_holds(project), HELD_PER_PAGE).get_page(request.GET.get("page"))
    groups = held_groups(
        list(page_obj.object_list), project_keys(project.pk), cast(User, request.user)
    )
    context = {
        **project_context(request, project, "held"),
        "page_obj": page_obj,
        "has_pictures": has_pictures,
        "may_show_pictures": not has_pictures
        and any(row.has_picture for group in groups for row in group.rows),
        "groups": [
            (group, _form_of(group, f"id_{number}_%s", refused))
            for number, group in enumerate(groups)
        ],
    }
    return render(request, "jobs/project_held.html", context)


def _form_of(group: HeldGroup, auto_id: str, refused: DecisionForm | None) -> DecisionForm:
    """Return the form of a group: as it was entered, if it was this one's."""
    shown = {str(row.held.pk) for row in group.rows}
    if refused is None or shown.isdisjoint(refused.sent_about):
        return DecisionForm(auto_id=auto_id)
    refused.auto_id = auto_id
    return refused


@posted_from("project_held")
def held_decide(request: HttpRequest, key: str) -> HttpResponse:
    """Decide about held files, with one reason for all."""
    project = get_object_or_404(Project.objects.stewarded_by(request.user), key=key)
    chosen = request.POST.getlist("held") or request.POST.getlist("like")
    # Only these are read: a hundred thousand may wait.
    holds = {held.pk: held for held in open_holds(project).filter(pk__in=_ids(chosen))}
    form = DecisionForm(request.POST, held_ids=holds)
    if form.is_valid():
        choice = Choice(
            decision=Decision(form.cleaned_data["decision"]),
            by=cast(User, request.user),
            reason=form.cleaned_data["reason"],
            only_seen=not form.cleaned_data["unseen_too"],
        )
        like = form.cleaned_data["like"]
        wanted = open_like(holds[like])[:MOST_AT_ONCE] if like else ()
        chosen_holds = [*wanted] or [holds[pk] for pk in form.cleaned_data["held"]]
        if _decide_all(request, chosen_holds, choice):
            query = request.GET.urlencode()  # the page, with or without pictures
            return redirect(reverse("project_held", args=[key]) + (f"?{query}" if query else ""))
    elif chosen and form.errors.keys() & {"held", "like"}:
        messages.error(request, _(DECIDED))
    else:
        messages.error(request, form.sentence())
    return _page(request, project, refused=form)


def _ids(texts: Iterable[str]) -> list[UUID]:
    """Return the ids among `texts`; the form says what is none."""
    found: list[UUID] = []
    for text in texts:
        with suppress(ValueError):
            found.append(UUID(text))
    return found


def _decide_all(request: HttpRequest, holds: list[HeldFile], choice: Choice) -> bool:
    """Decide about each of `holds`, say what came of it, and return whether all were decided."""
    refusals = decide_all(holds=holds, choice=choice)
    count = len(holds) - len(refusals)
    if count:
        done = ngettext("%d file is decided about.", "%d files are decided about.", count)
        messages.success(request, done % count)
    for refusal in sorted(set(refusals)):
        messages.error(request, _(refusal))
    return not refusals
