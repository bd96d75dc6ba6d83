"""Work that is done again, in parts of its own: a retry, and what a steward decided."""

from django.db.models import Max, QuerySet

from pacs_portal.jobs.models import FileReceipt, Job, JobPart, JobUnit, PartKind


def repeat_parts(job: Job, receipts: QuerySet[FileReceipt]) -> None:
    """Give every part with some of `receipts` a successor with just these."""
    repeated = receipts.exclude(unit=None)
    for part in job.parts.filter(units__receipts__in=repeated).distinct():
        successor = add_part(job, PartKind.WORK, part.steps)
        for unit in part.units.filter(receipts__in=repeated).distinct():
            again = JobUnit.objects.create(part=successor, number=unit.number, plan=unit.plan)
            repeated.filter(unit=unit).update(unit=again)


def add_part(job: Job, kind: PartKind, steps: list[str]) -> JobPart:
    """Add a part at the end; the caller holds the job's row."""
    last = job.parts.aggregate(last=Max("number"))["last"]
    return JobPart.objects.create(job=job, number=last + 1, kind=kind, steps=steps)
