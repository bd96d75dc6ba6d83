"""What a data steward decides about held files."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.held.aside import remove_settled
from pacs_portal.jobs.held.causes import allowed_decisions
from pacs_portal.jobs.held.looks import unseen
from pacs_portal.jobs.held.rulings import regions_in
from pacs_portal.jobs.held.waiting import waiting_files
from pacs_portal.jobs.models import (
    Decision,
    Destination,
    FileReceipt,
    HeldFile,
    Job,
    JobState,
    Outcome,
    ReceiptAttempt,
)
from pacs_portal.jobs.repeating import run_again
from pacs_portal.jobs.steps import Region
from pacs_portal.jobs.units import REJECTED
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in

DECIDED = gettext_noop("This file has been decided about already.")
NOT_ALLOWED = gettext_noop("This cannot be decided about a file that was held for this cause.")
CANCELLING = gettext_noop("The job of this file is being cancelled. Decide when it has ended.")
RUN_AGAIN = gettext_noop(
    "A data steward decided about this file. Run the command again to write it."
)
NO_BOX = gettext_noop("No box is known for a file. Open its picture and draw what goes black.")
NOBODY_LOOKED = gettext_noop(
    "Nothing was accepted that nobody has looked at. Look at its picture, or tick that you accept "
    "it all the same."
)
NO_VALUE = gettext_noop("Say of at least one value what is to become of it.")
ACTIONS = {
    Decision.ACCEPT: "held.accepted",
    Decision.REDACT: "held.redacted",
    Decision.REPLACE: "held.replaced",
    Decision.REJECT: "held.rejected",
    Decision.FALSE_ALARM: "held.false_alarm",
}


@dataclass(frozen=True)
class Choice:
    """What a steward chose, and why."""

    decision: Decision
    by: User
    reason: str
    redactions: tuple[Region, ...] | None = None  # None: the boxes that were found
    # Lines of the findings, from 0: which name nobody, and which are taken out.
    false_alarms: frozenset[int] = frozenset()
    removals: frozenset[int] = frozenset()
    only_seen: bool = False  # nothing is accepted that nobody looked at


def open_holds(project: Project) -> QuerySet[HeldFile]:
    """Return the files of `project` that wait for a decision: equal causes together."""
    related = waiting_files(project).select_related(
        "receipt__job__project", "receipt__unit", "receipt__upload_file__upload"
    )
    return related.order_by("cause", "created_at", "pk")


def open_like(held: HeldFile) -> QuerySet[HeldFile]:
    """Return the open files of the project that are held for the same cause and reason."""
    receipt = held.receipt
    return open_holds(receipt.job.project).filter(cause=held.cause, receipt__reason=receipt.reason)


def neighbours_of(held: HeldFile) -> tuple[QuerySet[HeldFile], QuerySet[HeldFile]]:
    """Return the open files of the same cause before and after `held`, decided meanwhile or not."""
    alike = waiting_files(held.receipt.job.project).filter(cause=held.cause)
    at = held.created_at
    before = alike.filter(Q(created_at__lt=at) | Q(created_at=at, pk__lt=held.pk))
    after = alike.filter(Q(created_at__gt=at) | Q(created_at=at, pk__gt=held.pk))
    return before.order_by("created_at", "pk"), after.order_by("created_at", "pk")


def decide(*, held: HeldFile, choice: Choice) -> None:
    """Decide about a held file: it goes through its steps again, or is let go for good.

    Raises
    ------
    PermissionDenied
        If the steward is none of the project.
    JobError
        If somebody else decided first, the cause does not allow it, or the job is being cancelled.
    """
    for refusal in decide_all(holds=[held], choice=choice):
        raise JobError(refusal)


def decide_all(*, holds: Sequence[HeldFile], choice: Choice) -> list[str]:
    """Decide about files alike; return why some cannot be decided about, which stops no other.

    Raises
    ------
    PermissionDenied
        If the steward is none of the project.
    """
    projects = {held.receipt.job.project_id for held in holds}
    if Project.objects.stewarded_by(choice.by).filter(pk__in=projects).count() < len(projects):
        raise PermissionDenied
    by_job: dict[UUID, list[HeldFile]] = defaultdict(list)
    for held in holds:
        by_job[held.receipt.job_id].append(held)
    refusals: list[str] = []
    for job_id, of_job in by_job.items():
        with transaction.atomic():
            refusals += _decide_in(Job.objects.select_for_update().get(pk=job_id), of_job, choice)
    remove_settled([held.receipt_id for held in holds])
    return refusals


def _decide_in(job: Job, holds: Sequence[HeldFile], choice: Choice) -> Iterator[str]:
    """Decide about files of one job inside the caller's transaction; yield refusals."""
    again: list[int] = []
    is_careful = choice.only_seen and choice.decision == Decision.ACCEPT
    refused = unseen(holds) if is_careful else frozenset()
    for held in holds:
        if held.pk in refused:
            yield NOBODY_LOOKED
            continue
        try:
            _settle(job, held, choice)
        except JobError as error:
            yield str(error)
            continue
        record_in(job.project, choice.by, ACTIONS[choice.decision], held, cause=held.cause)
        if choice.decision == Decision.REJECT:
            _append(held.receipt, Outcome.SKIPPED, "rejected", REJECTED)
        elif job.destination == Destination.FOLDER:
            _append(held.receipt, Outcome.HELD, "accepted", RUN_AGAIN)
        else:
            again.append(held.receipt_id)
    if again:
        run_again(job, job.receipts.filter(pk__in=again))


def _settle(job: Job, held: HeldFile, choice: Choice) -> None:
    """Note the decision, unless there is one already."""
    if choice.decision not in allowed_decisions(held):
        raise JobError(NOT_ALLOWED)
    is_running = job.state in {JobState.WAITING, JobState.RUNNING}
    is_ending = is_running and job.cancel_requested_at is not None
    if is_ending and choice.decision != Decision.REJECT and job.destination != Destination.FOLDER:
        raise JobError(CANCELLING)
    details = _details(held, choice)
    settled = HeldFile.objects.filter(pk=held.pk, decision="").update(
        **details,
        decision=choice.decision,
        decided_by=choice.by,
        decided_at=timezone.now(),
        decision_reason=choice.reason,
    )
    if not settled:
        raise JobError(DECIDED)


def _details(held: HeldFile, choice: Choice) -> dict[str, list[Any]]:
    """Return what the row keeps of a decision that says more than a word."""
    if choice.decision not in {Decision.REDACT, Decision.FALSE_ALARM}:
        return {}
    if held.sealed_finding is not None:
        return _lines(held, choice)
    regions = regions_in(held.regions) if choice.redactions is None else choice.redactions
    boxes = {astuple(replace(region, frame=None)) for region in regions}  # black on every frame
    if not boxes:
        raise JobError(NO_BOX)
    return {"redactions": [list(box) for box in sorted(boxes, key=lambda box: box[1:])]}


def _lines(held: HeldFile, choice: Choice) -> dict[str, list[Any]]:
    known = set(range(len(held.place.split("\n"))))
    removals = choice.removals & known
    false_alarms = choice.false_alarms & known - removals
    if not removals | false_alarms or bool(removals) != (choice.decision == Decision.REDACT):
        raise JobError(NO_VALUE)
    return {"false_alarms": sorted(false_alarms), "removals": sorted(removals)}


def _append(receipt: FileReceipt, outcome: Outcome, code: str, reason: str) -> None:
    receipt.outcome, receipt.code, receipt.reason = outcome, code, reason
    receipt.attempts += 1
    receipt.save()
    ReceiptAttempt.objects.create(
        receipt=receipt, number=receipt.attempts, outcome=outcome, code=code, reason=reason
    )
