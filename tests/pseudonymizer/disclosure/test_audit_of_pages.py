"""Every page of the registry: what it shows is in the audit log, and the log says of nobody who.

The pages are taken from the URLconf: a new one has to be visited here, too.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Max
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

import pseudonymizer
from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure.approvals import Matter, ask
from pseudonymizer.matches.decisions import open_matches
from pseudonymizer.merges.merging import merge
from pseudonymizer.models import (
    Disclosure,
    DisclosureRequest,
    MatchReason,
    PatientMerge,
    PossibleMatch,
    Reason,
    RegistryPatient,
)
from pseudonymizer.project_urls import urlpatterns
from pseudonymizer.registry.patients import resolve

pytestmark = pytest.mark.django_db

PLANTED = ("zwirbelmayr", "a-471108", "19560228", "1956-02-28", "28.02.1956")
HANS = GivenIdentity(
    patient_id="A-471108", name="Zwirbelmayr^Hans", birth_date="19560228", study_instance_uid="1.2"
)
TYPED = {"patient_id": "A-471108", "name": "Zwirbelmayr^Hans", "birth_date": "1956-02-28"}
LIST = b"patient_id,name,birth_date,pseudonym\nA-471108,Zwirbelmayr^Hans,19560228,P-1\n"


@dataclass
class World:
    """A steward at her browser, and what she can open."""

    client: Client
    patient: RegistryPatient
    asked: DisclosureRequest
    match: PossibleMatch
    other: RegistryPatient
    merge: PatientMerge

    def get(self, page: str, /, *arguments: object) -> HttpResponse:
        return self.client.get(reverse(page, args=["heart", *arguments]))

    def post(self, page: str, /, *arguments: object, **fields: object) -> HttpResponse:
        return self.client.post(reverse(page, args=["heart", *arguments]), fields)

    def compare_and_decide(self) -> HttpResponse:
        self.post("registry_match", self.match.pk)
        decided = {"decision": "same", "reason": "spelling"}
        return self.post("registry_match_decide", self.match.pk, **decided)

    def compare_and_merge(self) -> HttpResponse:
        compared = {"other": self.other.pseudonym}
        self.post("patient_merge", self.patient.pk, **compared)
        merged = {"merge": "yes", "kept": str(self.patient.pk), "reason": "spelling"}
        return self.post("patient_merge", self.patient.pk, **compared, **merged)


# Every page by its name; a page may be visited in several ways.
VISITS: dict[str, list[Callable[[World], HttpResponse]]] = {
    "registry": [
        lambda world: world.get("registry"),
        lambda world: world.client.get(reverse("registry", args=["heart"]), {"q": "HEART"}),
    ],
    "registry_find": [
        lambda world: world.post("registry_find", **TYPED),
        lambda world: world.post("registry_find", **{**TYPED, "patient_id": "A-471109"}),
    ],
    "registry_patient": [
        lambda world: world.get("registry_patient", world.patient.pk),
        lambda world: world.post("registry_patient", world.patient.pk, reason="quality"),
    ],
    "registry_export": [lambda world: world.post("registry_export", reason="quality")],
    "registry_import": [
        lambda world: world.get("registry_import"),
        lambda world: world.post("registry_import", file=SimpleUploadedFile("list.csv", LIST)),
    ],
    "registry_import_confirm": [
        lambda world: world.post("registry_import_confirm", parcel="none"),
    ],
    "registry_matches": [lambda world: world.get("registry_matches")],
    "registry_match": [
        lambda world: world.get("registry_match", world.match.pk),
        lambda world: world.post("registry_match", world.match.pk),
    ],
    "registry_match_decide": [lambda world: world.compare_and_decide()],
    "patient_merge": [
        lambda world: world.client.get(
            reverse("patient_merge", args=["heart", world.patient.pk]),
            {"other": world.other.pseudonym},
        ),
        lambda world: world.post("patient_merge", world.patient.pk, other=world.other.pseudonym),
        lambda world: world.compare_and_merge(),
    ],
    "registry_merge": [
        lambda world: world.get("registry_merge", world.merge.pk),
        lambda world: world.post("registry_merge", world.merge.pk, reason="relatives"),
    ],
    "approvals": [lambda world: world.get("approvals")],
    "two_people_on": [lambda world: world.post("two_people_on")],
    "approval_ask": [
        lambda world: world.post(
            "approval_ask", kind="identity", patient=world.patient.pk, reason="quality"
        )
    ],
    "approval_answer": [
        lambda world: world.post("approval_answer", world.asked.pk, answer="refuse")
    ],
}
# What a visit leaves in the audit log, by the page and which of its visits it is.
RECORDED = {
    ("registry_find", 0): "registry.searched",
    ("registry_find", 1): "registry.searched",  # without a hit
    ("registry_patient", 1): "registry.identity_viewed",
    ("registry_export", 0): "registry.exported",
    ("registry_import", 1): "registry.list_checked",
    ("registry_match", 1): "registry.pair_viewed",
    ("registry_match_decide", 0): "registry.pair_viewed registry.match_same",
    ("patient_merge", 1): "registry.pair_viewed",
    ("patient_merge", 2): "registry.pair_viewed registry.merged",
    ("registry_merge", 1): "registry.unmerged",
    ("two_people_on", 0): "registry.two_person_rule_on",
    ("approval_ask", 0): "registry.approval_requested",
    ("approval_answer", 0): "registry.request_refused",
}
# Pages on which no patient is spoken of.
OTHER_PAGES = {
    *("profile", "profile_attributes", "profile_rule", "profile_import", "profile_export"),
    *("profile_preview", "study_transfer"),
}


@pytest.fixture
def world(project, steward, make_user) -> World:
    second = make_user("second")
    Membership.objects.create(project=project, user=second, role=Role.STEWARD)
    patient = resolve(project, HANS, None)
    asked = ask(Matter(project, Disclosure.IDENTITY, patient), reason=Reason.QUALITY, by=second)
    resolve(project, replace(HANS, name="Zwirbelmayr^Heinz", study_instance_uid="1.3"), None)
    other, kept, gone = (
        resolve(project, GivenIdentity(patient_id=f"{name}-77", name=f"{name}^Ida"), None)
        for name in ("Kleiber", "Specht", "Habicht")
    )
    made = merge(kept=kept, gone=gone, by=steward, reason=MatchReason.SPELLING)
    client = Client()
    client.post(reverse("account_login"), {"login": steward.email, "password": "passphrase"})
    return World(client, patient, asked, open_matches(project).get(), other, made)


def says_who(text: str) -> bool:
    return any(planted in text.lower() for planted in PLANTED)


def body(response: HttpResponse) -> str:
    content = b"".join(response) if response.streaming else response.content
    return content.decode()


def newest_event() -> int:
    return Event.objects.aggregate(newest=Max("pk"))["newest"] or 0


def test_no_page_is_forgotten() -> None:
    """A page that is new: add how it is visited to VISITS, with all that it needs to show."""
    assert {pattern.name for pattern in urlpatterns} == VISITS.keys() | OTHER_PAGES


@pytest.mark.parametrize(
    ("name", "number"),
    [(name, number) for name, ways in VISITS.items() for number in range(len(ways))],
)
def test_what_shows_a_patient_is_recorded_and_nothing_recorded_says_who(
    world, caplog, name, number
) -> None:
    caplog.set_level(logging.DEBUG)
    before = newest_event()
    response = VISITS[name][number](world)
    assert response.status_code < 500

    events = Event.objects.filter(pk__gt=before).order_by("pk")
    recorded = " ".join(events.values_list("action", flat=True))
    assert recorded == RECORDED.get((name, number), "")
    if says_who(body(response)):
        assert recorded
    for event in Event.objects.all():
        assert not says_who(f"{event.action} {event.target_id} {event.details}")
    assert not says_who(response.headers.get("Location", ""))
    assert not says_who(str(dict(world.client.session.items())))
    assert not says_who(caplog.text)


SHOWING = {
    "registry_find",
    "registry_patient",
    "registry_export",
    "registry_match",
    "patient_merge",
}


def test_the_pages_that_show_patients_do_show_them_here(world) -> None:
    """Else the test above would prove nothing."""
    shown = {
        name for name, ways in VISITS.items() if any(says_who(body(visit(world))) for visit in ways)
    }
    assert shown == SHOWING


def test_identities_are_opened_by_the_gate_and_by_workers_alone() -> None:
    """Whoever opens one elsewhere goes around limits, approvals and the audit log."""
    shown = {
        "disclosure/gate.py",
        "registry/mapping.py",
        "admin.py",
    }  # the gate, and what it calls or permits
    compared = {  # never shown
        *("registry/blocking_index.py", "registry/recognition.py"),
        *("transfers/origins.py", "lists/checking.py", "matches/alike.py"),
    }
    opening = re.compile(r"\b(identity_of|open_identity|open_person)\(")
    package = Path(pseudonymizer.__file__).parent
    found = {
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if opening.search(path.read_text()) and "engine" not in path.parts
    }
    assert found == shown | compared | {"registry/entries.py", "registry/identities.py"}
