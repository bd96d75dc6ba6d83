"""Pages on which a data steward merges two patients, sees what became of it, and undoes it."""

from typing import cast
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from pacs_portal.accounts.models import User
from pacs_portal.accounts.recent_sign_in import recent_sign_in_required
from pacs_portal.archive.models import StudyState
from pacs_portal.archive.services import studies_of
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.services import progress_of
from pacs_portal.projects.context import project_context
from pacs_portal.projects.models import Project
from pseudonymizer.disclosure.approvals import pair_matter
from pseudonymizer.disclosure.gate import has_viewed_pair, view_pair
from pseudonymizer.disclosure.refusals import approval_context, discloses
from pseudonymizer.errors import RegistryError
from pseudonymizer.forms import MergeForm, UndoForm
from pseudonymizer.matches.pairs import field_pairs
from pseudonymizer.matches.queue import facts_of
from pseudonymizer.merges.merging import merge, undo_merge
from pseudonymizer.merges.moving import came_from_gone, jobs_of
from pseudonymizer.merges.recall import beyond_recall
from pseudonymizer.models import PatientMerge, RegistryPatient


@discloses
@recent_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def patient_merge(request: HttpRequest, key: str, patient_id: UUID) -> HttpResponseBase:
    """Show two patients side by side, then merge them."""
    project = _stewarded(request, key)
    patient = get_object_or_404(_patients(project), pk=patient_id)
    asked = request.POST if request.method == "POST" else request.GET
    other = _patients(project).filter(pseudonym__iexact=asked.get("other", "").strip()).first()
    if other is None or other == patient:
        messages.warning(request, _("Give the pseudonym of another patient of this project."))
        return redirect("registry_patient", key, patient.pk)
    pair = (patient, other)
    form = MergeForm(request.POST if "merge" in request.POST else None, pair=pair)
    if form.is_valid() and _has_compared(request, pair):
        made = _merged(request, pair, form)
        if made is not None:
            return redirect("registry_merge", key, made.pk)
    identities = None
    if request.method == "POST" and "merge" not in request.POST:
        identities = view_pair(*pair, by=_person(request))
    context = {
        **project_context(request, project, "registry"),
        "patient": patient,
        "other": other,
        "fields": field_pairs(*identities) if identities else [],
        "form": form,
        "studies": [facts_of(one) for one in pair],
        "approval": approval_context(request, pair_matter(*pair)),
    }
    return render(request, "pseudonymizer/patient_merge.html", context)


@recent_sign_in_required
@require_http_methods(["GET", "HEAD", "POST"])
def registry_merge(request: HttpRequest, key: str, merge_id: UUID) -> HttpResponseBase:
    """Show a merge, its jobs, and what left before it; undo it."""
    project = _stewarded(request, key)
    merges = PatientMerge.objects.filter(project=project)
    made = get_object_or_404(
        merges.select_related("project", "kept", "gone", "merged_by", "undone_by"), pk=merge_id
    )
    form = UndoForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            undo_merge(made=made, by=_person(request), reason=form.chosen)
            messages.success(request, _("The patients are two again."))
        except (RegistryError, JobError) as error:
            messages.error(request, _(str(error)))
        return redirect("registry_merge", key, made.pk)
    return render(request, "pseudonymizer/registry_merge.html", _merge_context(request, made, form))


def _merge_context(request: HttpRequest, made: PatientMerge, form: UndoForm) -> dict[str, object]:
    jobs = list(jobs_of(made))
    progress = progress_of(jobs)
    studies = studies_of(came_from_gone(made)).filter(state=StudyState.STORED)
    return {
        **project_context(request, made.project, "registry"),
        "merge": made,
        "jobs": [(job, progress[job.pk]) for job in jobs],
        "study_count": studies.count(),
        "beyond_recall": beyond_recall(made),
        "form": form,
    }


def _merged(
    request: HttpRequest, pair: tuple[RegistryPatient, RegistryPatient], form: MergeForm
) -> PatientMerge | None:
    kept, gone = pair if form.chosen_patient == pair[0] else pair[::-1]
    try:
        made = merge(kept=kept, gone=gone, by=_person(request), reason=form.chosen)
    except (RegistryError, JobError) as error:
        messages.error(request, _(str(error)))
        return None
    messages.success(request, _("The patients are one from now on."))
    return made


def _has_compared(request: HttpRequest, pair: tuple[RegistryPatient, RegistryPatient]) -> bool:
    """Tell whether the person has looked at both just now; without that nobody merges."""
    if has_viewed_pair(*pair, by=_person(request)):
        return True
    messages.warning(request, _("Compare who they are first."))
    return False


def _stewarded(request: HttpRequest, key: str) -> Project:
    return get_object_or_404(Project.objects.stewarded_by(_person(request)), key=key)


def _patients(project: Project) -> QuerySet[RegistryPatient]:
    patients = RegistryPatient.objects.filter(project=project)
    return patients.select_related("project", "first_job", "merged_into")


def _person(request: HttpRequest) -> User:
    return cast(User, request.user)
