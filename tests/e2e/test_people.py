"""Who may open what: an owner, a viewer of her project, a stranger, and nobody."""

import re
from collections.abc import Iterator
from http.client import HTTPConnection

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e import walk
from tests.e2e.planted import Drop, make_drop
from tests.e2e.portal import Portal

KEY = "closed-room"
PASSPHRASE = "seven green herons"


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    return make_drop(tmp_path_factory.mktemp("owner"))


@pytest.fixture(scope="module")
def study_uid(signed_in: Page, portal: Portal, drop: Drop) -> str:
    """The UID of a study that the owner stored in a project of her own."""
    walk.create_project(signed_in, "Closed room", KEY)
    walk.upload_folder(signed_in, KEY, drop.folder / "CT_Hedwig")
    walk.open_study(signed_in, KEY, "CT")
    return signed_in.url.rpartition("=")[2]


@pytest.fixture(scope="module")
def people(signed_in: Page, portal: Portal) -> None:
    """Accounts that the site admin makes on the administration pages."""
    for name in ("viewer", "stranger"):
        signed_in.goto("/admin/accounts/user/add/")
        signed_in.locator("#id_email").fill(f"{name}@example.org")
        for field in ("password1", "password2"):
            signed_in.locator(f"#id_{field}").fill(PASSPHRASE)
        signed_in.locator("input[name=_save]").click()
        expect(signed_in.locator(".messagelist .success")).to_be_visible()


@pytest.fixture
def person(browser: Browser, portal: Portal, people: None) -> Iterator[Page]:
    context = browser.new_context(base_url=portal.url)
    yield context.new_page()
    context.close()


def test_a_viewer_opens_studies_and_nothing_else(
    signed_in: Page, person: Page, study_uid: str
) -> None:
    signed_in.goto(f"/projects/{KEY}/members/")
    signed_in.get_by_label("E-mail").fill("viewer@example.org")
    signed_in.get_by_label("Role").select_option("viewer")
    signed_in.get_by_role("button", name=re.compile("Add")).click()
    expect(signed_in.locator("main")).to_contain_text("viewer@example.org")

    walk.sign_in_as(person, "viewer@example.org", PASSPHRASE)
    person.goto(f"/projects/{KEY}/")
    expect(person.locator("tbody tr")).to_have_count(1)
    answers = {
        path: person.request.get(path).status
        for path in (
            f"/ohif/viewer?StudyInstanceUIDs={study_uid}",
            f"/dicom-web/studies/{study_uid}/metadata",
            f"/projects/{KEY}/upload/",
            f"/projects/{KEY}/registry/",
            f"/projects/{KEY}/held/",
            f"/projects/{KEY}/settings/",
        )
    }
    assert list(answers.values()) == [200, 200, 404, 404, 404, 404]


def test_a_stranger_cannot_tell_that_the_project_exists(person: Page, study_uid: str) -> None:
    walk.sign_in_as(person, "stranger@example.org", PASSPHRASE)
    there = [
        f"/projects/{KEY}/",
        f"/projects/{KEY}/jobs/",
        f"/projects/{KEY}/dicom-web/studies",
        f"/dicom-web/studies/{study_uid}/metadata",
        f"/ohif/viewer?StudyInstanceUIDs={study_uid}",
    ]
    nowhere = [path.replace(KEY, "no-such-room").replace(study_uid, "2.25.1") for path in there]
    for path, missing in zip(there, nowhere, strict=True):
        answer, reference = person.request.get(path), person.request.get(missing)
        assert answer.status == reference.status == 404, path
    assert person.request.get("/dicom-web/studies").json() == []


def test_nobody_gets_the_sign_in_page_or_401(portal: Portal, study_uid: str) -> None:
    with httpx.Client(base_url=portal.url) as nobody:
        page = nobody.get(f"/projects/{KEY}/")
        assert (page.status_code, "/accounts/login/" in page.headers["location"]) == (302, True)
        assert nobody.get(f"/dicom-web/studies/{study_uid}/metadata").status_code == 401
        assert nobody.get("/ohif/app-config.js").status_code in (302, 401)


@pytest.mark.parametrize(
    "path",
    [
        "/dicom-web/studies/{mine}/../{mine}/metadata",
        "/dicom-web/studies/{mine}/%2e%2e/{mine}/metadata",
        "/dicom-web//studies/{mine}/metadata",
        "/dicom-web/studies/{mine};x/metadata",
        "/dicom-web/studies/{mine}%2fmetadata",
    ],
)
def test_a_crooked_address_never_reaches_the_archive(
    signed_in: Page, portal: Portal, study_uid: str, path: str
) -> None:
    cookies = "; ".join(f"{c['name']}={c['value']}" for c in signed_in.context.cookies())
    # http.client sends the address as it is; browsers and other clients straighten it.
    connection = HTTPConnection(portal.url.removeprefix("http://"))
    connection.request("GET", path.format(mine=study_uid), headers={"Cookie": cookies})
    assert connection.getresponse().status == 400
    connection.close()
