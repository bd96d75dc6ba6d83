"""Two people for an identity; then the keys are replaced, and everybody goes on."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Browser, Page, expect
from pydicom.data import get_testdata_file

from tests.e2e import walk
from tests.e2e.portal import Portal

KEY = "two-room"
SECOND, PASSPHRASE = "second@example.org", "seven gray herons"
NAME, PATIENT_ID = "Zwirbelmayr^Hans", "A-471108"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("two people") / "CT"
    made.mkdir()
    image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    image.PatientName, image.PatientID = NAME, PATIENT_ID
    image.StudyInstanceUID = "2.25.771"
    image.save_as(made / "1.dcm")
    return made


@pytest.fixture(scope="module")
def first(signed_in: Page, folder: Path) -> Page:
    """The first steward, with one patient in a project that has a second steward."""
    walk.create_project(signed_in, "Two people", KEY)
    walk.upload_folder(signed_in, KEY, folder)
    signed_in.goto("/admin/accounts/user/add/")
    signed_in.locator("#id_email").fill(SECOND)
    for field in ("password1", "password2"):
        signed_in.locator(f"#id_{field}").fill(PASSPHRASE)
    signed_in.locator("input[name=_save]").click()
    expect(signed_in.locator(".messagelist .success")).to_be_visible()
    signed_in.goto(f"/projects/{KEY}/members/")
    signed_in.get_by_label("E-mail").fill(SECOND)
    signed_in.get_by_label("Role").select_option("steward")
    signed_in.get_by_role("button", name="Add").click()
    expect(signed_in.locator("main")).to_contain_text(SECOND)
    return signed_in


@pytest.fixture
def second(browser: Browser, portal: Portal, first: Page) -> Iterator[Page]:
    context = browser.new_context(base_url=portal.url, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    walk.sign_in_as(page, SECOND, PASSPHRASE)
    yield page
    context.close()


def open_patient(page: Page) -> None:
    page.goto(f"/projects/{KEY}/registry/")
    page.locator("tbody a").first.click()
    expect(page.locator("main")).not_to_contain_text("Zwirbelmayr")


def show_identity(page: Page) -> None:
    page.get_by_label("Reason").select_option("quality")
    page.get_by_role("button", name="Show the identity").click()
    expect(page.locator("main")).to_contain_text(NAME)
    expect(page.locator("main")).to_contain_text(PATIENT_ID)


def test_one_asks_another_approves_and_the_identity_is_shown(
    first: Page, second: Page, screenshots: Path
) -> None:
    first.goto(f"/projects/{KEY}/registry/")
    first.get_by_role("link", name="Ask for two people").click()
    first.get_by_role("button", name="Ask for two people").click()
    first.get_by_role("dialog").get_by_role("button", name="Yes").click()
    expect(first.locator("main")).to_contain_text("Nobody sees an identity of this project alone")

    open_patient(first)
    expect(first.get_by_role("button", name="Show the identity")).to_have_count(0)
    first.get_by_label("Reason").select_option("finding")
    first.get_by_role("button", name="Ask another data steward").click()
    expect(first.locator("main")).to_contain_text("You have asked for this")

    second.goto(f"/projects/{KEY}/registry/")
    second.get_by_role("link", name="1 request waits for you").click()
    second.screenshot(path=screenshots / "approvals.png", full_page=True)
    second.set_viewport_size({"width": 390, "height": 844})
    assert second.evaluate("document.documentElement.scrollWidth") <= 390
    second.get_by_role("button", name="Approve").click()
    expect(second.locator("main")).to_contain_text("Nobody waits for your approval")

    open_patient(first)
    expect(first.locator("main")).to_contain_text(f"Approved by {SECOND}")
    show_identity(first)


def test_under_new_keys_everything_is_found_as_before(
    first: Page, portal: Portal, folder: Path
) -> None:
    """The portal and its worker run on while all keys are replaced."""
    first.goto(f"/projects/{KEY}/registry/")
    before = first.locator("tbody a").all_inner_texts()
    rotated = portal.manage("rotatekeys", "--all", "--master")
    assert rotated.returncode == 0, rotated.stderr
    assert f"{KEY}: done, the old keys are gone." in rotated.stdout

    open_patient(first)
    show_identity(first)
    walk.upload_folder(first, KEY, folder)
    assert walk.outcomes(first) == {"duplicate": 1}
    first.goto(f"/projects/{KEY}/registry/")
    assert first.locator("tbody a").all_inner_texts() == before
