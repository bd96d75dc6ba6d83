"""The page of a held file, its pictures and its download: who sees them, and what is recorded."""

import io

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import encapsulate

from pacs_portal.audit.models import Event
from pacs_portal.jobs.held import pictures
from pacs_portal.jobs.held.rows import held_page
from pacs_portal.jobs.models import Decision, FileReceipt, HeldFile
from pacs_portal.jobs.storage import held_dir
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Membership, Project, Role
from tests.pacs_portal.jobs import toys
from tests.pacs_portal.jobs.held.samples import FINDING, PLACE, address, write_dicom

pytestmark = pytest.mark.usefixtures("allowed")
ADDRESSES = ("held_file", "held_picture", "held_thumbnail", "held_download")


def seen() -> list[str]:
    events = Event.objects.filter(action="held.viewed").order_by("pk")
    return [event.details["what"] for event in events]


def test_a_finding_lies_sealed_beside_its_place(named):
    assert named.place.split("\n")[0] == PLACE
    assert FINDING.encode() not in bytes(named.sealed_finding)
    receipt = FileReceipt.objects.get(pk=named.receipt_id)
    assert FINDING not in receipt.reason + str(list(receipt.history.values()))
    assert FINDING not in repr(toys.VERDICTS[b"hold"])


def test_the_list_names_no_finding_and_leads_to_the_file(named, project, steward_client):
    page = steward_client.get(reverse("project_held", args=[project.key]))
    assert address("held_file", named) in page.text
    assert FINDING not in page.text


def test_a_steward_sees_the_findings_and_the_look_is_recorded(named, steward_client):
    asked = steward_client.get(address("held_file", named))
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not Event.objects.filter(action="held.finding_viewed").exists()
    shown = steward_client.post(asked.url, {"password": "passphrase"}, follow=True)
    for text in (PLACE, "wie bei Zwirbelmayr", "Series Description (0008,103E)", "stein"):
        assert text in shown.text
    assert shown.text.count(f'<strong class="text-break">{FINDING}</strong>') == 1
    event = Event.objects.get(action="held.finding_viewed")
    assert FINDING not in str(event.details)


def test_the_page_of_a_file_knows_its_neighbours_without_reading_all_that_wait(hold, project):
    HeldFile.objects.update(created_at=hold(*4 * [b"hold"])[0].created_at)  # held at one moment
    held = list(HeldFile.objects.order_by("pk"))
    keys = project_keys(project.pk)
    with CaptureQueriesContext(connection) as asked:
        places = [held_page(one, keys) for one in held]
    assert [(one.number, one.count) for one in places] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    ids = [None, *(one.pk for one in held), None]
    assert [(one.previous_id, one.next_id) for one in places] == list(
        zip(ids[:-2], ids[2:], strict=True)
    )
    waiting = [query["sql"] for query in asked if '"decision" = ' in query["sql"]]
    assert waiting
    assert all("COUNT(" in sql or "LIMIT 1" in sql for sql in waiting)


def test_the_page_of_a_file_that_is_decided_meanwhile_is_shown(named):
    HeldFile.objects.filter(pk=named.pk).update(decision=Decision.REJECT)
    page = held_page(named, project_keys(named.receipt.job.project_id))
    assert (page.number, page.count, page.next_id) == (1, 1, None)


def test_a_picture_that_must_wait_for_its_turn_is_asked_for_again(
    pictured, fresh_client, monkeypatch
):
    monkeypatch.setattr(pictures, "WAIT_SECONDS", 0.01)
    with pictures._places, pictures._places:
        answer = fresh_client.get(address("held_thumbnail", pictured))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert seen() == []  # nobody may accept the file as one that was looked at
    assert fresh_client.get(address("held_thumbnail", pictured)).status_code == 200


def test_nothing_is_recorded_as_seen_where_nothing_was_found(pictured, fresh_client):
    fresh_client.get(address("held_file", pictured))
    assert not Event.objects.filter(action="held.finding_viewed").exists()


@pytest.mark.parametrize("name", ADDRESSES)
def test_nobody_else_sees_anything(
    pictured, owner_client, member_client, stranger_client, client, name
):
    for other in (owner_client, member_client, stranger_client):
        assert other.get(address(name, pictured)).status_code == 404
    assert client.get(address(name, pictured)).status_code in (302, 401)
    assert seen() == []


@pytest.mark.parametrize("name", ADDRESSES)
def test_a_steward_of_another_project_sees_nothing(pictured, make_user, client_of, name):
    other = make_user("other")
    liver = Project.objects.create(key="liver", name="Liver")
    Membership.objects.create(project=liver, user=other, role=Role.STEWARD)
    assert client_of(other).get(address(name, pictured)).status_code == 404
    mixed = reverse(name, args=["liver", pictured.pk])
    assert client_of(other).get(mixed).status_code == 404


def test_pictures_are_for_those_who_typed_their_password_lately(pictured, steward_client):
    for name in ("held_picture", "held_thumbnail"):
        assert steward_client.get(address(name, pictured)).status_code == 403
    for page in (
        address("held_download", pictured),
        reverse("project_held", args=["heart"]) + "?pictures",
    ):
        asked = steward_client.get(page)
        assert asked.url.startswith(reverse("account_reauthenticate"))
    assert seen() == []


def test_who_comes_back_to_a_decided_file_is_led_to_the_others(pictured, fresh_client, steward):
    answer = {"decision": "reject", "reason": "not needed"}
    fresh_client.post(address("held_file_decide", pictured), answer)
    back = fresh_client.get(address("held_file", pictured), follow=True)
    assert back.redirect_chain == [(reverse("project_held", args=["heart"]), 302)]
    assert "This file has been decided about already." in back.text
    liver = Project.objects.create(key="liver", name="Liver")
    Membership.objects.create(project=liver, user=steward, role=Role.STEWARD)
    elsewhere = reverse("held_file", args=["liver", pictured.pk])
    assert fresh_client.get(elsewhere).status_code == 404


def test_who_downloads_after_a_while_comes_back_to_the_file(pictured, steward_client):
    """Not to the download: the browser would stay on the page that asks for the password."""
    asked = steward_client.get(address("held_download", pictured))
    back = steward_client.post(asked.url, {"password": "passphrase"})
    assert back.url == address("held_file", pictured)


def test_a_picture_is_sent_for_no_cache_and_recorded(pictured, fresh_client):
    answer = fresh_client.get(address("held_picture", pictured), {"frame": 0, "window": "whole"})
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("image/png", "no-store")
    assert Image.open(io.BytesIO(answer.content)).size == (90, 60)
    assert fresh_client.get(address("held_thumbnail", pictured)).status_code == 200
    assert seen() == ["picture", "thumbnail"]


@pytest.mark.parametrize(
    "query", ["frame=-1", "frame=x", "window=x", "image=7", "frame=1", "frame=9999999999999999999"]
)
def test_what_does_not_exist_is_not_drawn(pictured, fresh_client, query):
    assert fresh_client.get(f"{address('held_picture', pictured)}?{query}").status_code == 404


def test_thumbnails_stand_in_the_list_on_request(pictured, project, fresh_client):
    page = reverse("project_held", args=[project.key])
    assert address("held_thumbnail", pictured) not in fresh_client.get(page).text
    assert address("held_thumbnail", pictured) in fresh_client.get(f"{page}?pictures").text


def test_the_original_can_be_looked_at_with_another_program(pictured, fresh_client):
    answer = fresh_client.get(address("held_download", pictured))
    assert b"".join(answer.streaming_content) == b"hold"
    assert answer["Content-Disposition"] == 'attachment; filename="held-1.bin"'
    assert seen() == ["file"]


@pytest.mark.parametrize(
    ("name", "kind", "offered"),
    [
        ("Zwirbelmayr/Befund.PDF", "pdf", "held-1.pdf"),
        ("Zwirbelmayr/IM0001", "dicom", "held-1.dcm"),
        ("Zwirbelmayr/a.v1 of Hans", "unknown", "held-1.bin"),
    ],
)
def test_a_held_file_keeps_the_ending_by_which_a_program_is_found(
    finish, fresh_client, name, kind, offered
):
    job = finish({name: b"hold"})
    job.upload.files.update(kind=kind)
    answer = fresh_client.get(address("held_download", HeldFile.objects.get()))
    assert answer["Content-Disposition"] == f'attachment; filename="{offered}"'
    answer.close()


@pytest.mark.parametrize(
    ("document", "name"), [(b"%PDF-1.4 odd", "held-1.pdf"), (b"<html>even</html>", "held-1.bin")]
)
def test_a_document_comes_out_of_its_dicom_file(hold, fresh_client, document, name):
    (held,) = hold(b"hold")
    HeldFile.objects.update(cause="encapsulated-document")
    write_dicom(
        held_dir(held.pk) / "original",
        np.zeros((1, 1), np.uint8),
        EncapsulatedDocument=document + b"\0" * (len(document) % 2),
        EncapsulatedDocumentLength=len(document),
    )
    answer = fresh_client.get(address("held_download", held))
    assert b"".join(answer.streaming_content) == document
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("stream", "syntax", "name"),
    [
        (b"\0\0\0\x18ftypisom", "1.2.840.10008.1.2.4.102", "held-1.mp4"),
        (b"\x47\x40\0\x10", "1.2.840.10008.1.2.4.104", "held-1.ts"),
        (b"\0\0\1\xb3", "1.2.840.10008.1.2.4.100", "held-1.mpg"),
        (b"no stream", "1.2.840.10008.1.2.1", "held-1.dcm"),
    ],
)
def test_a_video_comes_out_of_its_dicom_file(hold, fresh_client, stream, syntax, name):
    (held,) = hold(b"hold")
    HeldFile.objects.update(cause="video")
    held.receipt.job.upload.files.update(kind="dicom")
    original = held_dir(held.pk) / "original"
    write_dicom(original, np.zeros((1, 4), np.uint8))
    dataset = dcmread(original)
    if syntax != dataset.file_meta.TransferSyntaxUID:
        dataset.file_meta.TransferSyntaxUID = syntax
        dataset.PixelData = encapsulate([stream[:4], stream[4:]] if stream[4:] else [stream])
        dataset["PixelData"].is_undefined_length = True
    dataset.save_as(original)
    answer = fresh_client.get(address("held_download", held))
    content = b"".join(answer.streaming_content)
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert content == (original.read_bytes() if name.endswith(".dcm") else stream)


def test_a_file_without_its_document_is_not_there(hold, fresh_client):
    (held,) = hold(b"hold")
    HeldFile.objects.update(cause="encapsulated-document")
    assert fresh_client.get(address("held_download", held)).status_code == 404
