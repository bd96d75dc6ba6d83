"""The local worker: a master that keeps one process per core at work, and nothing else."""

import logging
import os
import signal
import time
from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from pacs_portal.jobs import leases
from pacs_portal.jobs.bounds import bound_this_process
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Job, JobState, WorkerHeartbeat
from pacs_portal.jobs.owners import this_process
from pacs_portal.jobs.pipelines import load_steps
from pacs_portal.jobs.processes import Crew, Stop, keep_private
from pacs_portal.jobs.steps import registered_steps
from pacs_portal.jobs.storage import sweep_work_dirs
from pacs_portal.jobs.tasks import run_part

__all__ = ["run_job_here", "run_part", "run_worker"]

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 10
HOUSEKEEPING_SECONDS = 300


def core_count() -> int:
    """Return how many processes a worker has by default."""
    return settings.WORKER_PROCESSES or os.cpu_count() or 1


def run_worker(process_count: int) -> None:
    """Keep `process_count` processes at work until told to stop."""
    keep_private()
    stop = Stop()
    stop.listen(signal.SIGTERM, signal.SIGINT)
    registered_steps()  # children that are forked share what they import
    work = partial(_work_bounded, process_count, partial(work_forever, None))
    crew = Crew(work, leases.release_leases_of)
    leases.release_leases_of_the_dead()
    sweep_work_dirs()
    next_beat = next_cleaning = 0.0
    while not stop():
        crew.fill(process_count)
        now = time.monotonic()
        if now >= next_beat:
            _survive(beat)
            next_beat = now + HEARTBEAT_SECONDS
        if now >= next_cleaning:
            crew.start_extra(lambda _: keep_house())
            next_cleaning = now + HOUSEKEEPING_SECONDS
        _wait(stop, POLL_SECONDS)
    crew.dismiss()
    _survive(lambda: WorkerHeartbeat.objects.filter(owner=this_process()).delete())


def run_job_here(job: Job, workers: int = 0) -> None:
    """Do the parts of a job in `workers` children, or in this process; wait for the end.

    Only a child has bounds of memory and time, and may die of a file. Ctrl-C gives back what was
    under way and is raised again.
    """
    if not workers:
        work_until_done(job, Stop())
        return
    load_steps(job)
    work = partial(_work_bounded, workers, partial(work_until_done, job))
    crew = Crew(work, leases.release_leases_of)
    try:
        while _is_unfinished(job):
            crew.fill(workers)
            crew.wait_for_an_end(workers, POLL_SECONDS / 10)
    finally:
        crew.dismiss()
    job.refresh_from_db()


def work_forever(job: Job | None, stop: Stop) -> None:
    """Take part after part; wait a moment where there is none."""
    while not stop():
        if not take_one(job, stop):
            _wait(stop, POLL_SECONDS)


def work_until_done(job: Job, stop: Stop) -> None:
    """Take the parts of `job` until none is left."""
    while not stop() and _is_unfinished(job):
        if not take_one(job, stop):
            _wait(stop, POLL_SECONDS / 10)
    job.refresh_from_db()


def _work_bounded(process_count: int, work: Callable[[Stop], None], stop: Stop) -> None:
    bound_this_process(process_count)
    work(stop)


def take_one(job: Job | None, stop: Callable[[], bool]) -> bool:
    """Do one part that nobody holds; False if there is none."""
    for part_id in leases.claimable_parts(job).values_list("pk", flat=True)[:10]:
        if run_part(part_id, stop):
            return True
    return False


def beat() -> None:
    """Tell everybody that this worker lives."""
    WorkerHeartbeat.objects.update_or_create(
        owner=this_process(), defaults={"seen_at": timezone.now()}
    )


def _is_unfinished(job: Job) -> bool:
    unfinished = (JobState.WAITING, JobState.RUNNING)
    return Job.objects.filter(pk=job.pk, state__in=unfinished).exists()


def _survive(work: Callable[[], object]) -> None:
    """Do what must not end the worker when the database is away for a moment."""
    try:
        work()
    except DatabaseError as error:
        logger.warning("the database does not answer: %s", type(error).__name__)
    finally:
        connections.close_all()


def _wait(stop: Callable[[], bool], seconds: float) -> None:
    if not stop():
        time.sleep(seconds)
