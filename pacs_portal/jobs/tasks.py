"""The unit of work of every worker: the local one, a command and Celery carry the same call.

What a tool raises without having foreseen it ends here: the files at hand fail with a neutral
sentence, and the log names the place, never the text, which may quote a patient's data.
"""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext_noop

from pacs_portal.jobs import endings, leases, receipts, running, units
from pacs_portal.jobs.bounds import limited_time
from pacs_portal.jobs.errors import LeaseLostError
from pacs_portal.jobs.leases import Lease
from pacs_portal.jobs.models import Job, JobPart, PartKind
from pacs_portal.jobs.originals import remove_finished_originals
from pacs_portal.jobs.owners import this_process
from pacs_portal.jobs.planning import plan_job
from pacs_portal.jobs.recording import recorder
from pacs_portal.jobs.running import Batch
from pacs_portal.jobs.steps import StepUnavailableError
from pacs_portal.jobs.storage import work_dir
from pacs_portal.jobs.units import PartRun, UnitRun
from pacs_portal.jobs.verdicts import UNFORESEEN, wait_if_disk_full

logger = logging.getLogger(__name__)
T = TypeVar("T")
UNIT_MAX_ATTEMPTS = 2
STOPPED_WORKER = gettext_noop(
    "Processing this file stopped the worker several times. Check that it opens elsewhere, and "
    "tell the administrator."
)
NOT_PLANNED = gettext_noop(
    "The job could not be planned. Start it again; if that fails too, tell the administrator."
)


class PartStoppedError(Exception):
    """The worker was told to stop in the middle of a part."""


def never() -> bool:
    """Return False: nobody asks the work to stop."""
    return False


def run_part(part_id: int, should_stop: Callable[[], bool] = never) -> bool:
    """Take the part, do its work and record one receipt per file; False if it was not to be had.

    A lost lease records nothing more. A service that is away, and a stop, give the part back.
    """
    lease = leases.claim(part_id, this_process())
    if lease is None:
        return False
    try:
        with leases.renewed(lease), work_dir(lease) as folder:
            try:
                _work(lease, folder, should_stop)
            except StepUnavailableError as error:
                logger.warning("part %s: %s", part_id, error.code)
                endings.wait_or_give_up(lease, error)
    except LeaseLostError:
        logger.warning("part %s: lease lost, nothing recorded", part_id)
    except (PartStoppedError, KeyboardInterrupt, SystemExit) as stop:
        leases.release(lease)
        if not isinstance(stop, PartStoppedError):
            raise
    return True


def attempt(work: Callable[[], T]) -> T | None:
    """Run what a tool brought; None means that it failed in a way it did not foresee."""
    try:
        return work()
    except (LeaseLostError, StepUnavailableError, DatabaseError):
        raise
    except Exception as error:
        if isinstance(error, OSError):
            wait_if_disk_full(error)
        logger.exception("a tool failed unforeseen")
        return None


def _work(lease: Lease, folder: Path, should_stop: Callable[[], bool]) -> None:
    part = JobPart.objects.select_related("job__project", "job__upload").get(pk=lease.part_id)
    if lease.attempts > settings.PART_MAX_ATTEMPTS:
        endings.give_up(lease, part, STOPPED_WORKER)
    elif _is_cancelled(part.job):
        endings.end_cancelled(lease, part)
    elif part.kind == PartKind.PLAN:
        if attempt(partial(plan_job, lease, attempt)) is None:
            endings.give_up(lease, part, NOT_PLANNED)
    else:
        run = units.start_part(lease, part.job, part.steps, folder)
        if _run_units(run, should_stop):
            receipts.end_part(lease)
        else:
            endings.end_cancelled(lease, part)
    remove_finished_originals(part.job.upload)


def _run_units(run: PartRun, should_stop: Callable[[], bool]) -> bool:
    """Work through the units that wait; False if the job was cancelled meanwhile."""
    is_careful = run.lease.attempts > 1  # a worker died in this part
    with recorder(run, attempt) as recording:
        batch = Batch(is_careful)
        for unit in units.waiting_units(run):
            try:
                for processed in _process(run, unit, is_careful):
                    batch.add(processed)
            except StepUnavailableError:
                recording.take(batch)
                raise
            is_stopping = should_stop()
            if batch.is_full or is_stopping:
                recording.take(batch)
                batch = Batch(is_careful)
                if is_stopping:
                    raise PartStoppedError
                if _is_cancelled(run.job):
                    return False
        recording.take(batch)
    return True


def _process(run: PartRun, whole: UnitRun, is_careful: bool) -> list[UnitRun]:
    """Lead one unit through its steps; where that fails unforeseen, each of its files alone."""
    if is_careful and running.count_attempt(run, whole.unit) > UNIT_MAX_ATTEMPTS:
        whole.fail_all("stopped-worker", STOPPED_WORKER)
        return [whole]
    if _was_run(run, whole):
        return [whole]
    runs = whole.apart() if len(whole.receipts) > 1 else [whole]
    for single in runs:
        if single is whole or not _was_run(run, single):
            single.fail_all("unforeseen", UNFORESEEN)
    return runs


def _was_run(run: PartRun, unit: UnitRun) -> bool:
    with limited_time():
        return bool(attempt(partial(running.run_unit, run, unit)))


def _is_cancelled(job: Job) -> bool:
    return Job.objects.filter(pk=job.pk, cancel_requested_at__isnull=False).exists()
