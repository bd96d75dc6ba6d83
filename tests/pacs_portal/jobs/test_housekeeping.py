import os
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import FileReceipt, HeldFile, Job
from pacs_portal.jobs.storage import held_dir, results_dir
from pacs_portal.uploads.models import FileState


@pytest.fixture(autouse=True)
def no_archive(settings):
    settings.ORTHANC_URL = "http://127.0.0.1:9"  # nothing listens there


@pytest.fixture
def job(finish) -> Job:
    return finish({"a/1": b"one", "a/2": b"fail", "a/3": b"hold"})


def originals(job: Job) -> set[int]:
    return set(job.upload.files.filter(state=FileState.RECEIVED).values_list("number", flat=True))


def let_pass(days: int) -> None:
    then = timezone.now() - timedelta(days=days)
    Job.objects.update(finished_at=then)
    FileReceipt.objects.update(updated_at=then)
    HeldFile.objects.update(created_at=then)


def test_what_failed_or_is_held_and_the_results_stay_for_their_time(job):
    let_pass(days=13)
    keep_house()
    assert originals(job) == {2, 3}
    assert held_dir(HeldFile.objects.get().pk).is_dir()
    assert list(results_dir(job.pk).rglob("*.dcm"))


def test_after_their_time_originals_held_files_and_results_are_removed(job, settings):
    let_pass(days=15)
    keep_house()
    assert originals(job) == set()
    assert not (settings.UPLOADS_DIR / str(job.upload_id)).exists()
    held = HeldFile.objects.get()
    assert not held_dir(held.pk).exists()
    assert not held.has_original
    assert not results_dir(job.pk).exists()
    assert job.receipts.count() == 3


def test_originals_of_a_running_job_are_never_touched(start):
    job = start({"a/1": b"one"})
    let_pass(days=100)
    keep_house()
    assert originals(job) == {1}


def test_work_folders_that_no_lease_owns_are_swept(start, settings):
    abandoned = settings.WORK_DIR / "4711-1"
    abandoned.mkdir(parents=True)
    keep_house()
    assert not abandoned.exists()


def test_what_was_put_aside_without_a_row_goes_after_a_day(db, settings):
    fresh, old = held_dir(uuid4()), held_dir(uuid4())
    for folder in (fresh, old):
        folder.mkdir(parents=True)
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(old, (two_days_ago, two_days_ago))
    keep_house()
    assert fresh.exists()
    assert not old.exists()
