"""Where an identity takes two people, a look into a held file does, too."""

import io
from contextlib import closing
from pathlib import PurePosixPath

import pydicom
import pytest
from django.test import Client
from django.urls import reverse
from pydicom.data import get_testdata_file

from pacs_portal.audit.models import Event
from pacs_portal.jobs.held.findings import view_findings
from pacs_portal.jobs.held.looks import see_file, see_picture, see_thumbnail
from pacs_portal.jobs.held.permits import LookRefusedError
from pacs_portal.jobs.held.pictures import View
from pacs_portal.jobs.models import Destination, HeldFile
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.uploads.services import (
    ManifestEntry,
    complete_upload,
    create_upload,
    receive_file,
)
from pseudonymizer.disclosure.approvals import Matter, ask, decide_request, switch_on
from pseudonymizer.models import Disclosure, DisclosureRequest, Reason, RegistryPatient

pytestmark = pytest.mark.django_db
FOUND = "wie bei ZWIRBELMAYR"
FOLDER = "Mueller_Hans"


@pytest.fixture(autouse=True)
def _folders(data_folders) -> None:
    pass


@pytest.fixture
def held(project, member) -> HeldFile:
    """An image whose window is named after its patient."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.PatientName, dataset.PatientID = "Zwirbelmayr^Hans", "A-471108"
    dataset.WindowCenterWidthExplanation = FOUND
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    content = buffer.getvalue()
    manifest = [ManifestEntry(PurePosixPath(f"{FOLDER}/1.dcm"), len(content))]
    upload = create_upload(project=project, by=member, manifest=manifest)
    receive_file(upload, 1, [content])
    complete_upload(upload)
    job = create_job(
        upload=upload, tool="pseudonymize", destination=Destination.DOWNLOAD, by=member
    )
    run_job_here(job)
    return HeldFile.objects.get(cause="identifier-left")


def signed_in(user) -> Client:
    """Return a session of somebody who typed her password just now."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


@pytest.fixture
def steward_client(steward) -> Client:
    return signed_in(steward)


def approve(project, kind, patient, asking, approving) -> None:
    request = ask(Matter(project, kind, patient), reason=Reason.QUALITY, by=asking)
    decide_request(request, is_approved=True, by=approving)


def looks(held, by):
    return [
        lambda: view_findings(held, by=by),
        lambda: see_picture(held, View(), by=by),
        lambda: see_thumbnail(held, by=by),
        lambda: see_file(held, by=by),
    ]


def addresses(project, held) -> list[str]:
    names = ("held_picture", "held_thumbnail", "held_download")
    return [reverse(name, args=[project.key, held.pk]) for name in names]


def test_alone_a_steward_sees_nothing_of_a_held_file(
    project, held, steward, second_steward, steward_client
) -> None:
    page = reverse("held_file", args=[project.key, held.pk])
    shown = steward_client.get(page).text
    assert FOUND in shown
    assert FOLDER in shown

    switch_on(project, by=steward)
    before = Event.objects.filter(action__startswith="held.").count()
    for look in looks(held, steward):
        with pytest.raises(LookRefusedError, match="two people"):
            look()
    patient = RegistryPatient.objects.get(project=project)
    shown = steward_client.get(page).text
    for secret in (FOUND, "ZWIRBELMAYR", FOLDER):
        assert secret not in shown
    assert reverse("registry_patient", args=[project.key, patient.pk]) in shown
    for address in addresses(project, held):
        assert steward_client.get(address).status_code == 403
    listed = steward_client.get(reverse("project_held", args=[project.key]) + "?pictures").text
    assert page in listed
    assert FOLDER not in listed
    assert reverse("held_thumbnail", args=[project.key, held.pk]) not in listed
    assert Event.objects.filter(action__startswith="held.").count() == before


def test_the_approval_for_her_patient_lets_the_one_who_asked_look(
    project, held, steward, second_steward, steward_client
) -> None:
    switch_on(project, by=steward)
    patient = RegistryPatient.objects.get(project=project)
    approve(project, Disclosure.IDENTITY, patient, steward, second_steward)
    page = reverse("held_file", args=[project.key, held.pk])
    assert FOUND in steward_client.get(page).text
    for address in addresses(project, held):
        with closing(steward_client.get(address)) as response:
            assert response.status_code == 200
    assert FOUND not in signed_in(second_steward).get(page).text


def test_a_file_without_a_known_patient_takes_an_approval_of_its_own(
    project, held, steward, second_steward, steward_client
) -> None:
    switch_on(project, by=steward)
    unit = held.receipt.unit
    unit.plan = {}
    unit.save()
    held = HeldFile.objects.get(pk=held.pk)
    with pytest.raises(LookRefusedError):
        view_findings(held, by=steward)
    page = reverse("held_file", args=[project.key, held.pk])
    approvals = reverse("approvals", args=[project.key])
    assert approvals in steward_client.get(page).text
    asked = {"kind": Disclosure.HELD.value, "reason": Reason.QUALITY.value}
    steward_client.post(reverse("approval_ask", args=[project.key]), asked)
    request = DisclosureRequest.objects.get(project=project)
    decide_request(request, is_approved=True, by=second_steward)
    assert FOUND in steward_client.get(page).text


def test_a_file_can_be_rejected_unseen(
    project, held, steward, second_steward, steward_client
) -> None:
    switch_on(project, by=steward)
    address = reverse("held_file_decide", args=[project.key, held.pk])
    steward_client.post(address, {"decision": "reject", "reason": "not needed"})
    held.refresh_from_db()
    assert held.decision == "reject"
