"""Work that is done again, in parts of its own: a retry, and what a steward decided."""

from django.db.models import Max, QuerySet

from pacs_portal.jobs.models import (
    FileReceipt,
    Job,
    JobPart,
    JobState,
    JobUnit,
    Outcome,
    PartKind,
    Runner,
)
from pacs_portal.jobs.private_values import private_values_of, set_private_values
from pacs_portal.projects.keys import sealing_keys


def run_again(job: Job, receipts: QuerySet[FileReceipt]) -> None:
    """Let the files of `receipts` wait once more; the caller holds the job's row."""
    repeat_parts(job, receipts)
    receipts.update(outcome=Outcome.WAITING, code="", reason="")
    if job.state not in {JobState.WAITING, JobState.RUNNING}:
        # The command that held the files has ended; what was put aside is the workers' to do.
        job.runner, job.state = Runner.WORKERS, JobState.WAITING
        job.cancel_requested_at = job.finished_at = None
        job.save()


def repeat_parts(job: Job, receipts: QuerySet[FileReceipt]) -> None:
    """Give every part with some of `receipts` a successor with just these."""
    keys = sealing_keys(job.project_id)
    repeated = receipts.exclude(unit=None)
    for part in job.parts.filter(units__receipts__in=repeated).distinct():
        successor = add_part(job, PartKind.WORK, part.steps)
        for unit in part.units.filter(receipts__in=repeated).distinct():
            again = JobUnit(part=successor, number=unit.number, plan=unit.plan)
            set_private_values(again, private_values_of(unit, keys), keys)
            again.save(force_insert=True)
            repeated.filter(unit=unit).update(unit=again)


def add_part(job: Job, kind: PartKind, steps: list[str]) -> JobPart:
    """Add a part at the end; the caller holds the job's row."""
    last = job.parts.aggregate(last=Max("number"))["last"]
    return JobPart.objects.create(job=job, number=last + 1, kind=kind, steps=steps)
