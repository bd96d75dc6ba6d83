"""Tries a job again while housekeeping removes its originals; run by test_housekeeping.py."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from unittest.mock import patch

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.db import connection  # noqa: E402
from django.utils import timezone  # noqa: E402

from pacs_portal.jobs import services  # noqa: E402
from pacs_portal.jobs.models import (  # noqa: E402
    FileReceipt,
    Job,
    JobPart,
    JobState,
    Outcome,
    PartKind,
    PartState,
)
from pacs_portal.jobs.originals import remove_old_originals  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pacs_portal.uploads.models import FileState, Upload, UploadFile, UploadState  # noqa: E402

TIME_TO_REMOVE = 2  # seconds: what does not wait for the other is done long before


def prepare() -> None:
    project = create_project(NewProject("heart", "Heart"), actor="test")
    upload = Upload.objects.create(project=project, state=UploadState.COMPLETE, file_count=1)
    file = UploadFile.objects.create(
        upload=upload,
        number=1,
        size_bytes=1,
        state=FileState.RECEIVED,
        sealed_path=b"",
        path_digest=b"1",
    )
    job = Job.objects.create(
        project=project, upload=upload, tool="toy", destination="download", state=JobState.DONE
    )
    JobPart.objects.create(job=job, number=0, kind=PartKind.PLAN, state=PartState.CANCELLED)
    FileReceipt.objects.create(job=job, upload_file=file, outcome=Outcome.FAILED)


def retry_while_they_go() -> list[str]:
    """Return the states of the job and of its file, and whether the removal had to wait."""
    is_written, is_removed = Event(), Event()
    waited: list[bool] = []

    def before_the_commit(*_arguments: object) -> None:
        is_written.set()
        waited.append(not is_removed.wait(TIME_TO_REMOVE))

    def remove() -> None:
        is_written.wait()
        remove_old_originals(Upload.objects.get(), before=timezone.now())
        is_removed.set()
        connection.close()

    with patch.object(services, "record_in", before_the_commit), ThreadPoolExecutor(1) as other:
        removal = other.submit(remove)
        try:
            services.retry_job(job=Job.objects.get(), by="somebody")
        finally:
            is_written.set()
        removal.result()
    return [Job.objects.get().state, UploadFile.objects.get().state, str(waited == [True])]


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        sys.stdout.write("\n".join(retry_while_they_go()))
