import pytest

from pacs_portal.archive.models import Study, StudyState
from pacs_portal.jobs.models import (
    Decision,
    Destination,
    FileReceipt,
    HeldFile,
    Job,
    JobState,
    Outcome,
)
from pacs_portal.uploads.models import Upload, UploadFile


@pytest.fixture
def running_job(project, member):
    upload = Upload.objects.create(project=project, created_by=member, file_count=3)
    return Job.objects.create(
        project=project,
        upload=upload,
        tool="auto",
        destination=Destination.ARCHIVE,
        state=JobState.RUNNING,
    )


def test_a_member_sees_her_projects_jobs_and_uploads(member_client, project, running_job):
    Study.objects.create(project=project, study_instance_uid="2.25.1", state=StudyState.STORED)
    Study.objects.create(project=project, study_instance_uid="2.25.2", state=StudyState.CLAIMED)
    page = member_client.get("/")
    assert [card.project for card in page.context["cards"]] == [project]
    assert page.context["cards"][0].study_count == 1
    assert list(page.context["running_jobs"]) == [running_job]
    assert [row.upload for row in page.context["last_uploads"]] == [running_job.upload]
    assert b"Heart study" in page.content


def test_the_last_uploads_say_what_became_of_them(member_client, member, running_job):
    waiting = Upload.objects.create(
        project=running_job.project, created_by=member, state="complete", file_count=1
    )
    page = member_client.get("/").content.decode()
    assert "not started" in page
    assert waiting.get_absolute_url() in page
    file = UploadFile.objects.create(
        upload=running_job.upload, number=1, size_bytes=1, sealed_path=b"", path_digest=b"1"
    )
    FileReceipt.objects.create(job=running_job, upload_file=file, outcome=Outcome.FAILED)
    Job.objects.update(state=JobState.DONE)
    (row,) = [one for one in member_client.get("/").context["last_uploads"] if one.job]
    assert row.progress.troubles == [(Outcome.FAILED, 1)]
    ended = member_client.get("/").content.decode()
    assert "1 failed" in ended
    assert running_job.get_absolute_url() in ended


def test_a_steward_is_told_what_waits_for_her(steward_client, member_client, running_job):
    file = UploadFile.objects.create(
        upload=running_job.upload, number=1, size_bytes=1, sealed_path=b"", path_digest=b"1"
    )
    receipt = FileReceipt.objects.create(
        job=running_job, upload_file=file, outcome=Outcome.HELD, reason="It is a document."
    )
    held = HeldFile.objects.create(receipt=receipt, cause="document", stage="toy")
    assert b"1 file waits for your decision" in steward_client.get("/").content
    assert b"your decision" not in member_client.get("/").content
    HeldFile.objects.filter(pk=held.pk).update(decision=Decision.REJECT)
    assert b"your decision" not in steward_client.get("/").content


def test_a_stranger_sees_none_of_it_and_is_told_what_to_do(stranger_client, running_job):
    page = stranger_client.get("/")
    assert b"Heart study" not in page.content
    assert b"Ask to be added to a project." in page.content
    assert b"stranger@example.org" in page.content
    assert not page.context["running_jobs"]


def test_a_new_site_admin_is_led_to_the_first_project(admin_client, project):
    page = admin_client.get("/")
    assert b"Create the first project" in page.content
    assert b"/projects/new/" in page.content
    assert b"Heart study" not in page.content


def test_somebody_with_two_roles_sees_the_project_once(owner_client, owner, project):
    project.memberships.create(user=owner, role="steward")
    (card,) = owner_client.get("/").context["cards"]
    assert set(card.roles) == {"owner", "data steward"}


def test_no_answer_may_be_kept_by_a_cache_and_every_one_has_a_policy(viewer_client, project):
    answer = viewer_client.get("/")
    assert answer.headers["Cache-Control"] == "no-store"
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_the_page_carries_no_inline_script_or_style(viewer_client, running_job):
    page = viewer_client.get("/").content.decode()
    assert "<script>" not in page
    assert ' style="' not in page
    assert "//" not in page.replace("http://www.w3.org", "").replace("<!--", "").split("</head>")[0]


def test_errors_are_pages_without_details(client_of, viewer, project, rf):
    from django.views.defaults import bad_request, permission_denied, server_error

    request = rf.get("/")
    request.user = viewer
    for view, status in ((bad_request, 400), (permission_denied, 403)):
        answer = view(request, exception=ValueError("Mueller"))
        assert answer.status_code == status
        assert b"Mueller" not in answer.content
        assert b"PACS2go" in answer.content
    assert b"Something broke" in server_error(request).content
    missing = client_of(viewer).get("/nothing/here/")
    assert missing.status_code == 404
    assert b"Nothing here" in missing.content
