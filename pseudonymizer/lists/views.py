"""Pages that take an existing list into the registry: choose, check, import; for stewards alone."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import sign_in_again, signed_in_recently
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.approvals import Matter
from pseudonymizer.disclosure.refusals import approval_context, discloses
from pseudonymizer.errors import ListChangedError, ListError
from pseudonymizer.lists.importing import CheckedList, check_list, import_list
from pseudonymizer.lists.parcels import Parcel, open_parcel, seal_parcel
from pseudonymizer.lists.reading import LARGEST_BYTES
from pseudonymizer.models import Disclosure

CONFLICTS_SHOWN = 500


@discloses
@sensitive_variables()
@require_http_methods(["GET", "HEAD", "POST"])
def registry_import(request: HttpRequest, key: str) -> HttpResponse:
    """Show the form; with a list, what would become of each of its rows."""
    project = _stewarded(request, key)
    if request.method != "POST":
        return _page(request, project)
    if not signed_in_recently(request):
        return sign_in_again(reverse("registry_import", args=[key]))
    file = request.FILES.get("file")
    if file is None or (file.size or 0) > LARGEST_BYTES:
        return _page(request, project, problem=_("Choose one CSV file of at most 2 MB."))
    return _checked_page(request, project, file.read())


@discloses
@sensitive_variables()
@sensitive_post_parameters()
@posted_from("registry_import")
def registry_import_confirm(request: HttpRequest, key: str) -> HttpResponse:
    """Import the list that was checked; it comes back sealed from the page of its check."""
    project = _stewarded(request, key)
    person = cast(User, request.user)
    try:
        parcel = open_parcel(
            request.POST.get("parcel", ""), project_id=project.pk, person_id=person.pk
        )
    except ListError as error:
        return _page(request, project, problem=str(error))
    only_good = request.POST.get("rows") == "good"
    try:
        report = import_list(
            project, parcel.content, by=person, checked=parcel.fingerprint, only_good=only_good
        )
    except ListChangedError as error:
        return _checked_page(request, project, parcel.content, problem=str(error))
    except ListError as error:
        return _page(request, project, problem=str(error))
    count = len(report.ready)
    said = ngettext("%(count)s patient was imported.", "%(count)s patients were imported.", count)
    messages.success(request, said % {"count": count})
    return redirect("registry", key=key)


def _checked_page(
    request: HttpRequest, project: Project, content: bytes, problem: str = ""
) -> HttpResponse:
    person = cast(User, request.user)
    try:
        checked = check_list(project, content, by=person)
    except ListError as error:
        return _page(request, project, problem=str(error))
    parcel = Parcel(content, checked.report.fingerprint)
    return _page(
        request,
        project,
        problem=problem,
        parcel=seal_parcel(parcel, project_id=project.pk, person_id=person.pk),
        **_shown(checked),
    )


def _shown(checked: CheckedList) -> dict[str, object]:
    report = checked.report
    return {
        "list": checked.patients,
        "columns": ", ".join(checked.patients.columns),
        "counts": {state.value: count for state, count in report.counts.items()},
        "ready": len(report.ready),
        "to_compare": len(report.to_compare),
        "conflicts": report.conflicts[:CONFLICTS_SHOWN],
        "conflict_count": len(report.conflicts),
    }


def _page(
    request: HttpRequest, project: Project, problem: str = "", **context: object
) -> HttpResponse:
    frame = {
        **project_context(request, project, "registry"),
        "may_import": signed_in_recently(request),
        "problem": problem,
        "approval": approval_context(request, Matter(project, Disclosure.SEARCH)),
    }
    return render(
        request,
        "pseudonymizer/registry_import.html",
        frame | context,
        status=400 if problem else 200,
    )


def _stewarded(request: HttpRequest, key: str) -> Project:
    person = cast(User, request.user)
    return get_object_or_404(Project.objects.stewarded_by(person), key=key)
