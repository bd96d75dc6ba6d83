"""What time takes away: old originals, results, held files, and what dead processes left."""

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from pacs_portal.accounts.services import remove_ended_sessions, remove_old_mail
from pacs_portal.archive.errors import ArchiveError
from pacs_portal.archive.services import sweep_deletions
from pacs_portal.jobs.chores import registered_chores
from pacs_portal.jobs.held.aside import remove_settled
from pacs_portal.jobs.held.releasing import release_due
from pacs_portal.jobs.leases import release_leases_of_the_dead
from pacs_portal.jobs.models import HeldFile, Job, JobState, WorkerHeartbeat
from pacs_portal.jobs.originals import remove_finished_originals, remove_old_originals
from pacs_portal.jobs.services import cancel_jobs_of_dead_commands
from pacs_portal.jobs.storage import held_dir, sweep_work_dirs
from pacs_portal.projects.errors import KeyFileError
from pacs_portal.uploads.companions.services import sweep_companions
from pacs_portal.uploads.models import FileState, Upload, UploadState
from pacs_portal.uploads.services import discard_stale_uploads, sweep_storage

logger = logging.getLogger(__name__)
DAY_SECONDS = 24 * 3600
FORGET_WORKERS_AFTER = timedelta(days=1)


def keep_house() -> None:
    """Clean up everything that is due; safe at any time, in several processes at once.

    A chore that fails waits for the next time and keeps no other from its turn.
    """
    unfinished = timedelta(days=settings.KEEP_UNFINISHED_DAYS)
    results = timedelta(days=settings.KEEP_RESULTS_DAYS)
    chores: tuple[Callable[[], object], ...] = (
        release_leases_of_the_dead,
        cancel_jobs_of_dead_commands,
        sweep_work_dirs,
        release_due,
        partial(discard_stale_uploads, unfinished),
        partial(remove_due_originals, unfinished),
        partial(remove_old_results, results),
        remove_settled,
        partial(remove_old_held_files, unfinished),
        sweep_held_dirs,
        sweep_storage,
        sweep_companions,
        forget_workers,
        remove_ended_sessions,
        remove_old_mail,
        *registered_chores(),
        sweep_deletions,
    )
    for chore in chores:
        try:
            chore()
        except (ArchiveError, KeyFileError, OSError) as error:
            name = getattr(chore, "func", chore).__name__
            logger.warning("%s waits: %s", name, type(error).__name__)


def remove_due_originals(keep: timedelta) -> None:
    """Remove the originals whose jobs are over, and the unfinished ones when their time is up."""
    with_files = Upload.objects.filter(
        state=UploadState.COMPLETE,
        jobs__isnull=False,
        files__state=FileState.RECEIVED,
        files__sealed_source=None,
    )
    for upload in with_files.distinct():
        remove_finished_originals(upload)
        remove_old_originals(upload, before=timezone.now() - keep)


def remove_old_results(keep: timedelta) -> None:
    """Remove the downloads of jobs that ended longer than `keep` ago."""
    ended = Job.objects.filter(
        state__in=[JobState.DONE, JobState.CANCELLED, JobState.FAILED],
        finished_at__lt=timezone.now() - keep,
    )
    for job_id, path in _folders(Path(settings.RESULTS_DIR)):
        if ended.filter(pk=job_id).exists():
            shutil.rmtree(path, ignore_errors=True)


def remove_old_held_files(keep: timedelta) -> None:
    """Remove what was put aside longer than `keep` ago; the rows stay and say so."""
    for held in HeldFile.objects.filter(has_original=True, created_at__lt=timezone.now() - keep):
        shutil.rmtree(held_dir(held.pk), ignore_errors=True)
        HeldFile.objects.filter(pk=held.pk).update(has_original=False, has_output=False)


def sweep_held_dirs() -> None:
    """Remove what no row names, or names no more.

    A worker may die just after it put a file aside; a picture may be drawn while its file goes.
    """
    yesterday = time.time() - DAY_SECONDS
    for held_id, path in _folders(Path(settings.HELD_DIR)):
        is_known = HeldFile.objects.filter(pk=held_id, has_original=True).exists()
        if not is_known and path.stat().st_mtime < yesterday:
            shutil.rmtree(path, ignore_errors=True)


def forget_workers() -> None:
    """Remove the last signs of life of workers that are gone."""
    forgotten = timezone.now() - FORGET_WORKERS_AFTER
    WorkerHeartbeat.objects.filter(seen_at__lt=forgotten).delete()


def _folders(root: Path) -> Iterator[tuple[UUID, Path]]:
    for path in list(root.iterdir()) if root.is_dir() else ():
        with suppress(ValueError):
            yield UUID(path.name), path
