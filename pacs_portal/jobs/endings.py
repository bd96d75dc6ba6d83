"""How parts end that were not worked through."""

from django.db.models import QuerySet

from pacs_portal.jobs.leases import Lease, guarded
from pacs_portal.jobs.models import FileReceipt, JobPart, Outcome, PartKind, PartState
from pacs_portal.jobs.receipts import FileResult, cancel_receipts, finish_part, write_results

GIVEN_UP = "given-up"


def give_up(lease: Lease, part: JobPart, sentence: str) -> None:
    """Let what still waits in the part fail; a job without a plan fails as a whole."""
    with guarded(lease):
        results = [
            FileResult(receipt_id, Outcome.FAILED, GIVEN_UP, sentence)
            for receipt_id in _waiting(part).values_list("pk", flat=True)
        ]
        write_results(lease, results)
        is_plan = part.kind == PartKind.PLAN
        finish_part(lease, PartState.FAILED if is_plan else PartState.DONE)


def end_cancelled(lease: Lease, part: JobPart) -> None:
    """End a part of a cancelled job."""
    with guarded(lease):
        cancel_receipts(_waiting(part))
        finish_part(lease, PartState.CANCELLED)


def _waiting(part: JobPart) -> QuerySet[FileReceipt]:
    receipts = FileReceipt.objects.filter(job_id=part.job_id, outcome=Outcome.WAITING)
    if part.kind == PartKind.PLAN:
        return receipts.filter(unit=None)
    return receipts.filter(unit__part=part)
