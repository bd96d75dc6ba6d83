"""Files on their way to the page: zips that are looked into, uploads that go on."""

import io
import zipfile
from pathlib import PurePosixPath

from django.urls import reverse

from pacs_portal.uploads.services import (
    ManifestEntry,
    announce_files,
    complete_upload,
    create_upload,
    receive_file,
)
from tests.pacs_portal.jobs.review.test_views import DICOM, address, fates, picture, sentences
from tests.pacs_portal.uploads.conftest import make_zip


def test_zips_are_looked_into_one_by_one(upload, member_client):
    inner = make_zip(("a/1.jpg", picture("JPEG", 5)))
    outer = make_zip(("1.dcm", DICOM), ("two.zip", inner))
    sent = upload({"one.zip": outer, "2.dcm": DICOM + b"2"})
    look = reverse("upload_look", args=["heart", sent.pk])
    page = member_client.get(address(sent))
    assert "Looking into the zips" in page.text
    first = member_client.post(look, headers={"HX-Request": "true"})
    assert "HX-Refresh" not in first.headers
    assert "1 of 2 zips" in first.text
    last = member_client.post(look, headers={"HX-Request": "true"})
    assert last.headers["HX-Refresh"] == "true"
    page = member_client.get(address(sent))
    assert fates(page)["dicom"][2] == 2
    assert fates(page)["jpeg"][2] == 1
    assert "2 zips were unpacked" in page.text


def test_without_scripts_a_button_unpacks(upload, member_client):
    sent = upload({"one.zip": make_zip(("1.dcm", DICOM))})
    answer = member_client.post(reverse("upload_look", args=["heart", sent.pk]))
    assert answer.headers["Location"] == address(sent)


def test_a_zip_that_cannot_be_unpacked_says_why_and_holds_nothing_up(upload, member_client):
    damaged = make_zip(("1.dcm", DICOM))[:-30]
    sent = upload({"bad.zip": damaged, "2.dcm": DICOM})
    member_client.post(reverse("upload_look", args=["heart", sent.pk]))
    page = member_client.get(address(sent))
    assert fates(page)["zip"][0] == "refused"
    assert "The zip is damaged or cut short" in sentences(page)


def test_an_open_upload_leads_back_to_itself(project, member, member_client):
    manifest = [ManifestEntry(PurePosixPath("a"), 1)]
    sent = create_upload(project=project, by=member, manifest=manifest)
    assert member_client.get(address(sent)).headers["Location"] == sent.get_absolute_url()


def test_a_bomb_is_refused_without_unpacking_it(upload, member_client, settings):
    settings.ZIP_MAX_BYTES = 1000
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.dcm", bytes(100_000))
    sent = upload({"bomb.zip": buffer.getvalue()})
    member_client.post(reverse("upload_look", args=["heart", sent.pk]))
    assert "unpacks to more than is allowed" in sentences(member_client.get(address(sent)))


def test_the_uploader_adds_more_files_and_comes_back(upload, member, member_client, owner_client):
    sent = upload({"one.zip": make_zip(("1.dcm", DICOM)), "2.dcm": DICOM + b"2"})
    member_client.post(reverse("upload_look", args=["heart", sent.pk]))
    assert fates(member_client.get(address(sent)))["dicom"][2] == 2
    more = reverse("upload_reopen", args=["heart", sent.pk])
    assert owner_client.post(more).status_code == 404
    assert member_client.post(more).headers["Location"] == sent.get_absolute_url()
    assert f'data-upload-id="{sent.pk}"' in member_client.get(sent.get_absolute_url()).text
    sent.refresh_from_db()
    (added,) = announce_files(sent, [ManifestEntry(PurePosixPath("3.dcm"), len(DICOM) + 1)])
    receive_file(sent, added.number, [DICOM + b"3"])
    complete_upload(sent)
    assert fates(member_client.get(address(sent)))["dicom"][2] == 3


def test_an_upload_with_a_job_takes_no_more_files(upload, member_client):
    sent = upload({"2.dcm": DICOM})
    member_client.post(address(sent), {"tool": "auto", "destination": "archive", "start": "1"})
    assert "Add more files" not in member_client.get(address(sent)).text
    more = reverse("upload_reopen", args=["heart", sent.pk])
    assert "takes no more files" in member_client.post(more, follow=True).text
    sent.refresh_from_db()
    assert sent.state == "complete"
