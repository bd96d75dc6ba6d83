"""The registry's pages: stewards read, everybody else learns nothing, every look is recorded."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.registry.patients import resolve

HANS = GivenIdentity(
    patient_id="A-4711", name="Zwirbelmayr^Hans", birth_date="19560228", study_instance_uid="1.2"
)
NAMES = ("Zwirbelmayr", "A-4711", "19560228", "1956-02-28")


@pytest.fixture
def patient(project):
    return resolve(project, HANS, None)


def signed_in(user) -> Client:
    """Sign in with the password, as a person does."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


def pages(patient) -> list[tuple[str, str]]:
    key = patient.project.key
    return [
        ("get", reverse("registry", args=[key])),
        ("get", reverse("registry_patient", args=[key, patient.pk])),
        ("post", reverse("registry_patient", args=[key, patient.pk])),
        ("post", reverse("registry_find", args=[key])),
        ("post", reverse("registry_export", args=[key])),
    ]


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_without_being_a_steward_there_is_no_registry(patient, request, who: str) -> None:
    client = signed_in(request.getfixturevalue(who))
    for method, address in pages(patient):
        response = getattr(client, method)(address, {"reason": "quality"})
        assert response.status_code == 404, address
    assert not Event.objects.filter(action__startswith="registry.").exists()


def test_anonymous_callers_are_sent_to_the_sign_in_page(patient, anonymous_client) -> None:
    for method, address in pages(patient):
        response = getattr(anonymous_client, method)(address)
        assert response.status_code == 302
        assert response.url.startswith(reverse("account_login"))


def test_the_list_shows_pseudonyms_and_hides_identities(patient, steward) -> None:
    response = signed_in(steward).get(reverse("registry", args=["heart"]))
    text = response.content.decode()
    assert patient.pseudonym in text
    assert not any(name in text for name in NAMES)


def test_the_list_is_searched_by_pseudonym(patient, project, steward) -> None:
    other = resolve(project, GivenIdentity(patient_id="B-1", name="Quastenflosser^Ute"), None)
    address = reverse("registry", args=["heart"])
    text = signed_in(steward).get(address, {"q": other.pseudonym[-6:].lower()}).content.decode()
    assert other.pseudonym in text
    assert patient.pseudonym not in text


def test_an_identity_is_shown_with_a_reason_and_the_look_is_recorded(patient, steward) -> None:
    client = signed_in(steward)
    address = reverse("registry_patient", args=["heart", patient.pk])
    assert not any(name in client.get(address).content.decode() for name in NAMES)
    assert not any(name in client.post(address).content.decode() for name in NAMES)
    assert not Event.objects.filter(action="registry.identity_viewed").exists()

    text = client.post(address, {"reason": "quality"}).content.decode()
    assert "Zwirbelmayr^Hans" in text
    assert "1956-02-28" in text
    event = Event.objects.get(action="registry.identity_viewed")
    assert (event.actor, event.target_id) == (steward, str(patient.pk))
    assert event.details == {"reason": "quality"}


def test_an_old_session_types_its_password_again(patient, steward_client) -> None:
    address = reverse("registry_patient", args=["heart", patient.pk])
    response = steward_client.post(address, {"reason": "quality"})
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_reauthenticate"))

    text = steward_client.post(response.url, {"password": "passphrase"}).content.decode()
    assert "Zwirbelmayr^Hans" in text


@pytest.mark.parametrize(("minutes", "is_shown"), [(4.9, True), (5.1, False)])
def test_a_sign_in_is_good_for_five_minutes(patient, steward, minutes, is_shown) -> None:
    client = signed_in(steward)
    session = client.session
    (record,) = session["account_authentication_methods"]
    session["account_authentication_methods"] = [{**record, "at": record["at"] - 60 * minutes}]
    session.save()
    address = reverse("registry_patient", args=["heart", patient.pk])
    text = client.post(address, {"reason": "quality"}).content.decode()
    assert ("Zwirbelmayr^Hans" in text) == is_shown


def test_what_an_old_session_searches_for_is_kept_nowhere(patient, steward_client) -> None:
    page = reverse("registry", args=["heart"])
    assert reverse("registry_find", args=["heart"]) not in steward_client.get(page).content.decode()
    typed = {"patient_id": "A-4711", "name": "Zwirbelmayr^Hans"}
    response = steward_client.post(reverse("registry_find", args=["heart"]), typed)
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert "Zwirbelmayr" not in str(dict(steward_client.session))

    back = steward_client.post(response.url, {"password": "passphrase"})
    assert back.url == page
    assert reverse("registry_find", args=["heart"]) in steward_client.get(page).content.decode()


def test_an_id_alone_finds_nobody_who_has_a_name_and_says_so(patient, steward) -> None:
    address = reverse("registry_find", args=["heart"])
    text = signed_in(steward).post(address, {"patient_id": "A-4711"}).content.decode()
    assert patient.pseudonym not in text.split("<table")[0]
    assert "An ID alone finds nobody" in text


def test_a_patient_of_another_project_is_not_found_here(patient, other_project, steward) -> None:
    foreign = resolve(other_project, HANS, None)
    client = signed_in(steward)
    for key in ("heart", "heart-2"):
        address = reverse("registry_patient", args=[key, foreign.pk])
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("name", "is_found"), [("ZWIRBELMAYR^HANS", True), ("Zwirbelmayr^Heinz", False)]
)
def test_a_patient_is_found_by_the_exact_identity(patient, steward, name, is_found) -> None:
    typed = {"patient_id": "A-4711", "name": name, "birth_date": "1956-02-28"}
    address = reverse("registry_find", args=["heart"])
    text = signed_in(steward).post(address, typed).content.decode()
    result = f'<p>Found: <a href="{reverse("registry_patient", args=["heart", patient.pk])}">'
    assert (result in text) is is_found
    event = Event.objects.get(action="registry.searched")
    assert event.details == {"found": is_found}


def test_the_export_is_a_csv_that_no_spreadsheet_runs(patient, project, steward) -> None:
    evil = GivenIdentity(patient_id="@SUM(1)", name='=HYPERLINK("http://x")', sex="+O")
    resolve(project, evil, None)
    client = signed_in(steward)
    address = reverse("registry_export", args=["heart"])
    response = client.post(address, {"reason": "safekeeping"})
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))
    assert response["Content-Disposition"] == 'attachment; filename="heart-mapping.csv"'
    assert rows[0]["pseudonym"] == patient.pseudonym
    assert rows[0]["patient_name"] == "Zwirbelmayr^Hans"
    assert rows[1]["patient_id"] == "'@SUM(1)"
    assert rows[1]["patient_name"].startswith("'=HYPERLINK")
    assert rows[1]["sex"] == "'+O"
    event = Event.objects.get(action="registry.exported")
    assert event.details == {"reason": "safekeeping", "patients": 2}


def test_an_old_session_types_its_password_and_comes_back_to_the_page(
    patient, steward_client
) -> None:
    """Not to the export itself: the browser would stay on the page that asks."""
    address = reverse("registry_export", args=["heart"])
    asked = steward_client.post(address, {"reason": "safekeeping"})
    back = steward_client.post(asked.url, {"password": "passphrase"})
    assert back.url == reverse("registry", args=["heart"])
    assert not Event.objects.filter(action="registry.exported").exists()


def test_no_reason_no_export(patient, steward) -> None:
    response = signed_in(steward).post(reverse("registry_export", args=["heart"]))
    assert response["Content-Type"].startswith("text/html")
    assert not Event.objects.filter(action="registry.exported").exists()


def test_the_audit_names_no_patient(patient, steward) -> None:
    client = signed_in(steward)
    typed = {"patient_id": "A-4711", "name": "Zwirbelmayr^Hans", "birth_date": "1956-02-28"}
    client.post(reverse("registry_find", args=["heart"]), typed)
    client.post(reverse("registry_patient", args=["heart", patient.pk]), {"reason": "quality"})
    client.post(reverse("registry_export", args=["heart"]), {"reason": "quality"})
    kept = str(list(Event.objects.values()))
    assert not any(name in kept for name in NAMES)
