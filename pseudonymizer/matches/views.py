"""The queue of possible matches: a data steward sees two records side by side and decides."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import recent_sign_in_required
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.approvals import pair_matter
from pseudonymizer.disclosure.gate import has_viewed_pair, view_pair
from pseudonymizer.disclosure.refusals import approval_context, discloses
from pseudonymizer.errors import RegistryError
from pseudonymizer.forms import JudgmentForm
from pseudonymizer.matches.alike import alike_matches
from pseudonymizer.matches.decisions import decide_match, open_matches
from pseudonymizer.matches.pairs import field_pairs
from pseudonymizer.matches.queue import facts_of, next_match, queue_rows, waiting_counts
from pseudonymizer.merges.merging import merges_with
from pseudonymizer.models import MatchState, PossibleMatch

PAIRS_PER_PAGE = 50


class RepeatedPost(HttpResponseRedirect):
    """Sends the browser to another page with the same POST, so that it may show an identity."""

    status_code = 307


@require_safe
def registry_matches(request: HttpRequest, key: str) -> HttpResponse:
    """List the pairs that wait, the newest first."""
    project = _stewarded(request, key)
    page = Paginator(open_matches(project), PAIRS_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        **project_context(request, project, "registry"),
        "page_obj": page,
        "rows": queue_rows(project, list(page)),
    }
    return render(request, "pseudonymizer/registry_matches.html", context)


@discloses
@recent_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def registry_match(request: HttpRequest, key: str, match_id: UUID) -> HttpResponse:
    """Show a pair by its pseudonyms; asked by POST, both records, which is recorded."""
    project = _stewarded(request, key)
    match = _match(project, match_id)
    if match.state == MatchState.OPEN and request.method == "POST":
        first, second = view_pair(match.patient, match.candidate, by=_person(request))
        return _match_page(request, match, pairs=field_pairs(first, second))
    return _match_page(request, match)


@posted_from("registry_match")
@recent_sign_in_required
def registry_match_decide(request: HttpRequest, key: str, match_id: UUID) -> HttpResponse:
    """Decide about a pair and show the next one."""
    project = _stewarded(request, key)
    match = _match(project, match_id)
    if match.state == MatchState.OPEN and not has_viewed_pair(
        match.patient, match.candidate, by=_person(request)
    ):
        messages.warning(request, _("Compare both records first."))
        return redirect("registry_match", key=key, match_id=match.pk)
    form = JudgmentForm(
        request.POST,
        is_same=request.POST.get("decision") == "same",
        alike=len(alike_matches(match)) if match.state == MatchState.OPEN else 0,
    )
    if not form.is_valid():
        messages.error(request, _("Choose a reason for your decision."))
        return redirect("registry_match", key=key, match_id=match.pk)
    try:
        decide_match(
            match=match,
            judgment=form.judgment,
            by=_person(request),
            for_alike=form.for_alike,
        )
    except RegistryError as error:
        messages.error(request, str(error))
        return redirect("registry_match", key=key, match_id=match.pk)
    messages.success(request, _decided(match))
    following = next_match(match)
    if following is None:
        return redirect("registry_matches", key=key)
    return RepeatedPost(reverse("registry_match", args=[key, following.pk]))


def _decided(match: PossibleMatch) -> str:
    if open_matches(match.project).filter(patient=match.patient).exists():
        return _("Decided. The files wait until each pair of this new patient is decided.")
    return _("Decided. Files that waited for this go on.")


def _match_page(request: HttpRequest, match: PossibleMatch, **context: object) -> HttpResponse:
    project = match.project
    others = open_matches(project).filter(patient=match.patient).exclude(pk=match.pk)
    alike = len(alike_matches(match)) if "pairs" in context else 0
    frame = {
        **project_context(request, project, "registry"),
        "match": match,
        "is_open": match.state == MatchState.OPEN,
        "newcomer": facts_of(match.patient),
        "known": facts_of(match.candidate),
        "merge": merges_with(match.patient).filter(gone=match.patient).first(),
        "files": waiting_counts(project)[match.patient_id],
        "others": others,
        "waiting": open_matches(project).count(),
        "same_form": JudgmentForm(is_same=True, alike=alike, auto_id="same_%s"),
        "different_form": JudgmentForm(is_same=False, alike=alike, auto_id="different_%s"),
        "approval": approval_context(request, pair_matter(match.patient, match.candidate)),
    }
    return render(request, "pseudonymizer/registry_match.html", frame | context)


def _match(project: Project, match_id: UUID) -> PossibleMatch:
    pairs = PossibleMatch.objects.filter(project=project).select_related(
        "project", "patient__first_job", "candidate__first_job", "candidate__merged_into"
    )
    return get_object_or_404(pairs.select_related("decided_by"), pk=match_id)


def _stewarded(request: HttpRequest, key: str) -> Project:
    return get_object_or_404(Project.objects.stewarded_by(_person(request)), key=key)


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
