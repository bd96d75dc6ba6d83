"""Pages of the rule that two people are needed for an identity."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import recent_sign_in_required
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.approvals import (
    VALID_FOR,
    Matter,
    ask,
    decide_request,
    may_switch_on,
    needs_two,
    pair_matter,
    requests_for,
    requests_of,
    switch_on,
)
from pseudonymizer.disclosure.refusals import approval_context
from pseudonymizer.errors import RegistryError
from pseudonymizer.forms import AskForm
from pseudonymizer.models import Disclosure, DisclosureRequest, RegistryPatient

MINE_SHOWN = 20


@require_safe
def approvals(request: HttpRequest, key: str) -> HttpResponse:
    """Show the rule, what waits for the person's answer, and what she asked for."""
    project, person = _project(request, key), _person(request)
    is_on = needs_two(project)
    context = {
        **project_context(request, project, "registry"),
        "is_on": is_on,
        "hours": int(VALID_FOR.total_seconds() // 3600),
        "waiting": requests_for(project, person),
        "mine": requests_of(project, person)[:MINE_SHOWN],
        "held": approval_context(request, Matter(project, Disclosure.HELD)),
        "rule_off": approval_context(request, Matter(project, Disclosure.RULE_OFF)),
    }
    return render(request, "pseudonymizer/approvals.html", context)


@posted_from("approvals")
@recent_sign_in_required
def two_people_on(request: HttpRequest, key: str) -> HttpResponse:
    """Let the rule begin."""
    project = _project(request, key)
    try:
        switch_on(project, by=_person(request))
    except RegistryError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("From now on, an identity takes two data stewards."))
    return redirect("approvals", key)


@posted_from("approvals")
def approval_ask(request: HttpRequest, key: str) -> HttpResponse:
    """Ask the other stewards."""
    project = get_object_or_404(Project.objects.stewarded_by(_person(request)), key=key)
    form = AskForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a reason."))
        return redirect("approvals", key)
    matter = _matter(project, form)
    ask(matter, reason=form.chosen, by=_person(request))
    messages.success(request, _("Asked. Another data steward has to approve it."))
    if matter.kind == Disclosure.IDENTITY and matter.patient:
        return redirect("registry_patient", key, matter.patient.pk)
    return redirect("approvals", key)


@recent_sign_in_required
@require_POST
def approval_answer(request: HttpRequest, key: str, request_id: UUID) -> HttpResponse:
    """Approve or refuse what another steward asked for."""
    project = get_object_or_404(Project.objects.stewarded_by(_person(request)), key=key)
    asked = get_object_or_404(DisclosureRequest.objects.filter(project=project), pk=request_id)
    if request.POST.get("answer") not in {"approve", "refuse"}:
        return HttpResponseBadRequest()
    is_approved = request.POST["answer"] == "approve"
    try:
        decide_request(asked, is_approved=is_approved, by=_person(request))
    except RegistryError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("Approved.") if is_approved else _("Refused."))
    return redirect("approvals", key)


def _matter(project: Project, form: AskForm) -> Matter:
    """Return what a valid form asks about; patients of other projects do not exist."""
    patients = RegistryPatient.objects.filter(project=project)
    if form.chosen_kind == Disclosure.IDENTITY:
        patient = get_object_or_404(patients, pk=form.cleaned_data["patient"])
        return Matter(project, form.chosen_kind, patient)
    if form.chosen_kind == Disclosure.PAIR:
        first, second = (
            get_object_or_404(patients, pk=form.cleaned_data[name]) for name in ("patient", "other")
        )
        return pair_matter(first, second)
    return Matter(project, form.chosen_kind)


def _project(request: HttpRequest, key: str) -> Project:
    """Return the project for those who decide about the rule: stewards, owners, site admins."""
    project = get_object_or_404(Project.objects.filter(is_active=True), key=key)
    if not may_switch_on(project, _person(request)):
        raise Http404
    return project


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
