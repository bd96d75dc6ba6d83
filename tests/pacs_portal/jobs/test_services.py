import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from pacs_portal.audit.models import Event
from pacs_portal.jobs.endings import give_up
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.leases import claim
from pacs_portal.jobs.models import (
    FileReceipt,
    HeldFile,
    Job,
    JobPart,
    JobState,
    JobUnit,
    Outcome,
    PartKind,
    PartState,
    ReceiptAttempt,
    WorkerHeartbeat,
)
from pacs_portal.jobs.repeating import add_part
from pacs_portal.jobs.services import cancel_job, create_job, progress, retry_job, worker_is_alive
from pacs_portal.jobs.storage import results_dir
from pacs_portal.jobs.worker import beat, run_job_here, run_part
from pacs_portal.uploads.errors import UploadClosedError
from pacs_portal.uploads.models import Upload, UploadFile, UploadState
from pacs_portal.uploads.services import create_upload, reopen_upload


def test_a_job_needs_a_complete_upload(toy, project, member):
    upload = create_upload(project=project, by=member)
    with pytest.raises(JobError, match="not complete"):
        create_job(upload=upload, tool="toy", destination="download", by=member)


def test_an_upload_that_was_reopened_in_another_tab_starts_no_job(toy, upload, member):
    seen = upload({"a/1": b"one"})
    reopen_upload(Upload.objects.get(pk=seen.pk), by=member)
    with pytest.raises(JobError, match="not complete"):
        create_job(upload=seen, tool="toy", destination="download", by=member)


def test_an_upload_with_a_job_is_not_reopened(start, member):
    job = start({"a/1": b"one"})
    with pytest.raises(UploadClosedError):
        reopen_upload(job.upload, by=member)
    job.upload.refresh_from_db()
    assert job.upload.state == UploadState.COMPLETE


@pytest.mark.parametrize(
    ("model", "field"),
    [
        (Upload, "state"),
        (UploadFile, "state"),
        (Job, "state"),
        (Job, "runner"),
        (Job, "destination"),
        (JobPart, "state"),
        (JobPart, "kind"),
        (FileReceipt, "outcome"),
        (ReceiptAttempt, "outcome"),
        (HeldFile, "decision"),
    ],
)
def test_the_database_takes_no_state_that_nobody_knows(finish, model, field):
    finish({"a/1": b"hold"})
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.update(**{field: "lost"})
    assert model.objects.exists()
    assert not model.objects.filter(**{field: "lost"}).exists()


def test_a_job_whose_originals_are_gone_is_not_started(finish, member):
    job = finish({"a/1": b"one"})
    with pytest.raises(JobError, match="no longer here"):
        create_job(upload=job.upload, tool="toy", destination="download", by=member)


def test_a_job_cancelled_before_its_plan_does_nothing(start, member):
    job = start({"a/1": b"one"})
    cancel_job(job=job, by=member)
    run_job_here(job)
    assert job.state == JobState.CANCELLED
    assert not job.receipts.exists()


def test_a_job_cancelled_after_its_plan_has_a_receipt_for_every_file(start, member, outcomes):
    job = start({"a/1": b"one", "b/1": b"two", "c": b""})
    run_part(job.parts.get().pk)
    cancel_job(job=job, by=member)
    assert job.state == JobState.CANCELLED
    assert outcomes(job) == {
        1: ("cancelled", "cancelled"),
        2: ("cancelled", "cancelled"),
        3: ("failed", "empty"),
    }
    assert Event.objects.filter(action="job.cancelled", target_id=str(job.pk)).exists()


def test_a_cancelled_job_goes_on_when_it_is_tried_again(start, member, outcomes):
    for is_planned in (False, True):
        job = start({"a/1": b"one", "b/1": b"two"})
        if is_planned:
            run_part(job.parts.get().pk)
        cancel_job(job=job, by=member)
        retry_job(job=job, by=member)
        run_job_here(job)
        assert job.state == JobState.DONE
        assert set(outcomes(job).values()) == {("written", "")}


def test_a_retry_does_only_what_failed_and_keeps_the_history(finish, member, outcomes, toy):
    job = finish({"a/1": b"one", "a/2": b"fail", "b/1": b"two"})
    made = {path: path.stat().st_mtime_ns for path in results_dir(job.pk).rglob("*.dcm")}
    retry_job(job=job, by=member)
    assert progress(job).by_outcome == {Outcome.WRITTEN: 2, Outcome.WAITING: 1}
    run_job_here(job)
    assert outcomes(job)[2] == ("failed", "broken")
    history = [r.history.count() for r in job.receipts.order_by("upload_file__number")]
    assert history == [1, 2, 1]
    assert made == {path: path.stat().st_mtime_ns for path in results_dir(job.pk).rglob("*.dcm")}


@pytest.fixture
def failed_job(start):
    """Return a function that makes an ended job with one part of so many units that failed."""

    def make(count: int) -> Job:
        job = start({f"a/{number}": b"fail" for number in range(count)})
        part = add_part(job, PartKind.WORK, ["toy", "download"])
        for number, file in enumerate(job.upload.files.all()):
            unit = JobUnit.objects.create(part=part, number=number)
            FileReceipt.objects.create(job=job, upload_file=file, unit=unit, outcome=Outcome.FAILED)
        job.parts.update(state=PartState.DONE)
        Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
        return job

    return make


def test_a_retry_of_many_files_takes_no_more_queries_than_one_of_few(failed_job, member):
    counts = []
    for files in (2, 20):
        job = failed_job(files)
        with CaptureQueriesContext(connection) as queries:
            retry_job(job=job, by=member)
        counts.append(len(queries))
        again = JobUnit.objects.filter(part__job=job, part__state=PartState.WAITING)
        assert [unit.receipts.count() for unit in again] == files * [1]
    assert counts[0] == counts[1]


def test_a_job_whose_second_plan_fails_runs_on_until_its_work_is_done(failed_job, member):
    job = failed_job(2)
    retry_job(job=job, by=member)
    plan = add_part(job, PartKind.PLAN, [])
    give_up(claim(plan.pk, "worker"), plan, "It could not be planned.")
    with pytest.raises(JobError, match="still running"):
        retry_job(job=job, by=member)
    run_job_here(job)
    assert job.state == JobState.DONE
    assert not job.receipts.filter(outcome=Outcome.WAITING).exists()


def test_there_is_nothing_to_retry_where_nothing_failed(finish, member):
    with pytest.raises(JobError, match="Nothing failed"):
        retry_job(job=finish({"a/1": b"one"}), by=member)


def test_a_job_waits_while_a_service_is_away_and_goes_on_when_it_is_back(
    start, outcomes, data_folders
):
    (data_folders / "away").touch()
    job = start({"a/1": b"one", "b/1": b"away"})
    parts = job.parts.filter(state=PartState.WAITING)
    for part_id in [job.parts.get().pk]:
        run_part(part_id)
    for part_id in parts.values_list("pk", flat=True):
        run_part(part_id)
    assert outcomes(job) == {1: ("written", ""), 2: ("waiting", "")}
    (data_folders / "away").unlink()
    parts.update(not_before=None)
    run_job_here(job)
    assert outcomes(job)[2] == ("written", "")


@pytest.mark.django_db
def test_the_worker_is_alive_while_it_gives_signs_of_life():
    assert not worker_is_alive()
    beat()
    assert worker_is_alive()
    WorkerHeartbeat.objects.update(seen_at="2020-01-01T00:00:00Z")
    assert not worker_is_alive()
