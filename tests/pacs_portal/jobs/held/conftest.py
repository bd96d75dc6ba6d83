"""Files that the toy has held, and the steward who looks at them and decides."""

import numpy as np
import pytest
from django.urls import reverse

from pacs_portal.jobs.held import causes
from pacs_portal.jobs.held.decisions import Choice, decide
from pacs_portal.jobs.models import Decision, HeldFile, Outcome
from pacs_portal.jobs.steps import FoundText, Region, Verdict
from pacs_portal.jobs.storage import held_dir
from tests.pacs_portal.jobs import toys
from tests.pacs_portal.jobs.held.samples import FINDING, PLACE, write_dicom


@pytest.fixture
def acceptable(monkeypatch):
    """The toy's cause is one that stewards may accept."""
    monkeypatch.setattr(causes, "_allowed", dict(causes._allowed))
    causes.allow_decision(Decision.ACCEPT, "name-found")


@pytest.fixture
def allowed(monkeypatch):
    """The toy's cause allows what burned-in text and left names allow."""
    monkeypatch.setattr(causes, "_allowed", dict(causes._allowed))
    for decision in (Decision.ACCEPT, Decision.REDACT, Decision.FALSE_ALARM):
        causes.allow_decision(decision, "name-found")


@pytest.fixture
def choose(steward):
    """Return a function that decides as the steward, of a fresh copy of the row."""

    def choose_for(held, decision):
        fresh = HeldFile.objects.get(pk=held.pk)
        decide(held=fresh, choice=Choice(decision, steward, "I looked at it"))

    return choose_for


@pytest.fixture
def hold(finish, monkeypatch):
    """Return a function that lets the toy hold files, with findings or boxes."""

    def hold_files(*contents: bytes, **more: object) -> list[HeldFile]:
        verdict = Verdict(0, Outcome.HELD, "name-found", "The toy found a name.", "toy", **more)
        monkeypatch.setitem(toys.VERDICTS, b"hold", verdict)
        job = finish({str(number): content for number, content in enumerate(contents)})
        rows = HeldFile.objects.filter(receipt__job=job)
        return list(rows.order_by("receipt__upload_file__number"))

    return hold_files


@pytest.fixture
def named(hold) -> HeldFile:
    """A file with two texts in its header."""
    found = (
        FoundText(PLACE, FINDING, "wie bei\tZwirbelmayr"),
        FoundText("(0008,103E)", "stein"),
        FoundText("(0018,1210)", FINDING),
    )
    (held,) = hold(b"hold", findings=found)
    return held


@pytest.fixture
def pictured(hold) -> HeldFile:
    """A file with a picture and a box on it."""
    (held,) = hold(b"hold", regions=(Region(0, 20, 10, 30, 15),))
    write_dicom(held_dir(held.pk) / "output-0.dcm", np.full((60, 90), 50, np.uint8))
    return held


@pytest.fixture
def fresh_client(client, steward):
    """The steward, who typed the password a moment ago."""
    client.post(
        reverse("account_login"), {"login": "steward@example.org", "password": "passphrase"}
    )
    return client
