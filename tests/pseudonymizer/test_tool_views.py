"""The pseudonymization page: project, files, start."""

from pathlib import Path, PurePosixPath

import pytest
from django.urls import reverse
from pydicom.data import get_testdata_file

from pacs_portal.jobs.models import Destination, Job
from pacs_portal.uploads.models import FileState
from pacs_portal.uploads.services import ManifestEntry, create_upload

PAGE = "/pseudonymize/"


@pytest.fixture
def upload(project, member):
    path = Path(get_testdata_file("CT_small.dcm"))
    entry = ManifestEntry(PurePosixPath("ct.dcm"), path.stat().st_size, source=path)
    return create_upload(project=project, by=member, manifest=[entry])


def test_the_page_takes_files_for_a_chosen_project(project, member_client) -> None:
    text = member_client.get(PAGE, {"project": "heart"}).content.decode()
    assert reverse("upload_list", args=["heart"]) in text


def test_start_makes_a_job(upload, member_client) -> None:
    answers = {"project": "heart", "upload": str(upload.pk), "destination": "archive"}
    response = member_client.post(PAGE, answers)
    job = Job.objects.get()
    assert response.url == job.get_absolute_url()
    assert (job.tool, job.destination) == ("pseudonymize", Destination.ARCHIVE)


def test_an_upload_whose_files_went_is_told_and_no_error_of_the_portal(
    upload, member_client
) -> None:
    upload.files.update(state=FileState.GONE)
    answers = {"project": "heart", "upload": str(upload.pk), "destination": "archive"}
    response = member_client.post(PAGE, answers)
    assert response.status_code == 200
    assert "they went when all were done" in response.text
    assert not Job.objects.exists()


def test_a_folder_of_the_server_is_no_destination(upload, member_client) -> None:
    answers = {"project": "heart", "upload": str(upload.pk), "destination": "folder"}
    assert member_client.post(PAGE, answers).status_code == 200
    assert not Job.objects.exists()


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_who_may_not_upload_finds_nothing(request, client_of, upload, who) -> None:
    client = client_of(request.getfixturevalue(who))
    answers = {"project": "heart", "upload": str(upload.pk), "destination": "archive"}
    assert client.get(PAGE, {"project": "heart"}).status_code == 404
    assert client.post(PAGE, answers).status_code == 404
    assert not Job.objects.exists()
