import pytest
from django.urls import reverse

from pacs_portal.jobs.models import Destination, Job
from pacs_portal.uploads.models import Upload, UploadState
from pacs_portal.uploads.services import create_upload, remove_original
from tests.pacs_portal.uploads.conftest import entry

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.fixture
def sent(send):
    return send({"Mueller_Hans_1956/thorax.png": PNG})


def test_contributors_open_the_upload_page(project, owner_client, member_client, steward_client):
    for client in (owner_client, member_client, steward_client):
        page = client.get(reverse("project_upload", args=["heart"]))
        assert page.status_code == 200
        assert 'data-upload-url="/projects/heart/uploads/"' in page.content.decode()


def test_viewer_and_stranger_find_no_upload_page(project, viewer_client, stranger_client):
    for client in (viewer_client, stranger_client):
        assert client.get(reverse("project_upload", args=["heart"])).status_code == 404


def test_every_member_sees_the_history_without_names(
    sent, owner_client, member_client, viewer_client, steward_client
):
    for client in (owner_client, member_client, viewer_client, steward_client):
        page = client.get(reverse("upload_list", args=["heart"])).content.decode()
        assert sent.get_absolute_url() in page
        assert "Mueller" not in page


def test_strangers_find_neither_history_nor_upload(sent, stranger_client, admin_client):
    for client in (stranger_client, admin_client):
        assert client.get(reverse("upload_list", args=["heart"])).status_code == 404
        assert client.get(sent.get_absolute_url()).status_code == 404


def test_the_anonymous_are_sent_to_the_sign_in_page(sent, anonymous_client):
    addresses = [
        reverse("upload_list", args=["heart"]),
        reverse("project_upload", args=["heart"]),
        sent.get_absolute_url(),
    ]
    for address in addresses:
        answer = anonymous_client.get(address)
        assert answer.status_code == 302
        assert answer.url.startswith(reverse("account_login"))


def test_only_uploader_and_stewards_read_names(
    sent, member_client, steward_client, owner_client, viewer_client
):
    for client in (member_client, steward_client):
        assert (
            "Mueller_Hans_1956/thorax.png" in client.get(sent.get_absolute_url()).content.decode()
        )
    for client in (owner_client, viewer_client):
        page = client.get(sent.get_absolute_url()).content.decode()
        assert "PNG" in page
        assert "Mueller" not in page
        assert "thorax" not in page


def test_types_of_files_are_told_in_plain_words(send, member_client):
    upload = send({"a.png": PNG, "b.txt": b"text", "c.dcm": b""})
    page = member_client.get(upload.get_absolute_url()).text
    for words in ("PNG", "Document or other file", "Empty file"):
        assert f'<td data-label="Type">{words}</td>' in page


def test_a_name_whose_bytes_are_no_text_is_shown_all_the_same(project, member, member_client):
    upload = create_upload(project=project, by=member, manifest=[entry("a\udcff.dcm")])
    assert "a\ufffd.dcm" in member_client.get(upload.get_absolute_url()).content.decode()


def test_an_open_upload_goes_on_for_its_creator_only(
    project, member, member_client, steward_client
):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"1")])
    assert (
        f'data-upload-id="{upload.pk}"'
        in member_client.get(upload.get_absolute_url()).content.decode()
    )
    assert "data-upload-id" not in steward_client.get(upload.get_absolute_url()).content.decode()


def test_a_job_can_be_started_while_the_files_are_there(sent, owner_client, viewer_client):
    question = "Start a job with these files"
    assert question in owner_client.get(sent.get_absolute_url()).content.decode()
    assert question not in viewer_client.get(sent.get_absolute_url()).content.decode()
    remove_original(sent.files.get())
    assert question not in owner_client.get(sent.get_absolute_url()).content.decode()


def test_the_creator_discards_an_open_upload(project, member, member_client, owner_client):
    upload = create_upload(project=project, by=member, manifest=[entry("a", b"1")])
    address = reverse("upload_discard", args=["heart", upload.pk])
    assert owner_client.post(address).status_code == 404
    assert member_client.post(address).status_code == 302
    assert Upload.objects.get().state == UploadState.DISCARDED


def test_an_upload_that_nobody_started_says_so_and_is_discarded(sent, member_client, uploads_dir):
    page = member_client.get(sent.get_absolute_url()).content.decode()
    assert "none of them is stored yet" in page
    assert "not started" in page
    assert "not started" in member_client.get(reverse("upload_list", args=["heart"])).text
    member_client.post(reverse("upload_discard", args=["heart", sent.pk]))
    assert Upload.objects.get().state == UploadState.DISCARDED
    assert not (uploads_dir / str(sent.pk)).exists()


def test_an_upload_with_a_job_is_not_discarded(sent, member, member_client):
    Job.objects.create(
        project=sent.project, upload=sent, tool="auto", destination=Destination.ARCHIVE
    )
    assert "Discard the upload" not in member_client.get(sent.get_absolute_url()).text
    answer = member_client.post(reverse("upload_discard", args=["heart", sent.pk]), follow=True)
    assert "takes no more files" in answer.content.decode()
    assert Upload.objects.get().state == UploadState.COMPLETE


def test_long_lists_come_in_pages(send, member_client):
    upload = send({f"{number:03}.txt": b"1" for number in range(101)})
    first = member_client.get(upload.get_absolute_url()).content.decode()
    second = member_client.get(upload.get_absolute_url() + "?page=2").content.decode()
    assert "099.txt" in first
    assert "100.txt" not in first
    assert "100.txt" in second
