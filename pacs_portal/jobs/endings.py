"""How parts end that were not worked through."""

from django.conf import settings
from django.db.models import Q, QuerySet

from pacs_portal.jobs import leases
from pacs_portal.jobs.leases import Lease, guarded
from pacs_portal.jobs.models import (
    FileReceipt,
    Job,
    JobPart,
    Outcome,
    PartKind,
    PartState,
    Runner,
)
from pacs_portal.jobs.receipts import FileResult, cancel_receipts, finish_part, write_results
from pacs_portal.jobs.steps import DiskFullError, StepUnavailableError

GIVEN_UP = "given-up"


def give_up(lease: Lease, part: JobPart, sentence: str) -> None:
    """Let what still waits in the part fail; a job without a plan fails as a whole."""
    with guarded(lease):
        _fail(lease, part, _waiting(part), GIVEN_UP, sentence)


def wait_or_give_up(lease: Lease, error: StepUnavailableError) -> None:
    """Give the part back until the service is there again.

    A command waits for a while, for a full disk not at all: who started it should make room. Then
    its whole job ends, since nobody else goes on with it.
    """
    part = lease.held().select_related("job").first()
    if part is None:
        return
    is_too_long = leases.seconds_waited(part) >= settings.COMMAND_PATIENCE_SECONDS
    if part.job.runner == Runner.COMMAND and (is_too_long or isinstance(error, DiskFullError)):
        _give_up_job(lease, part, error)
    else:
        leases.release_until_available(lease)


def _give_up_job(lease: Lease, part: JobPart, error: StepUnavailableError) -> None:
    with guarded(lease):
        Job.objects.select_for_update().get(pk=part.job_id)  # one worker after the other
        others = JobPart.objects.filter(job=part.job_id, state=PartState.WAITING)
        others.update(state=PartState.CANCELLED)
        is_left = Q(unit=None) | Q(unit__part=part) | Q(unit__part__state=PartState.CANCELLED)
        left = FileReceipt.objects.filter(is_left, job=part.job_id, outcome=Outcome.WAITING)
        _fail(lease, part, left, error.code, error.sentence)


def _fail(
    lease: Lease, part: JobPart, receipts: QuerySet[FileReceipt], code: str, sentence: str
) -> None:
    ids = receipts.values_list("pk", flat=True)
    write_results(lease, [FileResult(pk, Outcome.FAILED, code, sentence) for pk in ids])
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
