"""Files that wait for a decision about something else than themselves, such as their patient.

The tool that holds them says when the wait is over; they then go through their steps again.
"""

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.aside import remove_settled
from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.held.waits import AreOver, registered_waits
from pacs_portal.jobs.models import (
    Decision,
    Destination,
    FileReceipt,
    HeldFile,
    Job,
    JobState,
    JobUnit,
    Outcome,
)
from pacs_portal.jobs.repeating import run_again
from pacs_portal.projects.models import Project

BATCH_ROWS = 500


def release_due(project: Project | None = None, by: User | None = None) -> None:
    """Send every file on whose wait is over; safe at any time, in several processes at once.

    Housekeeping calls it too: a file may be held a moment after its wait has ended.
    """
    for cause, are_over in registered_waits().items():
        for job_id, receipt_ids in _due(_open_holds(cause, project), are_over):
            for start in range(0, len(receipt_ids), BATCH_ROWS):
                _release(job_id, cause, receipt_ids[start : start + BATCH_ROWS], by)


def _open_holds(cause: str, project: Project | None) -> QuerySet[HeldFile]:
    holds = HeldFile.objects.filter(cause=cause, decision="", receipt__outcome=Outcome.HELD)
    return holds.filter(of_projects([project.pk])) if project else holds


def _due(holds: QuerySet[HeldFile], are_over: AreOver) -> Iterator[tuple[UUID, list[int]]]:
    """Yield, by job, the receipts whose wait is over."""
    units = list(JobUnit.objects.filter(receipts__holds__in=holds).distinct())
    answers = are_over([unit.plan for unit in units])
    over = {unit.pk for unit, is_over in zip(units, answers, strict=True) if is_over}
    by_job: dict[UUID, list[int]] = defaultdict(list)
    rows = holds.values_list("receipt__job_id", "receipt__unit_id", "receipt_id")
    for job_id, unit_id, receipt_id in rows.order_by("receipt_id") if over else ():
        if unit_id in over:
            by_job[job_id].append(receipt_id)
    yield from by_job.items()


def _release(job_id: UUID, cause: str, receipt_ids: list[int], by: User | None) -> None:
    with transaction.atomic():
        job = Job.objects.select_for_update().get(pk=job_id)
        is_running = job.state in {JobState.WAITING, JobState.RUNNING}
        if is_running and job.cancel_requested_at is not None:
            return  # housekeeping comes back when the job has ended
        holds = HeldFile.objects.filter(receipt__in=receipt_ids, cause=cause, decision="")
        released = list(holds.values_list("receipt_id", flat=True))
        holds.update(decision=Decision.ACCEPT, decided_by=by, decided_at=timezone.now())
        # A command reads its files where they lie, so it is run again by its person.
        if released and job.destination != Destination.FOLDER:
            run_again(job, FileReceipt.objects.filter(pk__in=released))
    remove_settled(released)
