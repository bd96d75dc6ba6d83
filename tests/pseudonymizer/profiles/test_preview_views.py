"""The preview: contributors see what becomes of their own file, and nothing of it stays."""

import io
import logging
from pathlib import Path

import pydicom
import pytest
from django.apps import apps
from django.conf import settings
from django.core.files import uploadedfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pydicom.data import get_testdata_file

from pseudonymizer.profiles import preview_views

pytestmark = pytest.mark.django_db
NAME, PATIENT_ID = "Zwirbelmayr", "A-471108"


def dicom_file(**attributes: str) -> bytes:
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.PatientName, dataset.PatientID = f"{NAME}^Hans", PATIENT_ID
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def preview(client: Client, project, content: bytes):
    file = SimpleUploadedFile(f"{NAME}.dcm", content)
    return client.post(reverse("profile_preview", args=[project.key]), {"file": file})


@pytest.mark.parametrize("who", ["owner", "member", "steward"])
def test_contributors_see_before_after_and_the_rule(project, client_of, request, who: str) -> None:
    response = preview(client_of(request.getfixturevalue(who)), project, dicom_file())
    page = response.content.decode()
    assert response.status_code == 200
    assert f"{NAME}^Hans" in page
    assert "<mark>EXAMPLE</mark>" in page
    assert "Written by the pseudonymizer" in page
    assert "<del>JFK IMAGING CENTER</del>" in page
    assert "GEMS_IDEN_01" in page  # private
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("who", ["viewer", "stranger", "site_admin"])
def test_others_do_not(project, client_of, request, who: str) -> None:
    client = client_of(request.getfixturevalue(who))
    assert client.get(reverse("profile_preview", args=[project.key])).status_code == 404
    assert preview(client, project, dicom_file()).status_code == 404


def rows_in_database() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.label != "sessions.Session"
    }


def files_below(*folders: str | Path) -> set[Path]:
    return {path for folder in folders for path in Path(folder).rglob("*") if path.is_file()}


def refuse_temporary_file(*args: object, **kwargs: object) -> None:
    raise AssertionError("A temporary file was asked for.")


def test_nothing_of_the_file_is_stored_or_logged(
    project, member_client, caplog, monkeypatch
) -> None:
    caplog.set_level(logging.DEBUG)
    content = dicom_file(PixelData=bytes(3_000_000))  # more than Django would keep in memory
    rows, files = rows_in_database(), files_below(settings.DATA_DIR)
    monkeypatch.setattr(uploadedfile.tempfile, "NamedTemporaryFile", refuse_temporary_file)
    assert preview(member_client, project, content).status_code == 200
    assert rows_in_database() == rows
    assert files_below(settings.DATA_DIR) == files
    assert NAME not in caplog.text
    assert PATIENT_ID not in caplog.text
    assert all(NAME not in str(value) for value in member_client.session.values())


def test_a_file_that_would_be_held_says_why(project, member_client) -> None:
    page = preview(member_client, project, dicom_file(RecognizableVisualFeatures="YES"))
    assert "A job would hold this file back." in page.content.decode()


@pytest.mark.parametrize("content", [b"", b"no DICOM", dicom_file()[:700]])
def test_what_is_no_dicom_file_is_refused(project, member_client, content: bytes) -> None:
    response = preview(member_client, project, content)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()


def test_a_file_that_is_too_large_is_not_taken(project, member_client, monkeypatch) -> None:
    monkeypatch.setattr(preview_views, "LARGEST_BYTES", 1000)
    monkeypatch.setattr(preview_views, "_FORM_BYTES", 0)
    response = preview(member_client, project, dicom_file())
    assert response.status_code == 400
    assert "Choose one DICOM file" in response.content.decode()


def test_the_form_is_protected_against_other_sites(project, member) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    assert preview(client, project, dicom_file()).status_code == 403


def test_two_looks_at_one_file_show_different_examples(project, member_client) -> None:
    first, second = (preview(member_client, project, dicom_file()).content for _ in range(2))
    assert b"2.25." in first
    assert first != second
