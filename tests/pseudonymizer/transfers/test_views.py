"""The page that brings studies into another project: for data stewards of both."""

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.archive.models import Instance, Series, Study, StudyState
from pacs_portal.jobs.models import Job
from pacs_portal.projects.models import Membership, Role

ADDRESS = "/projects/heart/transfer/"


def study_of(project, uid: str, pseudonym: str = "HEART-1") -> Study:
    """Return a study that the index says is stored; nothing here reads its image."""
    study = Study.objects.create(
        project=project, study_instance_uid=uid, state=StudyState.STORED, patient_id=pseudonym
    )
    series = Series.objects.create(study=study, series_instance_uid=f"{uid}.1")
    Instance.objects.create(
        series=series,
        sop_instance_uid=f"{uid}.1.1",
        size_bytes=10,
        receipt_key=1,
        claimed_at=study.created_at,
        stored_at=study.created_at,
    )
    return study


@pytest.fixture(autouse=True)
def _folders(data_folders) -> None:
    pass


@pytest.fixture
def study(project) -> Study:
    return study_of(project, "2.25.1")


def signed_in(user) -> Client:
    """Sign in with the password, as a person does."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


def test_a_steward_of_both_chooses_studies_and_the_project(study, target, steward) -> None:
    client = signed_in(steward)
    listed = client.get("/projects/heart/").content.decode()
    assert ADDRESS in listed
    assert f'value="{study.pk}"' in listed

    page = client.get(ADDRESS, {"study": str(study.pk)}).content.decode()
    assert "HEART-1" in page
    assert 'value="heart-2"' in page
    assert "Choose a project" in page
    response = client.post(ADDRESS, {"study": str(study.pk), "target": "heart-2"})
    job = Job.objects.get()
    assert response.url == job.get_absolute_url()
    assert (job.project, job.upload.source_project) == (target, study.project)
    assert list(job.upload.files.values_list("sop_instance_uid", flat=True)) == ["2.25.1.1.1"]
    assert (
        "archive of another project" in client.get(job.upload.get_absolute_url()).content.decode()
    )
    assert client.get(response.url).status_code == 200


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_for_everybody_else_there_is_no_such_page(study, target, request, who) -> None:
    person = request.getfixturevalue(who)
    client = signed_in(person)
    asked = {"study": str(study.pk), "target": "heart-2"}
    assert client.get(ADDRESS, asked).status_code == 404
    assert client.post(ADDRESS, asked).status_code == 404
    if who not in ("stranger", "site_admin"):
        assert ADDRESS not in client.get("/projects/heart/").content.decode()
    assert not Job.objects.exists()


def test_a_steward_of_one_project_only_learns_nothing(
    study, project, other_project, steward, stranger
) -> None:
    asked = {"study": str(study.pk), "target": "heart-2"}
    assert ADDRESS not in signed_in(steward).get("/projects/heart/").content.decode()
    assert signed_in(steward).post(ADDRESS, asked).status_code == 404
    Membership.objects.create(project=other_project, user=stranger, role=Role.STEWARD)
    assert signed_in(stranger).post(ADDRESS, asked).status_code == 404
    assert not Job.objects.exists()


def test_no_other_project_is_a_target(study, target, owner, steward) -> None:
    response = signed_in(steward).post(ADDRESS, {"study": str(study.pk), "target": "heart"})
    assert response.status_code == 200
    assert not Job.objects.exists()


def test_studies_of_other_projects_do_not_exist_here(study, target, steward) -> None:
    foreign = study_of(target, "2.25.9", "HEART2-1")
    client = signed_in(steward)
    for ids in ([str(foreign.pk)], [str(study.pk), str(foreign.pk)]):
        response = client.post(ADDRESS, {"study": ids, "target": "heart-2"})
        assert response.status_code == 404
    assert not Job.objects.exists()


def test_nothing_chosen_leads_back(study, target, steward) -> None:
    client = signed_in(steward)
    for asked in ({}, {"study": "no-id"}):
        assert client.get(ADDRESS, asked).url == "/projects/heart/"


def test_an_old_session_types_its_password_again(study, target, client_of, steward) -> None:
    response = client_of(steward).post(ADDRESS, {"study": str(study.pk), "target": "heart-2"})
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert not Job.objects.exists()


def test_an_upload_from_the_archive_offers_no_other_job(study, target, steward) -> None:
    client = signed_in(steward)
    client.post(ADDRESS, {"study": str(study.pk), "target": "heart-2"})
    job = Job.objects.get()
    start = reverse("job_create", args=["heart-2", job.upload.pk])
    assert start not in client.get(job.upload.get_absolute_url()).content.decode()
    client.post(start, {"tool": "store", "destination": "download"})
    assert Job.objects.count() == 1
