import logging

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.uploads.models import FileState, Upload, UploadState

PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
SECRET = "Mueller_Hans_1956/thorax.png"


def listed(*files: tuple[str, bytes]) -> dict:
    return {
        "files": [
            {"path": path, "size_bytes": len(content), "modified_at": "2026-01-02T03:04:05Z"}
            for path, content in files
        ]
    }


def announce(client: Client, body: object, key: str = "heart"):
    return client.post(reverse("upload_list", args=[key]), body, "application/json")


def put(client: Client, upload_id: str, number: int, content: bytes):
    url = reverse("upload_receive", args=["heart", upload_id, number])
    return client.put(url, content, "application/octet-stream")


def complete(client: Client, upload_id: str):
    return client.post(reverse("upload_complete", args=["heart", upload_id]))


@pytest.fixture
def upload_id(project, member_client) -> str:
    return announce(member_client, listed((SECRET, PNG), ("b.txt", b"b"))).json()["id"]


def test_files_are_announced_sent_and_completed(project, member_client):
    answer = announce(member_client, listed((SECRET, PNG), ("b.txt", b"b")))
    assert answer.status_code == 201
    assert answer.json()["missing"] == answer.json()["numbers"] == [1, 2]
    upload_id = answer.json()["id"]
    assert put(member_client, upload_id, 1, PNG).status_code == 200
    assert put(member_client, upload_id, 2, b"b").status_code == 200
    done = complete(member_client, upload_id)
    assert done.json()["url"] == reverse("upload", args=["heart", upload_id])
    assert Upload.objects.get().state == UploadState.COMPLETE


def test_a_closed_tab_costs_only_what_was_not_sent(upload_id, member_client):
    put(member_client, upload_id, 1, PNG)
    missing = member_client.get(reverse("upload_missing", args=["heart", upload_id]))
    assert missing.json() == {"missing": [2]}
    again = member_client.post(
        reverse("upload_manifest", args=["heart", upload_id]),
        listed(("b.txt", b"b"), (SECRET, PNG), ("c", b"")),
        "application/json",
    )
    assert again.json() == {"id": upload_id, "numbers": [2, 1, 3], "missing": [2, 3]}


@pytest.mark.parametrize("content", [b"", PNG[:-1], PNG + b"x"])
def test_a_wrong_size_is_refused_and_nothing_kept(upload_id, member_client, uploads_dir, content):
    answer = put(member_client, upload_id, 1, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "wrong-size")
    assert list((uploads_dir / upload_id).iterdir()) == []
    assert put(member_client, upload_id, 1, PNG).status_code == 200


def test_an_incomplete_upload_is_not_closed(upload_id, member_client):
    answer = complete(member_client, upload_id)
    assert (answer.status_code, answer.json()["code"]) == (409, "upload-incomplete")


def test_completing_twice_is_the_same_as_once(upload_id, member_client, client_of, member):
    put(member_client, upload_id, 1, PNG)
    put(member_client, upload_id, 2, b"b")
    assert complete(member_client, upload_id).status_code == 200
    assert complete(client_of(member), upload_id).status_code == 200
    assert put(member_client, upload_id, 1, PNG).status_code == 409


def test_owner_contributor_and_steward_open_uploads(
    project, owner_client, member_client, steward_client
):
    for client in (owner_client, member_client, steward_client):
        assert announce(client, listed(("a", b"1"))).status_code == 201


def test_viewer_stranger_and_site_admin_open_none(
    project, viewer_client, stranger_client, admin_client
):
    for client in (viewer_client, stranger_client, admin_client):
        assert announce(client, listed(("a", b"1"))).status_code == 404


def test_an_upload_takes_files_from_its_creator_only(
    upload_id, owner_client, viewer_client, steward_client, stranger_client
):
    for client in (owner_client, viewer_client, steward_client, stranger_client):
        assert put(client, upload_id, 1, PNG).status_code == 404
        assert complete(client, upload_id).status_code == 404
        assert client.get(reverse("upload_missing", args=["heart", upload_id])).status_code == 404


def test_the_anonymous_get_401_from_every_address(upload_id, anonymous_client):
    assert announce(anonymous_client, listed(("a", b"1"))).status_code == 401
    assert put(anonymous_client, upload_id, 1, PNG).status_code == 401
    assert complete(anonymous_client, upload_id).status_code == 401


def test_rights_that_were_taken_away_count_at_once(upload_id, member, member_client, project):
    project.memberships.filter(user=member).delete()
    assert put(member_client, upload_id, 1, PNG).status_code == 404


def test_an_upload_is_not_found_below_another_project(upload_id, member, member_client, owner):
    from pacs_portal.projects.models import Role
    from pacs_portal.projects.services import NewProject, create_project

    other = create_project(NewProject("lung", "Lung"), actor=owner, owner=owner)
    other.memberships.create(user=member, role=Role.CONTRIBUTOR)
    url = reverse("upload_receive", args=["lung", upload_id, 1])
    assert member_client.put(url, PNG, "application/octet-stream").status_code == 404


def test_a_file_that_was_never_announced_is_not_found(upload_id, member_client):
    assert put(member_client, upload_id, 3, b"x").status_code == 404


def test_requests_without_the_csrf_token_are_refused(upload_id, member):
    client = Client(enforce_csrf_checks=True)
    client.force_login(member)
    assert announce(client, listed(("a", b"1"))).status_code == 403
    assert put(client, upload_id, 1, PNG).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        "no json",
        "[]",
        {"files": [{"path": "a"}]},
        {"files": [{"path": "a", "size_bytes": -1, "modified_at": None}]},
        {"files": [{"path": "a", "size_bytes": "1", "modified_at": None}]},
        {"files": [{"path": "a", "size_bytes": True, "modified_at": None}]},
        {"files": [{"path": 7, "size_bytes": 1, "modified_at": None}]},
        {"files": [{"path": "a", "size_bytes": 1, "modified_at": "yesterday"}]},
        {"files": [{"path": "\ud800", "size_bytes": 1, "modified_at": None}]},
        {"files": [{"path": "../a", "size_bytes": 1, "modified_at": None}]},
        {"files": 2 * [{"path": "a", "size_bytes": 1, "modified_at": None}]},
        {"files": [{"path": "a", "size_bytes": 2**70, "modified_at": None}]},
    ],
)
def test_a_malformed_manifest_is_refused_and_opens_nothing(project, member_client, body):
    answer = announce(member_client, body)
    assert answer.status_code == 400
    assert answer.json()["sentence"].endswith(".")
    assert not Upload.objects.exists()


def test_a_manifest_too_large_for_the_memory_is_refused(project, member_client, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = announce(member_client, listed(("x" * 200, b"1")))
    assert (answer.status_code, answer.json()["code"]) == (413, "manifest-too-large")


def test_no_path_stands_in_an_answer_or_a_log(project, member_client, caplog):
    caplog.set_level(logging.DEBUG)
    first = announce(member_client, listed((SECRET, PNG)))
    upload_id = first.json()["id"]
    answers = [
        first,
        put(member_client, upload_id, 1, b"short"),
        put(member_client, upload_id, 9, b""),
    ]
    answers.append(announce(member_client, listed((SECRET, PNG), (SECRET, PNG))))
    for answer in answers:
        assert b"Mueller" not in answer.content
    assert "Mueller" not in caplog.text


def test_a_put_costs_few_queries(upload_id, member_client, django_assert_max_num_queries):
    put(member_client, upload_id, 2, b"b")
    with django_assert_max_num_queries(5):
        assert put(member_client, upload_id, 1, PNG).status_code == 200
    assert set(Upload.objects.get().files.values_list("state", flat=True)) == {FileState.RECEIVED}


@pytest.mark.parametrize("modified_at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_outside_the_calendar_is_a_malformed_manifest(project, member_client, modified_at):
    body = {"files": [{"path": "a.dcm", "size_bytes": 1, "modified_at": modified_at}]}
    refused = announce(member_client, body)
    assert (refused.status_code, refused.json()["code"]) == (400, "manifest-malformed")


def test_json_nested_without_end_is_a_malformed_manifest(project, member_client):
    refused = announce(member_client, "[" * 200_000)
    assert (refused.status_code, refused.json()["code"]) == (400, "manifest-malformed")
