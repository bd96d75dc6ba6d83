"""Pages of the registry, for data stewards alone."""

from typing import cast
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import (
    recent_sign_in_required,
    sign_in_again,
    signed_in_recently,
)
from pacs_portal.archive.models import Study, StudyState
from pacs_portal.posting import posted_from
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.approvals import Matter, needs_two, requests_for
from pseudonymizer.disclosure.gate import export_mapping, find_patient, view_identity
from pseudonymizer.disclosure.refusals import approval_context, discloses
from pseudonymizer.forms import FindPatientForm, ReasonForm
from pseudonymizer.matches.pairs import readable_date
from pseudonymizer.matches.queue import count_open
from pseudonymizer.merges.merging import merges_with
from pseudonymizer.models import Disclosure, RegistryPatient

PATIENTS_PER_PAGE = 50
BYTE_ORDER_MARK = "\ufeff"  # tells spreadsheets that the file is UTF-8


@require_safe
def registry(request: HttpRequest, key: str) -> HttpResponse:
    """List the pseudonyms of a project."""
    return _registry_page(request, _stewarded(request, key))


@discloses
@posted_from("registry")
def registry_find(request: HttpRequest, key: str) -> HttpResponse:
    """Look for one patient by an exact identity, which is sent in the body and kept nowhere."""
    project = _stewarded(request, key)
    if not signed_in_recently(request):
        return sign_in_again(reverse("registry", args=[key]))
    form = FindPatientForm(request.POST)
    found = None
    if form.is_valid():
        found = find_patient(project, form.identity(), by=_person(request))
    return _registry_page(request, project, find_form=form, found=found, has_searched=True)


@discloses
@recent_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def registry_patient(request: HttpRequest, key: str, patient_id: UUID) -> HttpResponse:
    """Show a pseudonym and its studies; with a reason, also whom it stands for."""
    project = _stewarded(request, key)
    patient = get_object_or_404(_patients(project), pk=patient_id)
    form = ReasonForm(request.POST or None)
    identity = None
    if request.method == "POST" and form.is_valid():
        identity = view_identity(patient, by=_person(request), reason=form.chosen)
    context = {
        **project_context(request, project, "registry"),
        "patient": patient,
        "studies": _studies(project).filter(patient_id=patient.pseudonym),
        "merges": merges_with(patient),
        "form": form,
        "identity": identity,
        "birth_date": readable_date(identity.birth_date) if identity else "",
        "approval": approval_context(request, Matter(project, Disclosure.IDENTITY, patient)),
    }
    return render(request, "pseudonymizer/registry_patient.html", context)


@discloses
@posted_from("registry")
def registry_export(request: HttpRequest, key: str) -> HttpResponseBase:
    """Send the mapping as CSV to where the person saves it."""
    project = _stewarded(request, key)
    if not signed_in_recently(request):
        return sign_in_again(reverse("registry", args=[key]))
    form = ReasonForm(request.POST, auto_id="id_export_%s")
    if not form.is_valid():
        return _registry_page(request, project, export_form=form)
    lines = export_mapping(project, by=_person(request), reason=form.chosen)
    response = StreamingHttpResponse(
        (line.encode() for line in (BYTE_ORDER_MARK, *lines)), content_type="text/csv"
    )
    response["Content-Disposition"] = f'attachment; filename="{project.key}-mapping.csv"'
    return response


def _registry_page(request: HttpRequest, project: Project, **context: object) -> HttpResponse:
    patients = _patients(project)
    term = request.GET.get("q", "").strip()
    if term:
        patients = patients.filter(pseudonym__icontains=term)
    page = Paginator(patients, PATIENTS_PER_PAGE).get_page(request.GET.get("page"))
    defaults = {
        **project_context(request, project, "registry"),
        "page_obj": page,
        "q": term,
        "may_find": signed_in_recently(request),
        "find_form": FindPatientForm(),
        "export_form": ReasonForm(auto_id="id_export_%s"),
        "open_matches": count_open(project),
        "needs_two": needs_two(project),
        "waiting_requests": requests_for(project, _person(request)).count(),
        "find_approval": approval_context(request, Matter(project, Disclosure.SEARCH)),
        "export_approval": approval_context(request, Matter(project, Disclosure.EXPORT)),
    }
    return render(request, "pseudonymizer/registry.html", defaults | context)


def _stewarded(request: HttpRequest, key: str) -> Project:
    return get_object_or_404(Project.objects.stewarded_by(_person(request)), key=key)


def _patients(project: Project) -> QuerySet[RegistryPatient]:
    studies = _studies(project).filter(patient_id=OuterRef("pseudonym")).order_by()
    counted = studies.values("patient_id").annotate(count=Count("pk")).values("count")
    return (
        RegistryPatient.objects.filter(project=project)
        .select_related("project", "first_job", "merged_into")
        .annotate(study_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0))
        .order_by("-created_at", "pseudonym")
    )


def _studies(project: Project) -> QuerySet[Study]:
    return Study.objects.filter(project=project, state=StudyState.STORED)


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
