"""Start what the page described, once: a second click or another tab finds the job there."""

from django.db import transaction
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.review.forms import Choices
from pacs_portal.jobs.review.summary import Summary
from pacs_portal.jobs.services import create_job
from pacs_portal.uploads.models import Upload

STARTED_MEANWHILE = gettext_noop(
    "This job had started with these files already, so no second one was started."
)


class StartedMeanwhileError(JobError):
    """A job began with the files since the page was shown."""

    def __init__(self, job: Job) -> None:
        super().__init__(STARTED_MEANWHILE)
        self.job = job


def start_job(choices: Choices, summary: Summary, *, by: User) -> Job:
    """Start a job with the choices of the page.

    Raises
    ------
    StartedMeanwhileError
        If another one began since the page was shown.
    JobError
        If it cannot start.
    """
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=choices.upload.pk)
        jobs = upload.jobs.order_by("-created_at")
        seen = choices.jobs_seen
        if seen is not None and jobs.count() > seen:
            raise StartedMeanwhileError(jobs[0])
        return create_job(
            upload=upload,
            tool=choices.tool,
            destination=Destination(choices.destination),
            by=by,
            options=choices.job_options(summary),
        )
