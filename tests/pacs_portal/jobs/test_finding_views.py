import pytest
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.models import FileReceipt, HeldFile, Outcome
from pacs_portal.jobs.steps import FoundText, Verdict
from tests.pacs_portal.jobs import toys

PLACE, FINDING = "(0028,3010) [1] (0028,1055)", "zwirbelmayr"


@pytest.fixture
def held(finish, monkeypatch) -> HeldFile:
    verdict = Verdict(
        receipt_id=0,
        outcome=Outcome.HELD,
        code="name-found",
        sentence="The toy found a name.",
        stage="toy",
        findings=(FoundText(PLACE, FINDING),),
    )
    monkeypatch.setitem(toys.VERDICTS, b"hold", verdict)
    return HeldFile.objects.get(receipt__job=finish({"1": b"hold"}))


def test_a_finding_lies_sealed_beside_its_place(held):
    assert held.place == PLACE
    assert FINDING.encode() not in bytes(held.sealed_finding)
    receipt = FileReceipt.objects.get(pk=held.receipt_id)
    assert FINDING not in receipt.reason + str(list(receipt.history.values()))
    assert FINDING not in repr(toys.VERDICTS[b"hold"])


def test_a_steward_sees_the_finding_and_the_look_is_recorded(held, project, steward_client):
    page = steward_client.get(reverse("project_held", args=[project.key]))
    address = reverse("held_finding", args=[project.key, held.pk])
    assert address in page.text
    assert FINDING not in page.text
    asked = steward_client.post(address)
    assert asked.url.startswith(reverse("account_reauthenticate"))
    assert not Event.objects.filter(action="held.finding_viewed").exists()
    shown = steward_client.post(asked.url, {"password": "passphrase"})
    assert PLACE in shown.text
    assert FINDING in shown.text
    event = Event.objects.get(action="held.finding_viewed")
    assert FINDING not in str(event.details)


def test_nobody_else_sees_it(held, project, owner_client, member_client, stranger_client):
    address = reverse("held_finding", args=[project.key, held.pk])
    for client in (owner_client, member_client, stranger_client):
        assert client.post(address).status_code == 404
    assert not Event.objects.filter(action="held.finding_viewed").exists()


def test_a_file_without_a_finding_has_no_such_page(finish, project, steward_client):
    held = HeldFile.objects.get(receipt__job=finish({"1": b"hold"}))
    address = reverse("held_finding", args=[project.key, held.pk])
    assert steward_client.post(address).status_code == 404
    assert address not in steward_client.get(reverse("project_held", args=[project.key])).text
