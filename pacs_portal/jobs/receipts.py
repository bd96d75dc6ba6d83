"""How results become receipts, and parts and jobs come to their end; all under the lease."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.db.models import DateTimeField, F, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext_noop

from pacs_portal.inserting import insert_rows, insert_selected
from pacs_portal.jobs.held.contents import seal_content
from pacs_portal.jobs.held.findings import places_of, seal_findings
from pacs_portal.jobs.leases import Lease, guarded
from pacs_portal.jobs.models import (
    FileReceipt,
    HeldFile,
    Job,
    JobPart,
    JobState,
    Outcome,
    PartState,
    ReceiptAttempt,
    ReceiptOutput,
)
from pacs_portal.jobs.steps import FoundText, Region
from pacs_portal.projects.keys import SealingKeys, sealing_keys

BATCH_ROWS = 500
Ending = tuple[Outcome, str, str]  # with code and reason
REASON_LENGTH = 300
CANCELLED = gettext_noop("The job was cancelled before this file's turn.")
TWICE = gettext_noop("Another file of this job gave exactly the same image.")


class OutputFacts(NamedTuple):
    """An instance that was delivered; the names are those of `ReceiptOutput`.

    `path` is below the result's folder.
    """

    study_instance_uid: str
    sop_instance_uid: str
    sha256: str
    size_bytes: int
    path: str = ""


@dataclass(frozen=True)
class Hold:
    """What was put aside for a steward, before the row that says so."""

    held_id: UUID
    has_original: bool
    has_output: bool
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class FileResult:
    """What became of one input file."""

    receipt_id: int
    outcome: Outcome
    code: str = ""
    sentence: str = ""
    stage: str = ""
    findings: tuple[FoundText, ...] = field(default=(), repr=False)
    regions: tuple[Region, ...] = ()
    outputs: tuple[OutputFacts, ...] = ()
    hold: Hold | None = None
    # The receipt of the file whose images these are too: a volume's, for what lies beside it.
    companion_of: int | None = None


def record_results(lease: Lease, results: Sequence[FileResult]) -> None:
    """Write the receipts of `results` in one transaction.

    Raises
    ------
    LeaseLostError
        If the part belongs to another worker now; nothing is written then.
    """
    with guarded(lease):
        write_results(lease, results)


def write_results(lease: Lease, results: Sequence[FileResult]) -> None:
    """Write receipts inside the caller's guarded transaction; a final one is never changed."""
    by_id = {result.receipt_id: result for result in results}
    waiting = [by_id[receipt_id] for receipt_id in _waiting_receipts(lease, sorted(by_id))]
    known = _known_instances(lease, waiting)
    groups: dict[Ending, list[int]] = defaultdict(list)  # most of a batch ended the same way
    doubles: dict[int | None, bool] = {}
    for result in sorted(waiting, key=lambda result: result.companion_of is not None):
        is_double = doubles.get(result.companion_of, _is_double(result, known))
        doubles[result.receipt_id] = is_double
        groups[_ending(result, is_double=is_double)].append(result.receipt_id)
        known |= {output.sop_instance_uid for output in result.outputs}
    for ending, receipt_ids in groups.items():
        for start in range(0, len(receipt_ids), BATCH_ROWS):
            _save(ending, receipt_ids[start : start + BATCH_ROWS])
    insert_rows(
        ReceiptOutput,
        ("receipt_id", *OutputFacts._fields),
        [(result.receipt_id, *facts) for result in waiting for facts in result.outputs],
        # An earlier try may have delivered some of a file's outputs.
        unique=("receipt_id", "sop_instance_uid"),
    )
    HeldFile.objects.bulk_create(_held_rows(lease, waiting))
    JobPart.objects.filter(pk=lease.part_id).update(waits=0, attempts=1)


def end_part(lease: Lease, state: PartState = PartState.DONE) -> None:
    """End the part, and its job with it if nothing is left to do."""
    with guarded(lease):
        finish_part(lease, state)


def finish_part(lease: Lease, state: PartState) -> None:
    """End the part inside the caller's guarded transaction."""
    job = Job.objects.select_for_update().get(pk=lease.job_id)
    lease.held().update(state=state, lease_owner="", lease_expires_at=None, not_before=None)
    end_job_if_done(job, is_failed=state == PartState.FAILED)


def end_job_if_done(job: Job, *, is_failed: bool = False) -> None:
    """Mark the job as ended once no part waits or runs; the caller holds the job's row."""
    if job.parts.filter(state__in=[PartState.WAITING, PartState.RUNNING]).exists():
        return
    state = JobState.DONE if job.cancel_requested_at is None else JobState.CANCELLED
    Job.objects.filter(pk=job.pk).update(
        state=JobState.FAILED if is_failed else state, finished_at=timezone.now()
    )


def cancel_receipts(receipts: QuerySet[FileReceipt]) -> None:
    """Mark what still waits among `receipts` as cancelled."""
    receipts.filter(outcome=Outcome.WAITING).update(
        outcome=Outcome.CANCELLED, code="cancelled", reason=CANCELLED
    )


def _waiting_receipts(lease: Lease, ids: Sequence[int]) -> list[int]:
    waiting: list[int] = []
    for start in range(0, len(ids), BATCH_ROWS):
        rows = FileReceipt.objects.filter(
            job_id=lease.job_id,
            pk__in=ids[start : start + BATCH_ROWS],
            outcome=Outcome.WAITING,
        )
        waiting += rows.order_by("pk").values_list("pk", flat=True)
    return waiting


def _known_instances(lease: Lease, results: Sequence[FileResult]) -> set[str]:
    """Return which of the outputs this job has written for other files already."""
    uids = [output.sop_instance_uid for result in results for output in result.outputs]
    found: dict[str, list[int]] = defaultdict(list)
    for start in range(0, len(uids), BATCH_ROWS):
        rows = ReceiptOutput.objects.filter(sop_instance_uid__in=uids[start : start + BATCH_ROWS])
        for uid, receipt_id in rows.values_list("sop_instance_uid", "receipt_id"):
            found[uid].append(receipt_id)
    # In two steps, since a database may join them over all receipts of the job.
    receipt_ids = sorted({receipt_id for ids in found.values() for receipt_id in ids})
    ended: set[int] = set()
    for start in range(0, len(receipt_ids), BATCH_ROWS):
        receipts = FileReceipt.objects.filter(
            job_id=lease.job_id, pk__in=receipt_ids[start : start + BATCH_ROWS]
        ).exclude(outcome=Outcome.WAITING)  # of an earlier try at the same file
        ended.update(receipts.values_list("pk", flat=True))
    return {uid for uid, ids in found.items() if not ended.isdisjoint(ids)}


def _is_double(result: FileResult, known: set[str]) -> bool:
    return (
        result.outcome == Outcome.WRITTEN
        and bool(result.outputs)
        and all(output.sop_instance_uid in known for output in result.outputs)
    )


def _ending(result: FileResult, *, is_double: bool) -> Ending:
    if is_double:
        return Outcome.DUPLICATE, "twice", TWICE
    return result.outcome, result.code, result.sentence[:REASON_LENGTH]


def _save(ending: Ending, receipt_ids: Sequence[int]) -> None:
    """Let receipts end and append that to their history."""
    outcome, code, reason = ending
    receipts = FileReceipt.objects.filter(pk__in=receipt_ids)
    now = timezone.now()
    receipts.update(
        outcome=outcome, code=code, reason=reason, attempts=F("attempts") + 1, updated_at=now
    )
    insert_selected(
        ReceiptAttempt,
        receipts.order_by("pk"),
        receipt=F("pk"),
        number=F("attempts"),
        outcome=F("outcome"),
        code=F("code"),
        reason=F("reason"),
        at=Value(now, DateTimeField()),
    )


def _held_rows(lease: Lease, results: Sequence[FileResult]) -> list[HeldFile]:
    held = [(result, result.hold) for result in results if result.hold is not None]
    if not held:
        return []
    keys = sealing_keys(Job.objects.values_list("project_id", flat=True).get(pk=lease.job_id))
    return [_held_row(result, hold, keys) for result, hold in held]


def _held_row(result: FileResult, hold: Hold, keys: SealingKeys) -> HeldFile:
    return HeldFile(
        id=hold.held_id,
        receipt_id=result.receipt_id,
        cause=result.code,
        stage=result.stage,
        place=places_of(result.findings),
        sealed_finding=seal_findings(keys, hold.held_id, result.findings),
        regions=[astuple(region) for region in result.regions],
        has_original=hold.has_original,
        has_output=hold.has_output,
        sealed_content=seal_content(keys, hold.held_id, hold.content),
    )
