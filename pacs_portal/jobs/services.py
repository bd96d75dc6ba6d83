"""What can be done with jobs: start, watch, cancel, try again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import (
    Destination,
    FileReceipt,
    Job,
    JobPart,
    JobState,
    Outcome,
    PartKind,
    PartState,
    Runner,
    WorkerHeartbeat,
)
from pacs_portal.jobs.options import JobOptions, options_of, seal_options
from pacs_portal.jobs.owners import is_certainly_dead, this_process
from pacs_portal.jobs.pipelines import tool_names
from pacs_portal.jobs.receipts import cancel_receipts, end_job_if_done
from pacs_portal.jobs.repeating import add_part, repeat_parts
from pacs_portal.jobs.report import report
from pacs_portal.jobs.steps import is_inner_step
from pacs_portal.projects.services import record_in
from pacs_portal.uploads.models import Upload, UploadState
from pacs_portal.uploads.services import input_files

__all__ = [
    "JobOptions",
    "Progress",
    "cancel_job",
    "create_job",
    "is_waiting_for_archive",
    "options_of",
    "progress",
    "progress_of",
    "report",
    "retry_job",
    "worker_is_alive",
]

ALIVE_FOR = timedelta(seconds=45)
NOT_COMPLETE = gettext_noop("The upload is not complete. Send the missing files first.")
STARTED_ALREADY = gettext_noop(
    "These images are the archive's. Choose the studies there again to start another job."
)
NO_SUCH_TOOL = gettext_noop("There is no such tool.")
NO_ORIGINALS = gettext_noop(
    "The files of this upload are no longer here: they went when all were done. Upload them again."
)
STILL_RUNNING = gettext_noop("The job is still running. Cancel it or wait for its end.")
NOTHING_FAILED = gettext_noop("Nothing failed, so there is nothing to try again.")
COMMANDS_OWN = gettext_noop("A command ran this job. Run the command again: what is done stays.")
RETRIED = (Outcome.FAILED, Outcome.CANCELLED)
TROUBLES = (Outcome.HELD, Outcome.FAILED)


@dataclass(frozen=True)
class Progress:
    """How far a job is."""

    total: int
    done: int
    by_outcome: Mapping[str, int]

    @property
    def percent(self) -> int:
        return 100 * self.done // self.total if self.total else 0

    @property
    def troubles(self) -> list[tuple[Outcome, int]]:
        """What a job that is done has not done, with how many files."""
        counted = [(outcome, self.by_outcome.get(outcome, 0)) for outcome in TROUBLES]
        return [(outcome, count) for outcome, count in counted if count]


def create_job(
    *,
    upload: Upload,
    tool: str,
    destination: Destination,
    by: User | None,
    actor_label: str = "",
    options: JobOptions | None = None,
) -> Job:
    """Start a job over the files of `upload`; its plan is the first part.

    Raises
    ------
    JobError
        If the upload is not complete, its files are gone, or there is no such tool.
    """
    options = options or JobOptions()
    with transaction.atomic():
        _check_startable(Upload.objects.select_for_update().get(pk=upload.pk), tool)
        job = Job(
            project=upload.project,
            upload=upload,
            created_by=by,
            actor_label=actor_label,
            tool=tool,
            destination=destination,
            runner=options.runner,
            command_process=this_process() if options.runner == Runner.COMMAND else "",
            options=dict(options.open),
        )
        job.sealed_options = seal_options(job, options.sealed)
        job.save(force_insert=True)
        JobPart.objects.create(job=job, number=0, kind=PartKind.PLAN)
        record_in(
            job.project,
            by or actor_label,
            "job.created",
            job,
            tool=tool,
            destination=str(destination),
        )
    return job


def _check_startable(upload: Upload, tool: str) -> None:
    """Refuse an upload without work; the caller holds its row, so that nobody reopens it now."""
    if upload.state != UploadState.COMPLETE:
        raise JobError(NOT_COMPLETE)
    is_inner = upload.source_project_id is not None and is_inner_step(tool)
    if not is_inner and tool not in tool_names():
        raise JobError(NO_SUCH_TOOL)
    if upload.source_project_id is not None and upload.jobs.exists():
        raise JobError(STARTED_ALREADY)  # whoever starts it again may not read the source
    if not input_files(upload).exists():
        raise JobError(NO_ORIGINALS)


def cancel_job(*, job: Job, by: User | str) -> None:
    """Stop `job`: what waits is cancelled at once, what runs ends with its present unit."""
    with transaction.atomic():
        locked = Job.objects.select_for_update().get(pk=job.pk)
        if locked.state not in {JobState.WAITING, JobState.RUNNING}:
            return
        locked.cancel_requested_at = timezone.now()
        locked.save()
        locked.parts.filter(state=PartState.WAITING).update(state=PartState.CANCELLED)
        cancel_receipts(
            locked.receipts.filter(Q(unit=None) | Q(unit__part__state=PartState.CANCELLED))
        )
        end_job_if_done(locked)
        record_in(locked.project, by, "job.cancelled", locked)
    job.refresh_from_db()


def cancel_jobs_of_dead_commands() -> None:
    """Cancel the jobs whose command was killed: no worker of the portal takes their parts."""
    unfinished = Job.objects.filter(
        runner=Runner.COMMAND, state__in=[JobState.WAITING, JobState.RUNNING]
    )
    for job in unfinished:
        if is_certainly_dead(job.command_process):
            cancel_job(job=job, by="worker")


def retry_job(*, job: Job, by: User | str) -> None:
    """Try again what failed or was cancelled, and nothing else.

    Raises
    ------
    JobError
        If the job still runs, or nothing is left to try again.
    """
    with transaction.atomic():
        # Its upload's row is held, as by who removes originals: they stay, or the job finds none.
        Upload.objects.select_for_update().get(pk=job.upload_id)
        locked = Job.objects.select_for_update().get(pk=job.pk)
        if locked.state in {JobState.WAITING, JobState.RUNNING}:
            raise JobError(STILL_RUNNING)
        if locked.runner == Runner.COMMAND:
            raise JobError(COMMANDS_OWN)
        receipts = locked.receipts.filter(outcome__in=RETRIED)
        if not has_work_left(locked):
            raise JobError(NOTHING_FAILED)
        repeat_parts(locked, receipts)
        if not _was_planned(locked) or receipts.filter(unit=None).exists():
            add_part(locked, PartKind.PLAN, [])
        receipts.update(outcome=Outcome.WAITING, code="", reason="")
        locked.state = JobState.WAITING
        locked.cancel_requested_at = locked.finished_at = None
        locked.save()
        record_in(locked.project, by, "job.retried", locked)
    job.refresh_from_db()


def has_work_left(job: Job) -> bool:
    """Tell whether a second try of an ended job would find anything to do."""
    if job.runner == Runner.COMMAND:
        return False
    return job.receipts.filter(outcome__in=RETRIED).exists() or not _was_planned(job)


def _was_planned(job: Job) -> bool:
    return job.parts.filter(kind=PartKind.PLAN, state=PartState.DONE).exists()


def progress(job: Job) -> Progress:
    """Return the count of receipts by outcome; before the plan nothing but the total is known."""
    return progress_of([job])[job.pk]


def progress_of(jobs: Sequence[Job]) -> dict[UUID, Progress]:
    """Return the progress of each of `jobs`, counted in one query."""
    receipts = FileReceipt.objects.filter(job__in=jobs).order_by()
    counts: dict[UUID, dict[str, int]] = {job.pk: {} for job in jobs}
    for job_id, outcome, count in receipts.values_list("job_id", "outcome").annotate(Count("pk")):
        counts[job_id][outcome] = count
    return {job.pk: _progress(job, counts[job.pk]) for job in jobs}


def is_waiting_for_archive(job: Job) -> bool:
    """Tell whether parts of `job` wait until a service they need is back."""
    return job.parts.filter(state=PartState.WAITING, not_before__gt=timezone.now()).exists()


def worker_is_alive() -> bool:
    """Tell whether any worker gave a sign of life just now."""
    return WorkerHeartbeat.objects.filter(seen_at__gt=timezone.now() - ALIVE_FOR).exists()


def _progress(job: Job, by_outcome: Mapping[str, int]) -> Progress:
    total = sum(by_outcome.values())
    return Progress(
        total=total or job.upload.file_count,
        done=total - by_outcome.get(Outcome.WAITING, 0),
        by_outcome=by_outcome,
    )
