import json
from io import BytesIO
from pathlib import Path

import pytest
from django.db import OperationalError
from django.test import Client
from pydicom import dcmread

from pacs_portal.archive import gate
from pacs_portal.archive import orthanc as orthanc_client
from pacs_portal.audit.models import Event
from pacs_portal.projects.models import Membership
from tests.pacs_portal.archive.answers import (
    ROOTS,
    body,
    instance_address,
    parts,
    study_address,
    uids,
)
from tests.pacs_portal.archive.instances import Sample, dataset_of
from tests.services.orthanc import free_port


def all_addresses(sample: Sample) -> list[str]:
    study, instance = study_address(sample), instance_address(sample)
    series = f"{study}/series/{sample.series_uid}"
    return [
        study,
        f"{study}/metadata",
        f"{study}/rendered",
        f"{study}/series",
        f"{study}/instances",
        series,
        f"{series}/metadata",
        f"{series}/instances",
        instance,
        f"{instance}/metadata",
        f"{instance}/rendered",
        f"{instance}/thumbnail",
        f"{instance}/frames/1",
        f"{instance}/frames/1/rendered",
        f"{instance}/bulk/7fe00010",
    ]


@pytest.mark.parametrize("root", ROOTS)
def test_every_address_answers_members_and_nobody_else(
    root, sample, foreign, owner_client, viewer_client, stranger_client, anonymous_client
):
    for address in all_addresses(sample):
        for client, status in [
            (owner_client, 200),
            (viewer_client, 200),
            (stranger_client, 404),
            (anonymous_client, 401),
        ]:
            response = client.get(f"{root}/{address}")
            assert response.status_code == status, address
            assert body(response)
    for address in all_addresses(foreign):
        assert owner_client.get(f"{root}/{address}").status_code == 404, address


def test_a_foreign_study_and_an_unknown_one_look_the_same(sample, foreign, owner_client):
    here = owner_client.get(f"/dicom-web/{study_address(foreign)}/metadata")
    nowhere = owner_client.get("/dicom-web/studies/1.2.3.4/metadata")
    assert here.content == nowhere.content
    assert here.headers == nowhere.headers


def test_a_foreign_series_below_an_own_study_is_not_given(sample, foreign, owner_client):
    address = instance_address(foreign).replace(foreign.study_uid, sample.study_uid)
    for tail in ("", "/metadata", "/frames/1", "/rendered", "/bulk/7fe00010"):
        assert owner_client.get(f"/dicom-web/{address}{tail}").status_code == 404
    below = f"/dicom-web/{study_address(sample)}/series/{foreign.series_uid}/instances"
    response = owner_client.get(below)
    assert response.status_code == 404 or json.loads(body(response)) == []


def test_a_stranger_of_the_project_finds_no_root(sample, stranger_client):
    assert stranger_client.get("/projects/heart/dicom-web/studies").status_code == 404
    assert stranger_client.get("/projects/nowhere/dicom-web/studies").status_code == 404
    assert stranger_client.get("/dicom-web/studies").json() == []


def test_rights_removed_count_at_once(sample, viewer, viewer_client):
    address = f"/dicom-web/{study_address(sample)}/metadata"
    assert viewer_client.get(address).status_code == 200
    Membership.objects.filter(user=viewer).delete()
    assert viewer_client.get(address).status_code == 404
    assert viewer_client.get("/dicom-web/studies").json() == []


@pytest.mark.parametrize("root", ROOTS)
def test_every_link_leads_back_to_the_same_root(root, sample, owner_client):
    instance = f"{root}/{instance_address(sample)}"
    [metadata] = json.loads(body(owner_client.get(f"{instance}/metadata")))
    link = metadata["7FE00010"]["BulkDataURI"]
    assert link == f"http://testserver{instance}/bulk/7fe00010"
    pixels = parts(owner_client.get(link.removeprefix("http://testserver")))
    assert pixels == [dataset_of(sample).PixelData]
    for address in (f"{study_address(sample)}/series", "series", "studies"):
        [found] = json.loads(body(owner_client.get(f"{root}/{address}")))
        [link] = found["00081190"]["Value"]
        assert link.startswith(f"http://testserver{root}/{study_address(sample)}")


def test_a_link_names_the_host_that_was_asked(sample, owner_client, settings):
    settings.ALLOWED_HOSTS = ["pacs.example"]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    address = f"/dicom-web/{instance_address(sample)}/metadata"
    headers = {"host": "pacs.example", "x-forwarded-proto": "https", "forwarded": "host=evil"}
    [metadata] = json.loads(body(owner_client.get(address, headers=headers)))
    assert metadata["7FE00010"]["BulkDataURI"].startswith("https://pacs.example/dicom-web/")


def test_an_instance_comes_back_as_it_was_stored(sample, owner_client):
    response = owner_client.get(f"/dicom-web/{instance_address(sample)}")
    assert response.headers["Content-Type"].startswith("multipart/related")
    [file] = parts(response)
    assert dcmread(BytesIO(file)).PixelData == dataset_of(sample).PixelData


def test_a_frame_and_its_picture(sample, owner_client):
    instance = f"/dicom-web/{instance_address(sample)}"
    [frame] = parts(owner_client.get(f"{instance}/frames/1"))
    assert frame == dataset_of(sample).PixelData
    picture = owner_client.get(f"{instance}/rendered", headers={"accept": "image/png"})
    assert picture.headers["Content-Type"] == "image/png"
    assert body(picture).startswith(b"\x89PNG")
    thumbnail = owner_client.get(f"{instance}/thumbnail?viewport=8,8")
    assert body(thumbnail).startswith(b"\xff\xd8")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_writing_is_not_allowed(sample, method):
    client = Client(enforce_csrf_checks=True)
    assert getattr(client, method)("/dicom-web/studies").status_code == 401
    from pacs_portal.accounts.models import User

    client.force_login(User.objects.get(email="owner@example.org"))
    for address in ("studies", study_address(sample), "nonsense"):
        response = getattr(client, method)(f"/dicom-web/{address}")
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"


def test_head_has_the_headers_and_no_body(sample, owner_client):
    for address in ("studies", f"{study_address(sample)}/metadata", instance_address(sample)):
        head, get = (
            getattr(owner_client, method)(f"/dicom-web/{address}") for method in ("head", "get")
        )
        assert (head.status_code, body(head)) == (200, b"")
        # The boundary of a multipart answer differs every time, its length does not.
        assert head.headers["Content-Length"] == get.headers["Content-Length"]
        body(get)


def test_malformed_addresses_are_refused_before_anything_else(anonymous_client):
    for path in ("studies/1.2/../1.3", "studies//1.2", "studies/1.2;a", "studies/%2e%2e/x"):
        for root in ROOTS:
            assert anonymous_client.get(f"{root}/{path}").status_code == 400, path


def test_orthanc_gets_neither_cookie_nor_login_of_the_client(sample, owner_client, monkeypatch):
    told = {}
    build = orthanc_client.client().build_request

    def remember(*arguments, **named):
        request = build(*arguments, **named)
        told.update(request.headers)
        return request

    monkeypatch.setattr(orthanc_client.client(), "build_request", remember)
    headers = {"authorization": "Bearer of-the-client", "x-secret": "1"}
    body(owner_client.get(f"/dicom-web/{study_address(sample)}/metadata", headers=headers))
    assert set(told) == {
        "host",
        "accept",
        "accept-encoding",
        "connection",
        "user-agent",
        "forwarded",
    }


def test_answers_are_kept_nowhere_and_run_nothing(sample, owner_client):
    response = owner_client.get(f"/dicom-web/{instance_address(sample)}/bulk/7fe00010")
    assert response.headers["Cache-Control"] == "no-store"
    assert "sandbox" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body(response)


def test_an_archive_that_is_away_is_told_with_a_time_to_retry(sample, owner_client, settings):
    settings.ORTHANC_URL = f"http://127.0.0.1:{free_port()}"
    for address in (f"{study_address(sample)}/metadata", "series"):
        response = owner_client.get(f"/dicom-web/{address}")
        assert (response.status_code, response.headers["Retry-After"]) == (503, "15")
        assert "127.0.0.1" not in response.content.decode()
    assert uids(owner_client.get("/dicom-web/studies")) == [sample.study_uid]


def open_connections(port: int) -> int:
    """Count the connections from this machine to `port` that are established."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == "01" for row in rows)


def test_no_idle_connection_is_kept_that_the_archive_may_close_under_the_next_request(
    sample, orthanc, owner_client
):
    for address in (f"{instance_address(sample)}/frames/1", "series"):
        assert body(owner_client.get(f"/dicom-web/{address}"))
        assert open_connections(orthanc.plan.port) == 0


def test_an_answer_that_cannot_be_recorded_is_not_left_waiting_in_the_archive(
    sample, orthanc, owner_client, monkeypatch
):
    def refuse(*_arguments):
        raise OperationalError("database is locked")

    monkeypatch.setattr(gate, "record_in", refuse)
    with pytest.raises(OperationalError):
        owner_client.get(f"/dicom-web/{instance_address(sample)}")
    assert open_connections(orthanc.plan.port) == 0


def test_an_unknown_frame_is_no_server_error(sample, owner_client):
    response = owner_client.get(f"/dicom-web/{instance_address(sample)}/frames/7")
    assert response.status_code in {404, 406}


def test_who_takes_files_away_is_recorded_once_for_each_request(sample, viewer, viewer_client):
    study, instance = study_address(sample), instance_address(sample)
    for address in (study, f"{study}/metadata", instance, f"{instance}/frames/1"):
        body(viewer_client.get(f"/dicom-web/{address}"))
    taken = Event.objects.filter(action="study.retrieved", actor=viewer)
    assert taken.count() == 2
    assert sample.study_uid not in str(list(taken.values_list("target_id", "details")))


def test_who_asks_for_the_headers_alone_takes_nothing(sample, viewer_client):
    assert viewer_client.head(f"/dicom-web/{study_address(sample)}").status_code == 200
    assert not Event.objects.filter(action="study.retrieved").exists()


def test_who_finds_nothing_takes_nothing(sample, stranger_client):
    stranger_client.get(f"/dicom-web/{study_address(sample)}")
    assert not Event.objects.filter(action="study.retrieved").exists()
