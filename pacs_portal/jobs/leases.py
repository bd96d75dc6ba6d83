"""Who may work on a part: leases that run out, and a fencing number that guards every write."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from pacs_portal.jobs.errors import LeaseLostError
from pacs_portal.jobs.models import Job, JobPart, JobState, PartState, Runner
from pacs_portal.jobs.owners import is_certainly_dead

BACKOFF_SECONDS = (5, 10, 20, 40, 60)


@dataclass(frozen=True)
class Lease:
    """The right to work on a part, as long as `fence` is the part's highest."""

    part_id: int
    job_id: UUID
    fence: int
    owner: str
    attempts: int

    def held(self) -> QuerySet[JobPart]:
        """Return the part while this lease owns it, nothing afterwards."""
        return JobPart.objects.filter(
            pk=self.part_id, fence=self.fence, lease_owner=self.owner, state=PartState.RUNNING
        )


def claimable_parts(job: Job | None = None) -> QuerySet[JobPart]:
    """Return the parts that nobody holds, those of `job` or of all jobs for the workers.

    Low numbers first, so that a small job need not wait for a large one to end.
    """
    now = timezone.now()
    is_free = Q(state=PartState.WAITING) & (Q(not_before=None) | Q(not_before__lte=now))
    is_orphaned = Q(state=PartState.RUNNING, lease_expires_at__lte=now)
    # The states once more: so both databases find the few among all that are done by the index.
    unfinished = JobPart.objects.filter(state__in=[PartState.WAITING, PartState.RUNNING])
    parts = unfinished.filter(is_free | is_orphaned)
    parts = parts.filter(job__runner=Runner.WORKERS) if job is None else parts.filter(job=job)
    return parts.order_by("number", "id")


def claim(part_id: int, owner: str) -> Lease | None:
    """Take the part, or return None when another was faster."""
    part = JobPart.objects.select_related("job").filter(pk=part_id).first()
    if part is None:
        return None
    taken = (
        claimable_parts(part.job)
        .order_by()
        .filter(pk=part.pk, fence=part.fence)
        .update(
            state=PartState.RUNNING,
            fence=part.fence + 1,
            attempts=F("attempts") + 1,
            lease_owner=owner,
            lease_expires_at=_expiry(),
            not_before=None,
        )
    )
    if not taken:
        return None
    Job.objects.filter(pk=part.job_id, state=JobState.WAITING).update(state=JobState.RUNNING)
    return Lease(part.pk, part.job_id, part.fence + 1, owner, part.attempts + 1)


@contextmanager
def guarded(lease: Lease) -> Iterator[None]:
    """Run a transaction that commits only while `lease` owns its part.

    The update keeps the part's row locked until the commit, so that nobody takes over meanwhile.
    """
    with transaction.atomic():
        if not lease.held().update(lease_expires_at=_expiry()):
            raise LeaseLostError("Another worker has taken this part over.")
        yield


@contextmanager
def renewed(lease: Lease) -> Iterator[None]:
    """Renew the lease in the background; once it is lost, `guarded` says so."""
    is_over = threading.Event()
    thread = threading.Thread(target=_renew, args=(lease, is_over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(lease: Lease, is_over: threading.Event) -> None:
    try:
        while not is_over.wait(settings.LEASE_SECONDS / 3):
            try:
                if not lease.held().update(lease_expires_at=_expiry()):
                    return
            except DatabaseError:
                connection.close()  # tried again at the next turn, in a new connection
    finally:
        connection.close()


def release(lease: Lease) -> None:
    """Give the part back at once, as if it had not been tried."""
    lease.held().update(attempts=F("attempts") - 1, **_FREE)


def seconds_waited(part: JobPart) -> int:
    """Return how long the part has waited in a row for a service."""
    return sum(BACKOFF_SECONDS[min(wait, len(BACKOFF_SECONDS) - 1)] for wait in range(part.waits))


def release_until_available(lease: Lease) -> None:
    """Give the part back because a service is away; the next try waits longer each time."""
    part = lease.held().first()
    if part is None:
        return
    delay = BACKOFF_SECONDS[min(part.waits, len(BACKOFF_SECONDS) - 1)]
    lease.held().update(
        attempts=F("attempts") - 1,
        waits=F("waits") + 1,
        **{**_FREE, "not_before": timezone.now() + timedelta(seconds=delay)},
    )


def release_leases_of(owner: str, *, was_stopped: bool = False) -> None:
    """Give back what a process held that is dead now; a crash counts as a try, a stop does not."""
    parts = JobPart.objects.filter(state=PartState.RUNNING, lease_owner=owner)
    parts.update(attempts=F("attempts") - (1 if was_stopped else 0), **_FREE)


def release_leases_of_the_dead() -> None:
    """Give back what processes of this machine held that are gone."""
    owners = JobPart.objects.filter(state=PartState.RUNNING).values_list("lease_owner", flat=True)
    for owner in set(owners):
        if is_certainly_dead(owner):
            release_leases_of(owner)


_FREE: dict[str, object] = {
    "state": PartState.WAITING,
    "lease_owner": "",
    "lease_expires_at": None,
    "not_before": None,
}


def _expiry() -> datetime:
    return timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
