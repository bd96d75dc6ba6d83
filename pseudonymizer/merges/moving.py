"""Which stored images a merge gives to another patient, and the jobs that do it."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils import timezone

from pacs_portal.accounts.models import User
from pacs_portal.archive.models import Instance, Study
from pacs_portal.archive.services import move_studies, studies_of
from pacs_portal.jobs.archived import ArchivedInput, start_archived_job
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import FileReceipt, Job, JobState, Outcome
from pacs_portal.jobs.options import JobOptions
from pacs_portal.projects.models import Project
from pseudonymizer.models import MovedInstance, PatientMerge, RegistryPatient
from pseudonymizer.registry.patients import current

logger = logging.getLogger(__name__)
TOOL = "merge"
UNFINISHED = (JobState.WAITING, JobState.RUNNING)
UNSETTLED = (Outcome.FAILED, Outcome.HELD)
# Work that was under way at the undo is over by then.
WATCHED_AFTER_UNDO = timedelta(days=2)


def instances_named(project: Project, pseudonym: str) -> QuerySet[Instance]:
    """Return the instances of a project whose files carry this pseudonym."""
    return Instance.objects.filter(series__study__project=project, patient_id=pseudonym)


def instances_to_move(merge: PatientMerge) -> QuerySet[Instance]:
    """Return the instances that do not carry the pseudonym that counts now, as `merge` sees it."""
    if merge.is_undone:
        return came_from_gone(merge)
    return instances_named(merge.project, merge.gone.pseudonym)


def came_from_gone(merge: PatientMerge) -> QuerySet[Instance]:
    """Return what carries the pseudonym of who was kept, and is of who was merged into her.

    That is what was moved for her or for one who had become her, and what came since for them.
    """
    hers = with_aliases(merge.gone)
    moved = MovedInstance.objects.filter(merge__gone__in=hers, is_undo=False)
    receipts = FileReceipt.objects.filter(
        job__project=merge.project_id, unit__plan__patient__in=[str(pk) for pk in hers]
    )
    is_hers = Q(sop_instance_uid__in=moved.values("sop_instance_uid"))
    is_hers |= Q(receipt_key__in=receipts.values("pk"))
    return instances_named(merge.project, merge.kept.pseudonym).filter(is_hers)


def never_moved(merge: PatientMerge) -> QuerySet[Instance]:
    """Return what still carries the pseudonym of who was gone, or of one merged into her before.

    Such an image came late for its own merge; its study goes with her until it is rewritten.
    """
    hers = RegistryPatient.objects.filter(pk__in=with_aliases(merge.gone))
    instances = Instance.objects.filter(series__study__project=merge.project)
    return instances.filter(patient_id__in=hers.values("pseudonym"))


def with_aliases(patient: RegistryPatient) -> list[UUID]:
    """Return the patient and all that were merged into her, over any number of steps."""
    found, fresh = [patient.pk], [patient.pk]
    while fresh:
        aliases = RegistryPatient.objects.filter(merged_into__in=fresh).exclude(pk__in=found)
        fresh = list(aliases.values_list("pk", flat=True))
        found += fresh
    return found


def goal_of(merge: PatientMerge, *, is_undo: bool) -> RegistryPatient:
    """Return whose the images are afterwards; she who was kept may be merged herself by then."""
    return merge.gone if is_undo else current(merge.kept)


def jobs_of(merge: PatientMerge) -> QuerySet[Job]:
    """Return the jobs that moved images for `merge` and for its undo."""
    return Job.objects.filter(project=merge.project_id, tool=TOOL, options__merge=str(merge.pk))


def start_moving(merge: PatientMerge, by: User) -> Job | None:
    """Start the job that rewrites what carries the wrong pseudonym; None if nothing does.

    Raises
    ------
    JobError
        If there is no room for the images.
    """
    instances = instances_to_move(merge)
    _move_index(merge)
    if not instances.filter(stored_at__isnull=False).exists():
        return None
    return start_archived_job(
        found_in=ArchivedInput(merge.project, instances),
        into=merge.project,
        tool=TOOL,
        by=by,
        options=JobOptions(open={"merge": str(merge.pk), "is_undo": merge.is_undone}),
    )


def catch_up() -> None:
    """Start jobs for images that were on their way while patients were merged or parted.

    Where something failed, a person decides whether it is tried again; a cancelled job only takes
    longer, since a merge that is half done helps nobody.
    """
    recently = timezone.now() - WATCHED_AFTER_UNDO
    watched = PatientMerge.objects.filter(Q(undone_at=None) | Q(undone_at__gt=recently))
    for merge in watched.select_related("project", "kept", "gone", "merged_by"):
        if _has_stragglers(merge) and _may_catch_up(merge):
            try:
                start_moving(merge, merge.merged_by)
            except JobError:
                logger.warning("the images of a merge wait for room on the disk")


def _may_catch_up(merge: PatientMerge) -> bool:
    if merge.is_undone and merge.gone.merged_into_id is not None:  # merged once more
        return False
    jobs = jobs_of(merge)
    if jobs.filter(state__in=UNFINISHED).exists():
        return False
    return not FileReceipt.objects.filter(job__in=jobs, outcome__in=UNSETTLED).exists()


def _has_stragglers(merge: PatientMerge) -> bool:
    if instances_to_move(merge).filter(stored_at__isnull=False).exists():
        return True
    return not merge.is_undone and _studies_named(merge, merge.gone).exists()


def _move_index(merge: PatientMerge) -> None:
    """Let the index of studies name the right patient at once, before any image does."""
    if not merge.is_undone:
        goal = goal_of(merge, is_undo=False)
        move_studies(_studies_named(merge, merge.gone), patient_id=goal.pseudonym)
        return
    for hers in (came_from_gone(merge), never_moved(merge)):
        move_studies(studies_of(hers), patient_id=merge.gone.pseudonym)


def _studies_named(merge: PatientMerge, patient: RegistryPatient) -> QuerySet[Study]:
    return Study.objects.filter(project=merge.project_id, patient_id=patient.pseudonym)
