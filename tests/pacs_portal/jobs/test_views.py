import io
import shutil
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.models import Destination, Job, JobState, Outcome, ReceiptOutput
from pacs_portal.jobs.storage import results_dir
from pacs_portal.uploads.models import UploadFile

FILES = {"Mueller_Hans/1": b"one", "Mueller_Hans/2": b"fail", "Mueller_Hans/3": b"hold"}


@pytest.fixture
def job(finish):
    return finish(FILES)


@pytest.mark.parametrize("name", ["job", "job_progress", "job_download"])
def test_a_stranger_finds_no_job(job, stranger_client, name):
    assert stranger_client.get(reverse(name, args=[job.pk])).status_code == 404


@pytest.mark.parametrize("name", ["job_cancel", "job_retry"])
def test_only_contributors_cancel_and_retry(job, viewer_client, stranger_client, name):
    for client in (viewer_client, stranger_client):
        assert client.post(reverse(name, args=[job.pk])).status_code == 404


def test_the_uploader_and_the_steward_read_names_others_see_numbers(
    job, member_client, steward_client, viewer_client, owner_client
):
    for client, may_read in (
        (member_client, True),
        (steward_client, True),
        (viewer_client, False),
        (owner_client, False),
    ):
        page = client.get(job.get_absolute_url())
        assert page.status_code == 200
        assert ("Mueller_Hans" in page.text) == may_read
        assert "The toy is broken." in page.text


def test_receipts_are_filtered_by_outcome(job, viewer_client):
    page = viewer_client.get(job.get_absolute_url(), {"outcome": "failed"})
    assert [row.receipt.outcome for row in page.context["rows"]] == ["failed"]


def test_the_progress_is_polled_until_the_job_has_ended(start, viewer_client):
    job = start(FILES)
    address = reverse("job_progress", args=[job.pk])
    assert "every 1s" in viewer_client.get(address).text
    job.state = JobState.DONE
    job.save()
    ended = viewer_client.get(address)
    assert "every 1s" not in ended.text
    assert ended.headers["HX-Refresh"] == "true"


def test_a_job_that_stored_one_study_leads_to_it(finish, viewer_client):
    job = finish({"1": b"one"})
    assert "/ohif/viewer" not in viewer_client.get(job.get_absolute_url()).text
    job.destination = Destination.ARCHIVE
    job.save()
    job.receipts.update(outcome=Outcome.STORED)
    output = ReceiptOutput.objects.get()
    page = viewer_client.get(job.get_absolute_url())
    opened = f"/ohif/viewer?StudyInstanceUIDs={output.study_instance_uid}"
    assert page.context["study_url"] == opened
    assert f'class="btn btn-primary" href="{opened}"' in page.text
    ReceiptOutput.objects.create(
        receipt=output.receipt,
        study_instance_uid="2.25.2",
        sop_instance_uid="2.25.3",
        sha256="",
        size_bytes=1,
    )
    assert viewer_client.get(job.get_absolute_url()).context["study_url"] == ""


def test_a_second_try_is_offered_only_where_something_is_left(finish, member_client):
    cancelled_late, failed = finish({"1": b"one"}), finish({"2": b"fail"})
    cancelled_late.state = JobState.CANCELLED
    cancelled_late.save()
    for job, is_offered in ((cancelled_late, False), (failed, True)):
        page = member_client.get(job.get_absolute_url()).text
        assert (reverse("job_retry", args=[job.pk]) in page) == is_offered


def test_times_name_their_zone_and_count_24_hours(finish, viewer_client):
    job = finish(FILES)
    job.created_at = datetime(2026, 3, 9, 13, 5, tzinfo=UTC)
    job.save()
    for address in (job.get_absolute_url(), reverse("project_jobs", args=[job.project.key])):
        page = viewer_client.get(address).text
        assert '<time class="moment" datetime="2026-03-09T13:05:00+00:00">' in page
        assert "2026-03-09 13:05 UTC" in page


def test_the_download_is_a_zip_of_pseudonyms_and_uids(job, viewer_client):
    answer = viewer_client.get(reverse("job_download", args=[job.pk]))
    assert Event.objects.filter(action="job.downloaded", target_id=str(job.pk)).count() == 1
    body = b"".join(answer.streaming_content)
    assert len(body) == int(answer.headers["Content-Length"])
    (name,) = zipfile.ZipFile(io.BytesIO(body)).namelist()
    assert name.startswith("TOY-1/2.25.")
    assert name.endswith(".dcm")


def test_a_member_starts_a_job_over_an_upload_and_a_viewer_does_not(
    toy, upload, project, member_client, viewer_client
):
    sent = upload(FILES)
    address = reverse("job_create", args=[project.key, sent.pk])
    choice = {"tool": "toy", "destination": "download"}
    assert viewer_client.post(address, choice).status_code == 404
    answer = member_client.post(address, choice)
    assert answer.headers["Location"] == sent.jobs.get().get_absolute_url()


def test_what_a_member_vouches_for_is_kept_with_her_job(
    toy, upload, project, member, member_client
):
    sent = upload(FILES)
    address = reverse("job_create", args=[project.key, sent.pk])
    choice = {"tool": "toy", "destination": "download", "statements": "no_faces"}
    member_client.post(address, choice)
    job = sent.jobs.get()
    assert (job.options["no_faces"], job.created_by) == (True, member)


def test_a_folder_is_no_destination_for_people(toy, upload, project, member_client):
    sent = upload(FILES)
    address = reverse("job_create", args=[project.key, sent.pk])
    member_client.post(address, {"tool": "toy", "destination": "folder"})
    assert not sent.jobs.exists()


def test_members_see_the_jobs_of_their_project(job, project, viewer_client, stranger_client):
    address = reverse("project_jobs", args=[project.key])
    assert job.get_absolute_url() in viewer_client.get(address).text
    assert stranger_client.get(address).status_code == 404


def test_administration_reads_jobs_and_receipts_without_names(job, admin_client):
    for name in ("job", "filereceipt"):
        listed = admin_client.get(reverse(f"admin:jobs_{name}_changelist"))
        assert listed.status_code == 200
        assert "Mueller" not in listed.text
    page = admin_client.get(reverse("admin:jobs_job_change", args=[job.pk]))
    assert page.status_code == 200
    assert "Mueller" not in page.text
    assert UploadFile.objects.filter(upload=job.upload).count() == 3


def test_a_list_of_jobs_tells_what_done_does_not_say(job, viewer_client):
    page = viewer_client.get(reverse("project_jobs", args=[job.project.key])).text
    assert "1 held back" in page
    assert "1 failed" in page


def test_a_download_says_how_long_it_is_there(job, viewer_client, settings):
    until = job.finished_at + timedelta(days=settings.KEEP_RESULTS_DAYS)
    assert f"here until {until:%Y-%m-%d}" in viewer_client.get(job.get_absolute_url()).text
    shutil.rmtree(results_dir(job.pk))
    assert "not here any more" in viewer_client.get(job.get_absolute_url()).text


def test_the_receipts_of_a_running_job_say_how_old_they_are(start, job, viewer_client):
    hint = "when this page was loaded"
    assert hint not in viewer_client.get(job.get_absolute_url()).text
    Job.objects.filter(pk=job.pk).update(state=JobState.RUNNING)
    assert hint in viewer_client.get(job.get_absolute_url()).text
