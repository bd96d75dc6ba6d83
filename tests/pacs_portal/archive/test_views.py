import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pacs_portal.archive.models import Series, Study, StudyState
from tests.pacs_portal.archive.instances import Sample
from tests.services.orthanc import free_port

LIST = "/projects/heart/"


@pytest.fixture
def studies(project):
    """Three studies: two CT, one MR, with different dates, patients and sizes."""
    rows = [
        ("1.1", "HEART-B", "20200101", "Thorax", "CT", 10),
        ("1.2", "HEART-A", "20200615", "Abdomen", "MR", 5),
        ("1.3", "HEART-C", "", "", "CT", 7),
    ]
    for uid, patient_id, date, description, modality, count in rows:
        study = Study.objects.create(
            project=project,
            study_instance_uid=uid,
            state=StudyState.STORED,
            patient_id=patient_id,
            study_date=date,
            study_description=description,
            modalities=[modality],
            series_count=1,
            instance_count=count,
        )
        Series.objects.create(
            study=study, series_instance_uid=f"{uid}.1", modality=modality, instance_count=count
        )


def shown(response) -> str:
    """Return the last digits of the listed study UIDs, in their order."""
    rows = re.findall(r'<th scope="row".*?StudyInstanceUIDs=1\.(\d+)"', response.content.decode())
    return "".join(rows)


def test_members_see_the_list_and_strangers_do_not(
    studies, owner_client, member_client, viewer_client, stranger_client, anonymous_client
):
    for client in (owner_client, member_client, viewer_client):
        response = client.get(LIST)
        assert shown(response) == "321"
        assert "HEART-A" in response.content.decode()
    assert stranger_client.get(LIST).status_code == 404
    assert anonymous_client.get(LIST).status_code == 302


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=heart-a", "2"),
        ("q=thor", "1"),
        ("q=1.3", "3"),
        ("q=heart+abdo", "2"),
        ("modality=CT", "31"),
        ("modality=XX", "321"),
        ("first=2020-06-15", "2"),
        ("last=2020-06-14", "1"),
        ("first=2020-01-01&last=2020-12-31", "21"),
        ("order=patient", "213"),
        ("order=-patient", "312"),
        ("order=date", "312"),
        ("order=-instances", "132"),
        ("order=password", "321"),
        ("q=nobody", ""),
    ],
)
def test_the_list_is_searched_filtered_and_sorted(studies, viewer_client, query, found):
    response = viewer_client.get(f"{LIST}?{query}")
    assert response.status_code == 200
    assert shown(response) == found


def test_a_search_without_a_result_keeps_the_search_box(studies, viewer_client):
    page = viewer_client.get(f"{LIST}?q=nobody").content.decode()
    assert "No study matches" in page
    assert 'value="nobody"' in page


def test_one_click_opens_a_study(studies, viewer_client):
    page = viewer_client.get(f"{LIST}?q=heart-a").content.decode()
    assert 'href="/ohif/viewer?StudyInstanceUIDs=1.2"' in page


def test_the_choice_of_modalities_reads_each_once_and_not_every_series(studies, viewer_client):
    with CaptureQueriesContext(connection) as queries:
        viewer_client.get(LIST)
    [sql] = [one["sql"] for one in queries if one["sql"].startswith("SELECT DISTINCT")]
    with connection.cursor() as cursor:
        found = cursor.execute(sql).fetchall()
    assert found == [("CT",), ("MR",)]


def test_claimed_and_deleted_studies_are_not_listed(studies, viewer_client):
    Study.objects.filter(study_instance_uid="1.1").update(state=StudyState.CLAIMED)
    Study.objects.filter(study_instance_uid="1.2").update(state=StudyState.DELETED)
    assert shown(viewer_client.get(LIST)) == "3"


def test_fifty_studies_stand_on_a_page(project, viewer_client):
    Study.objects.bulk_create(
        Study(project=project, study_instance_uid=f"1.{number}", state=StudyState.STORED)
        for number in range(100, 151)
    )
    assert len(shown(viewer_client.get(LIST))) == 50 * 3
    assert len(shown(viewer_client.get(f"{LIST}?page=2"))) == 3


def test_an_empty_project_points_contributors_to_the_upload(project, member_client, viewer_client):
    upload = reverse("project_upload", args=["heart"])
    main = re.compile(r'class="empty".*', re.DOTALL)
    assert upload in main.search(member_client.get(LIST).content.decode()).group()
    assert upload not in main.search(viewer_client.get(LIST).content.decode()).group()


def test_only_stewards_are_offered_the_removal(studies, steward_client, owner_client):
    assert "/delete/" in steward_client.get(LIST).content.decode()
    assert "/delete/" not in owner_client.get(LIST).content.decode()


def test_a_steward_deletes_and_nobody_else(
    project, stored, steward_client, owner_client, member_client, stranger_client, admin_client
):
    stored(project, Sample())
    address = reverse("study_delete", args=["heart", Study.objects.get().pk])
    for client in (owner_client, member_client, stranger_client, admin_client):
        assert client.post(address).status_code == 404
    assert steward_client.get(address).status_code == 405
    assert "HEART-1" in steward_client.get(LIST).content.decode()
    response = steward_client.post(address, follow=True)
    assert "The study is deleted." in response.content.decode()
    assert Study.objects.get().state == StudyState.DELETED


def test_a_deletion_without_an_archive_closes_the_study_at_once(
    project, stored, steward_client, settings
):
    stored(project, Sample())
    settings.ORTHANC_URL = f"http://127.0.0.1:{free_port()}"
    address = reverse("study_delete", args=["heart", Study.objects.get().pk])
    response = steward_client.post(address, follow=True)
    assert "as soon as the archive answers" in response.content.decode()
    assert "HEART-1" not in response.content.decode()
