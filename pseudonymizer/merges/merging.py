"""Two patients of a registry become one, and two again: at once for all work, then in the archive.

The alias counts from the moment it is set. A job rewrites what is stored; whatever was on its way
meanwhile is either made again before it is stored, or found and moved by the next housekeeping.
"""

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.archive.models import Instance
from pacs_portal.archive.services import studies_of
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pseudonymizer.errors import RegistryError
from pseudonymizer.matches.decisions import REASONS_FOR_DIFFERENT, REASONS_FOR_SAME
from pseudonymizer.merges.moving import (
    UNFINISHED,
    came_from_gone,
    instances_named,
    jobs_of,
    never_moved,
    start_moving,
)
from pseudonymizer.models import MatchReason, PatientMerge, PatientState, RegistryPatient
from pseudonymizer.registry.patients import lock_registry
from pseudonymizer.transfers.origins import profile_behind

WRONG_REASON = gettext_noop("Choose a reason that speaks for this decision.")
SAME_ENTRY = gettext_noop("Choose another entry: this is the same one.")
NOT_SETTLED = gettext_noop(
    "It is not settled yet who one of the patients is. Decide about her possible matches first."
)
IS_MERGED = gettext_noop("One of the patients was merged with another one already.")
STILL_MOVING = gettext_noop(
    "Images of one of the patients are still being rewritten for an earlier merge, or could not "
    "be. Wait for that job, or settle what it left; then try again."
)
UNKNOWN_PROFILE = gettext_noop(
    "For some images of the patient nobody knows any more how their dates were treated. Delete "
    "these studies and upload the originals again; then merge."
)
UNDONE = gettext_noop("This merge was undone already.")
LATER_MERGE = gettext_noop("The patient who stayed was merged further since. Undo that first.")
MIXED_STUDY = gettext_noop(
    "A study holds images of both patients by now, and a study belongs to one. Delete it and "
    "upload the originals again after the undo."
)


def merge(
    *, kept: RegistryPatient, gone: RegistryPatient, by: User, reason: MatchReason
) -> PatientMerge:
    """Let `kept` stand for `gone` from now on, and start to rewrite the images of `gone`.

    Raises
    ------
    PermissionDenied
        If `by` is no data steward of the project.
    RegistryError
        If the two cannot be merged; the text says why.
    JobError
        If there is no room to rewrite the images.
    """
    project = kept.project
    _require_steward(project, by)
    if reason not in REASONS_FOR_SAME:
        raise RegistryError(WRONG_REASON)
    with transaction.atomic():
        lock_registry(project)
        patients = RegistryPatient.objects.filter(project=project)
        kept, gone = patients.get(pk=kept.pk), patients.get(pk=gone.pk)
        _refuse_merge(kept, gone)
        made = PatientMerge.objects.create(
            project=project, kept=kept, gone=gone, merged_by=by, reason=reason
        )
        patients.filter(pk=gone.pk).update(merged_into=kept)
        record_in(
            project,
            by,
            "registry.merged",
            made,
            kept=str(kept.pk),
            gone=str(gone.pk),
            reason=reason.value,
        )
        start_moving(made, by)
    return made


def undo_merge(*, made: PatientMerge, by: User, reason: MatchReason) -> None:
    """Make two patients of one again; what came from the one that was gone goes back to her.

    Raises
    ------
    PermissionDenied, RegistryError, JobError
        As for `merge`.
    """
    project = made.project
    _require_steward(project, by)
    if reason not in REASONS_FOR_DIFFERENT:
        raise RegistryError(WRONG_REASON)
    with transaction.atomic():
        lock_registry(project)
        made = PatientMerge.objects.select_related("project", "kept", "gone").get(pk=made.pk)
        _refuse_undo(made)
        PatientMerge.objects.filter(pk=made.pk).update(
            undone_by=by, undone_at=timezone.now(), undo_reason=reason
        )
        made.refresh_from_db()
        RegistryPatient.objects.filter(pk=made.gone_id).update(merged_into=None)
        record_in(project, by, "registry.unmerged", made, reason=reason.value)
        start_moving(made, by)


def merges_with(patient: RegistryPatient) -> QuerySet[PatientMerge]:
    """Return the merges that a patient was ever part of, the newest first."""
    merges = PatientMerge.objects.filter(Q(kept=patient) | Q(gone=patient))
    return merges.select_related("project", "kept", "gone")


def _refuse_merge(kept: RegistryPatient, gone: RegistryPatient) -> None:
    if kept.pk == gone.pk:
        raise RegistryError(SAME_ENTRY)
    for patient in (kept, gone):
        if patient.state != PatientState.CONFIRMED:
            raise RegistryError(NOT_SETTLED)
        if patient.merged_into_id is not None:
            raise RegistryError(IS_MERGED)
    if _is_moving(kept) or _is_moving(gone):
        raise RegistryError(STILL_MOVING)
    provenances = instances_named(gone.project, gone.pseudonym).values_list("provenance", flat=True)
    if not all(profile_behind(gone.project, made_by) for made_by in provenances.distinct()):
        raise RegistryError(UNKNOWN_PROFILE)


def _refuse_undo(made: PatientMerge) -> None:
    if made.is_undone:
        raise RegistryError(UNDONE)
    if made.kept.merged_into_id is not None:
        raise RegistryError(LATER_MERGE)
    if jobs_of(made).filter(state__in=UNFINISHED).exists() or _is_moving(made.kept, made):
        raise RegistryError(STILL_MOVING)
    hers = came_from_gone(made)
    in_her_studies = Instance.objects.filter(series__study__in=studies_of(hers))
    others = in_her_studies.exclude(pk__in=hers.values("pk"))
    if others.exclude(pk__in=never_moved(made).values("pk")).exists():
        raise RegistryError(MIXED_STUDY)


def _is_moving(patient: RegistryPatient, but_for: PatientMerge | None = None) -> bool:
    """Tell whether another merge with this patient is not through with the archive."""
    merges = merges_with(patient)
    for one in merges.exclude(pk=but_for.pk) if but_for else merges:
        if jobs_of(one).filter(state__in=UNFINISHED).exists():
            return True
        left = instances_named(one.project, one.gone.pseudonym).filter(stored_at__isnull=False)
        if not one.is_undone and left.exists():
            return True
    return False


def _require_steward(project: Project, by: User) -> None:
    if not Project.objects.stewarded_by(by).filter(pk=project.pk).exists():
        raise PermissionDenied
