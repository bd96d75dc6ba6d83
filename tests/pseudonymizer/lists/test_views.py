"""The pages of the import: stewards alone, checked before anything is written, nothing kept."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from pacs_portal.audit.models import Event
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.models import Membership, Role
from pseudonymizer.disclosure import limits
from pseudonymizer.disclosure.approvals import Matter, ask, decide_request, switch_on
from pseudonymizer.lists import parcels
from pseudonymizer.lists.parcels import Parcel, seal_parcel
from pseudonymizer.models import Disclosure, Reason, RegistryPatient
from pseudonymizer.registry.patients import resolve

pytestmark = pytest.mark.django_db

GOOD = "patient_id;name;pseudonym\nA-4711;Zwirbelmayr^Hans;P-1\nB-12;Quastenflosser^Ute;P-2\n"
BAD = GOOD + "C-3;Kleiber^Ida;P-2\nD-4;Hand^May;P-4\n"
NAMES = ("Zwirbelmayr", "A-4711", "Quastenflosser", "Kleiber", "C-3")
CHECK = reverse("registry_import", args=["heart"])
CONFIRM = reverse("registry_import_confirm", args=["heart"])


def signed_in(user) -> Client:
    """Sign in with the password, as a person does."""
    client = Client()
    client.post(reverse("account_login"), {"login": user.email, "password": "passphrase"})
    return client


def check(client: Client, content: str | bytes, address: str = CHECK):
    content = content if isinstance(content, bytes) else content.encode()
    return client.post(address, {"file": SimpleUploadedFile("Zwirbelmayr.csv", content)})


def parcel_in(response) -> str:
    return re.search(r'name="parcel" value="([^"]+)"', response.content.decode())[1]


@pytest.mark.parametrize("who", ["owner", "member", "viewer", "stranger", "site_admin"])
def test_nobody_but_a_steward_imports(project, steward, request, who: str) -> None:
    client = signed_in(request.getfixturevalue(who))
    parcel = parcel_in(check(signed_in(steward), GOOD))
    Event.objects.all().delete()
    assert client.get(CHECK).status_code == 404
    assert check(client, GOOD).status_code == 404
    assert client.post(CONFIRM, {"parcel": parcel, "rows": "all"}).status_code == 404
    assert not RegistryPatient.objects.exists()
    assert not Event.objects.filter(action__startswith="registry.").exists()


def test_a_steward_checks_then_imports(project, steward) -> None:
    client = signed_in(steward)
    checked = check(client, GOOD)
    page = checked.content.decode()
    assert "Import 2 rows" in page
    assert checked["Cache-Control"] == "no-store"
    assert not any(name in page for name in NAMES)
    assert not RegistryPatient.objects.exists()

    done = client.post(CONFIRM, {"parcel": parcel_in(checked), "rows": "all"}, follow=True)
    assert "2 patients were imported." in done.content.decode()
    assert set(RegistryPatient.objects.values_list("pseudonym", flat=True)) == {"P-1", "P-2"}
    assert Event.objects.get(action="registry.imported").actor == steward


def test_conflicts_stand_with_their_lines_and_are_left_out_where_asked(project, steward) -> None:
    client = signed_in(steward)
    checked = check(client, BAD)
    page = checked.content.decode()
    assert "Import only the 2 good rows" in page
    assert "another patient in line 4" in page
    assert not any(name in page for name in NAMES)
    parcel = parcel_in(checked)
    assert client.post(CONFIRM, {"parcel": parcel, "rows": "all"}).status_code == 400
    assert not RegistryPatient.objects.exists()
    client.post(CONFIRM, {"parcel": parcel, "rows": "good"})
    assert set(RegistryPatient.objects.values_list("pseudonym", flat=True)) == {"P-1", "P-4"}


def test_a_list_imported_in_two_tabs_is_imported_once(project, steward) -> None:
    client = signed_in(steward)
    parcel = parcel_in(check(client, GOOD))
    client.post(CONFIRM, {"parcel": parcel, "rows": "all"})
    again = client.post(CONFIRM, {"parcel": parcel, "rows": "all"})
    assert again.status_code == 400
    assert "The registry changed" in again.content.decode()
    assert "the registry has every row" in again.content.decode()
    assert RegistryPatient.objects.count() == 2


def test_a_change_of_the_registry_shows_a_new_check(project, steward) -> None:
    client = signed_in(steward)
    parcel = parcel_in(check(client, GOOD))
    hans = GivenIdentity(patient_id="A-4711", name="Zwirbelmayr^Hans")
    resolve(project, hans, None)
    changed = client.post(CONFIRM, {"parcel": parcel, "rows": "all"})
    assert "Import only the 1 good row" in changed.content.decode()
    assert RegistryPatient.objects.count() == 1


def files_below(folder: str | Path) -> set[Path]:
    return {path for path in Path(folder).rglob("*") if path.is_file()}


def test_between_check_and_import_nothing_is_kept(project, steward) -> None:
    client = signed_in(steward)
    files = files_below(settings.DATA_DIR)
    checked = check(client, GOOD)
    assert files_below(settings.DATA_DIR) == files
    kept = str(dict(client.session)) + parcel_in(checked)
    assert not any(name in kept for name in NAMES)


def test_a_parcel_opens_for_its_own_steward_project_and_half_hour(
    project, steward, owner, other_project, monkeypatch
) -> None:
    Membership.objects.create(project=project, user=owner, role=Role.STEWARD)
    Membership.objects.create(project=other_project, user=steward, role=Role.STEWARD)
    client = signed_in(steward)
    parcel = parcel_in(check(client, GOOD))
    sent = {"parcel": parcel, "rows": "all"}
    elsewhere = reverse("registry_import_confirm", args=["heart-2"])
    assert signed_in(owner).post(CONFIRM, sent).status_code == 400
    assert client.post(elsewhere, sent).status_code == 400
    for broken in ("", "x", "!", parcel[:-8], parcel[4:]):
        assert client.post(CONFIRM, {**sent, "parcel": broken}).status_code == 400
    now = parcels.time.time()
    monkeypatch.setattr(parcels.time, "time", lambda: now + 31 * 60)
    late = client.post(CONFIRM, sent)
    assert "30 minutes" in late.content.decode()
    assert not RegistryPatient.objects.exists()


def test_two_parcels_of_one_list_differ(project, steward) -> None:
    parcel = Parcel(GOOD.encode(), bytes(32))
    first, second = (
        seal_parcel(parcel, project_id=project.pk, person_id=steward.pk) for _ in range(2)
    )
    assert first != second


def test_an_old_session_types_its_password_before_it_sends_a_list(project, steward_client) -> None:
    assert b'type="file"' not in steward_client.get(CHECK).content
    response = check(steward_client, GOOD)
    assert response.url.startswith(reverse("account_reauthenticate"))
    assert not Event.objects.filter(action="registry.list_checked").exists()
    back = steward_client.post(response.url, {"password": "passphrase"})
    assert back.url == CHECK
    assert b'type="file"' in steward_client.get(CHECK).content


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"x" * (2 << 20) + b"y", bytes(3 << 20)])
def test_what_is_no_list_is_refused(project, steward, content: bytes) -> None:
    response = check(signed_in(steward), content)
    assert response.status_code == 400
    assert 'role="alert"' in response.content.decode()


def test_both_forms_are_protected_against_other_sites(project, steward) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(steward)
    assert check(client, GOOD).status_code == 403
    assert client.post(CONFIRM, {"rows": "all"}).status_code == 403


def test_where_two_people_are_needed_a_check_is_a_search(project, steward, make_user) -> None:
    """A check says of every row whether the registry has it."""
    second = make_user("second")
    Membership.objects.create(project=project, user=second, role=Role.STEWARD)
    switch_on(project, by=steward)
    client = signed_in(steward)
    assert b'type="file"' not in client.get(CHECK).content
    assert check(client, GOOD).status_code == 403
    request = ask(Matter(project, Disclosure.SEARCH), reason=Reason.QUALITY, by=steward)
    decide_request(request, is_approved=True, by=second)
    assert "Import 2 rows" in check(client, GOOD).content.decode()


def test_checks_are_limited(project, steward, monkeypatch) -> None:
    monkeypatch.setitem(limits.LIMITS, limits.LIST_CHECKED, limits.Limit(1, timedelta(hours=1)))
    client = signed_in(steward)
    assert check(client, GOOD).status_code == 200
    assert check(client, GOOD).status_code == 429
