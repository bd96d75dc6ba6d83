import os
import subprocess
from datetime import timedelta
from pathlib import Path, PurePosixPath
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from pacs_portal.audit.models import Event
from pacs_portal.jobs import chores
from pacs_portal.jobs import originals as originals_module
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.housekeeping import keep_house
from pacs_portal.jobs.models import Destination, FileReceipt, HeldFile, Job, JobState, Runner
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.owners import process_owner
from pacs_portal.jobs.services import cancel_job, create_job, has_work_left, retry_job
from pacs_portal.jobs.storage import held_dir, results_dir
from pacs_portal.uploads import discarding
from pacs_portal.uploads.models import FileState, Upload
from pacs_portal.uploads.services import ManifestEntry, create_upload
from tests.processes import answers_of


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


def test_a_job_that_begins_while_originals_go_keeps_what_it_found(job, member, monkeypatch):
    remove, found = originals_module.remove_original, []

    def remove_and_start_another(file):
        remove(file)
        create_job(upload=job.upload, tool="toy", destination=Destination.DOWNLOAD, by=member)
        found.append(originals(job))

    monkeypatch.setattr(originals_module, "BATCH_ROWS", 1)
    monkeypatch.setattr(originals_module, "remove_original", remove_and_start_another)
    let_pass(days=15)
    keep_house()
    assert found == [originals(job)]
    assert len(originals(job)) == 1


def test_a_job_that_is_tried_again_while_originals_go_keeps_them(tmp_path, database_environment):
    script = Path(__file__).with_name("retry_and_removal.py")
    (answer,) = answers_of(script, tmp_path, 1, database_environment)
    assert answer == ["waiting", "received", "True"]


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


def test_a_picture_that_was_drawn_while_its_file_went_goes_too(job):
    held = HeldFile.objects.get()
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(held_dir(held.pk), (two_days_ago, two_days_ago))
    keep_house()
    assert held_dir(held.pk).exists()
    HeldFile.objects.update(has_original=False)
    keep_house()
    assert not held_dir(held.pk).exists()


def test_a_chore_that_fails_keeps_no_other_from_its_turn(db, monkeypatch):
    done: list[str] = []

    def fail() -> None:
        raise PermissionError(13, "somebody changed the folder's owner")

    monkeypatch.setattr(chores, "_chores", [fail, lambda: done.append("the next")])
    keep_house()
    assert done == ["the next"]


def test_two_that_keep_house_at_once_discard_a_stale_upload_once(project, member, monkeypatch):
    stale = [
        create_upload(project=project, by=member, manifest=[ManifestEntry(PurePosixPath("a"), 3)])
        for _ in range(2)
    ]
    Upload.objects.update(created_at=timezone.now() - timedelta(days=15))
    discard = discarding.discard_upload

    def discard_after_the_other(upload: Upload, *, by: str) -> None:
        if upload == stale[0]:
            discard(Upload.objects.get(pk=upload.pk), by="the other")
        discard(upload, by=by)

    monkeypatch.setattr(discarding, "discard_upload", discard_after_the_other)
    keep_house()
    assert set(Upload.objects.values_list("state", flat=True)) == {"discarded"}
    labels = Event.objects.filter(action="upload.discarded").values_list("actor_label", flat=True)
    assert sorted(labels) == ["housekeeping", "the other"]


def test_what_arrived_and_nobody_started_goes_after_its_time(upload, settings):
    waiting = upload({"a/1": b"one"})
    Upload.objects.update(created_at=timezone.now() - timedelta(days=20))
    Upload.objects.update(completed_at=timezone.now() - timedelta(days=13))
    keep_house()
    assert waiting.files.get().state == FileState.RECEIVED
    Upload.objects.update(completed_at=timezone.now() - timedelta(days=15))
    keep_house()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.files.get().state) == ("discarded", FileState.GONE)
    assert not (settings.UPLOADS_DIR / str(waiting.pk)).exists()


def test_mails_with_links_go_after_a_day(client, member, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    client.post("/accounts/password/reset/", {"email": member.email})
    (mail,) = settings.EMAIL_FILE_PATH.iterdir()
    assert member.email in mail.read_text()
    keep_house()
    assert mail.exists()
    two_days_ago = (timezone.now() - timedelta(days=2)).timestamp()
    os.utime(mail, (two_days_ago, two_days_ago))
    keep_house()
    assert not mail.exists()


def test_sessions_go_when_their_time_is_up(member_client, viewer_client):
    ended = Session.objects.get(pk=viewer_client.cookies["sessionid"].value)
    Session.objects.filter(pk=ended.pk).update(expire_date=timezone.now())
    keep_house()
    assert not Session.objects.filter(pk=ended.pk).exists()
    assert member_client.get("/").status_code == 200


@pytest.fixture
def job_of_a_command(toy, upload, member):
    """A job that this process runs as a command does."""
    return create_job(
        upload=upload({"a/1": b"one"}),
        tool="toy",
        destination=Destination.DOWNLOAD,
        by=member,
        options=JobOptions(runner=Runner.COMMAND),
    )


def test_the_job_of_a_living_command_goes_on(job_of_a_command):
    keep_house()
    job_of_a_command.refresh_from_db()
    assert job_of_a_command.state == JobState.WAITING


def test_the_job_of_a_killed_command_is_cancelled(job_of_a_command):
    child = subprocess.Popen(["sleep", "60"])
    Job.objects.filter(pk=job_of_a_command.pk).update(command_process=process_owner(child.pid))
    child.kill()
    child.wait()
    keep_house()
    job_of_a_command.refresh_from_db()
    assert job_of_a_command.state == JobState.CANCELLED


def test_only_the_command_itself_can_try_its_job_again(job_of_a_command, member):
    cancel_job(job=job_of_a_command, by=member)
    assert not has_work_left(job_of_a_command)
    with pytest.raises(JobError, match="Run the command again"):
        retry_job(job=job_of_a_command, by=member)
