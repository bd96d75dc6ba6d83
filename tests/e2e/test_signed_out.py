"""A session that ends while a page is open: the page says so, and goes on after another sign-in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e import walk
from tests.e2e.portal import Portal

KEY = "late-room"


@pytest.fixture
def person(browser: Browser, portal: Portal) -> Iterator[Page]:
    """The admin in a browser of her own, whose session can end without harm to other tests."""
    context = browser.new_context(base_url=portal.url)
    page = context.new_page()
    walk.sign_in_as(page, portal.email, portal.password)
    yield page
    context.close()


def end_session(context: BrowserContext) -> None:
    """Let the session end as its age does: the cookie is gone, all else stays."""
    context.clear_cookies(name="sessionid")


def sign_in_beside(page: Page, portal: Portal) -> None:
    """Sign in again in a tab beside `page`, as its notice offers, and come back."""
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in again in a new tab").click()
    beside = opened.value
    beside.get_by_label("Email").fill(portal.email)
    beside.get_by_label("Password", exact=True).fill(portal.password)
    beside.get_by_role("button", name="Sign in").click()
    expect(beside.get_by_role("heading", name="Projects")).to_be_visible()
    beside.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")


def test_choices_outlive_a_session(person: Page, portal: Portal, tmp_path: Path) -> None:
    walk.create_project(person, "Late room", KEY)
    picture = tmp_path / "one.png"
    Image.new("RGB", (64, 48), (10, 20, 30)).save(picture)
    person.goto(f"/projects/{KEY}/upload/")
    person.locator("input[type=file][data-pick-files]").set_input_files(str(picture))
    person.wait_for_url(re.compile(r"/check/"))
    outlook = person.locator("#outlook")
    expect(outlook).to_contain_text("Convert → Pseudonymize")

    end_session(person.context)
    person.locator("input[name=tool][value=pseudonymize]").check()
    expect(person.get_by_role("alert").filter(has_text="You were signed out.")).to_be_visible()
    expect(person.locator("input[type=password]")).to_have_count(0)
    expect(person.locator("main")).to_have_count(1)

    sign_in_beside(person, portal)
    expect(outlook).to_contain_text("This is an image, not DICOM")
    expect(person.get_by_text("You were signed out.")).to_have_count(0)
    person.locator("input[name=tool][value=auto]").check()
    expect(outlook).to_contain_text("Convert → Pseudonymize")
    person.get_by_role("button", name="Start").click()
    person.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))


def test_a_form_that_came_too_late_says_that_nothing_was_done(person: Page) -> None:
    person.goto("/projects/new/")
    person.get_by_label("Name").fill("Too late")
    end_session(person.context)
    person.get_by_role("button", name="Create the project").click()
    expect(person.locator(".notice")).to_contain_text("nothing was done")
