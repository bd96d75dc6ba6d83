"""The conversion page: project, files, a few options, start."""

from pathlib import PurePosixPath

import pytest
from django.urls import reverse
from PIL import Image

from pacs_portal.jobs.models import Destination, Job, JobPart, PartKind
from pacs_portal.jobs.options import options_of
from pacs_portal.uploads.services import ManifestEntry, create_upload

PAGE = "/convert/"


@pytest.fixture
def upload(project, member, tmp_path):
    path = tmp_path / "1.png"
    Image.new("L", (4, 4)).save(path)
    entry = ManifestEntry(PurePosixPath("1.png"), path.stat().st_size, source=path)
    return create_upload(project=project, by=member, manifest=[entry])


def answers(upload, **more: str) -> dict[str, str]:
    return {"project": "heart", "upload": str(upload.pk), "destination": "download", **more}


def test_one_project_is_chosen_by_itself(project, member_client) -> None:
    response = member_client.get(PAGE)
    assert response.status_code == 302
    text = member_client.get(response.url).content.decode()
    assert reverse("upload_list", args=["heart"]) in text


def test_several_projects_are_offered(project, make_user, owner_client, other_project) -> None:
    text = owner_client.get(PAGE).content.decode()
    assert "?project=heart" in text
    assert "?project=knee" in text


@pytest.fixture
def other_project(owner):
    from pacs_portal.projects.services import NewProject, create_project

    return create_project(NewProject("knee", "Knee study"), actor=owner, owner=owner)


def test_who_may_make_a_project_is_offered_to_make_the_first(admin_client, stranger_client) -> None:
    assert reverse("project_create") in admin_client.get(PAGE).content.decode()
    assert reverse("project_create") not in stranger_client.get(PAGE).content.decode()


@pytest.mark.parametrize("who", ["viewer", "stranger", "site_admin"])
def test_who_may_not_upload_finds_no_project(request, client_of, project, upload, who) -> None:
    client = client_of(request.getfixturevalue(who))
    assert b"?project=" not in client.get(PAGE).content
    assert client.get(PAGE, {"project": "heart"}).status_code == 404
    assert client.post(PAGE, answers(upload)).status_code == 404
    assert not Job.objects.exists()


def test_anonymous_callers_are_sent_to_the_sign_in_page(anonymous_client, db) -> None:
    assert anonymous_client.get(PAGE).url.startswith(reverse("account_login"))


def test_start_makes_a_job_and_opens_its_page(upload, member, member_client) -> None:
    response = member_client.post(PAGE, answers(upload, modality="US"))
    job = Job.objects.get()
    assert response.url == job.get_absolute_url()
    assert (job.tool, job.destination, job.created_by) == ("convert", Destination.DOWNLOAD, member)
    assert job.options["modality"] == "US"
    assert JobPart.objects.get().kind == PartKind.PLAN


def test_what_is_stated_of_faces_is_kept_with_the_job(upload, member_client) -> None:
    member_client.post(PAGE, answers(upload, no_faces="on"))
    assert Job.objects.get().options["no_faces"] is True


def test_what_names_the_patient_is_sealed(upload, member_client) -> None:
    patient = {"patient_id": "A-1", "patient_name": "Zwirbelmayr^Hans", "patient_sex": "M"}
    dates = {"patient_birth_date": "1956-02-28", "study_date": "2020-01-31"}
    member_client.post(PAGE, answers(upload, **patient, **dates, study_description="Knee"))
    job = Job.objects.get()
    assert "Zwirbelmayr" not in str(job.options)
    assert b"Zwirbelmayr" not in bytes(job.sealed_options)
    opened = options_of(job)
    assert opened["patient_name"] == "Zwirbelmayr^Hans"
    assert (opened["patient_birth_date"], opened["study_date"]) == ("19560228", "20200131")


def test_a_date_in_the_future_brings_the_form_back(upload, member_client) -> None:
    response = member_client.post(PAGE, answers(upload, patient_birth_date="2999-01-31"))
    assert "This date lies in the future." in response.content.decode()
    assert not Job.objects.exists()


def test_a_contradiction_brings_the_form_back_with_the_files(upload, member_client) -> None:
    response = member_client.post(PAGE, answers(upload, modality="MR", photograph="yes"))
    text = response.content.decode()
    assert "Photographs have the modality XC." in text
    assert str(upload.pk) in text
    assert not Job.objects.exists()


def test_an_upload_of_another_project_is_not_taken(upload, owner_client, other_project) -> None:
    foreign = {**answers(upload), "project": "knee"}
    assert owner_client.post(PAGE, foreign).status_code == 200
    assert not Job.objects.exists()


@pytest.fixture
def study(project):
    from pacs_portal.archive.models import Study, StudyState

    return Study.objects.create(
        project=project,
        study_instance_uid="2.25.47",
        state=StudyState.STORED,
        patient_id="HEART-1",
        study_date="20200131",
        modalities=["MR"],
    )


def test_a_study_of_the_project_is_offered_and_taken(upload, study, owner_client) -> None:
    page = owner_client.post(PAGE, answers(upload, modality="MR", photograph="yes")).text
    assert "HEART-1 · 2020-01-31 · MR" in page
    wanted = {**answers(upload, study="2.25.47"), "destination": "archive"}
    assert owner_client.post(PAGE, wanted).status_code == 302
    assert Job.objects.get().options["study"] == "2.25.47"


def test_a_study_of_nobody_or_of_another_project_is_no_study(
    upload, study, owner_client, other_project
) -> None:
    from pacs_portal.archive.models import StudyState

    wanted = {"destination": "archive", "study": study.study_instance_uid}
    for project, state in (
        (other_project, StudyState.STORED),
        (upload.project, StudyState.DELETED),
    ):
        study.project, study.state = project, state
        study.save()
        page = owner_client.post(PAGE, {**answers(upload), **wanted})
        assert "There is no such study in this project." in page.text
        assert "HEART-1" not in page.text
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "more", [{"patient_id": "A-1"}, {"study_date": "2020-01-31"}, {"destination": "download"}]
)
def test_what_contradicts_the_study_to_append_to_brings_the_form_back(
    upload, study, member_client, more
) -> None:
    wanted = {"destination": "archive", "study": study.study_instance_uid, **more}
    assert member_client.post(PAGE, {**answers(upload), **wanted}).status_code == 200
    assert not Job.objects.exists()
