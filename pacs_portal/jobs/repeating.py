"""Work that is done again, in parts of its own: a retry, and what a steward decided."""

from collections import defaultdict
from itertools import groupby
from operator import attrgetter

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
from pacs_portal.jobs.private_values import private_values_of
from pacs_portal.jobs.unit_rows import NewUnit, write_units
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
    repeated: dict[int, list[int]] = defaultdict(list)
    planned = receipts.exclude(unit=None).order_by("pk")
    for unit_id, receipt_id in planned.values_list("unit_id", "pk"):
        repeated[unit_id].append(receipt_id)
    units = JobUnit.objects.select_related("part").in_bulk(list(repeated)).values()
    in_order = sorted(units, key=lambda unit: (unit.part.number, unit.number))
    for part, of_part in groupby(in_order, key=attrgetter("part")):
        again = [
            NewUnit(unit.number, unit.plan, private_values_of(unit, keys), repeated[unit.pk])
            for unit in of_part
        ]
        write_units(add_part(job, PartKind.WORK, part.steps), again, keys)


def add_part(job: Job, kind: PartKind, steps: list[str]) -> JobPart:
    """Add a part at the end; the caller holds the job's row."""
    last = job.parts.aggregate(last=Max("number"))["last"]
    return JobPart.objects.create(job=job, number=last + 1, kind=kind, steps=steps)
