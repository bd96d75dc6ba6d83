"""The clicks of a person who works with the portal, one function per wish."""

import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from tests.e2e.viewport import viewport_image

JOB_SECONDS = 90


def sign_in_as(page: Page, email: str, password: str) -> None:
    """Open the portal, be sent to the sign-in page, sign in."""
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/accounts/login/"))
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page).to_have_url(re.compile(r"127\.0\.0\.1:\d+/$"))


def sign_in_again(page: Page, password: str) -> None:
    """Type the password once more, as who is to see identities has to after a while."""
    page.goto("/accounts/reauthenticate/?next=/")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Confirm").click()
    expect(page).to_have_url(re.compile(r"127\.0\.0\.1:\d+/$"))


def create_project(page: Page, name: str, key: str) -> None:
    """Create a project whose only member is its steward, too."""
    page.goto("/projects/new/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Key").fill(key)
    page.get_by_role("button", name="Create the project").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def upload_folder(
    page: Page, key: str, folder: Path, *, tool: str = "auto", destination: str = "archive"
) -> str:
    """Drop a folder into the project, start, wait for the end; return the job's address."""
    page.goto(f"/projects/{key}/upload/")
    page.locator("input[type=file][webkitdirectory]").set_input_files(str(folder))
    page.wait_for_url(re.compile(r"/check/"))
    choose(page, tool, destination)
    statement = page.get_by_label("No face can be recognized")
    if statement.count():  # where there may be photographs
        statement.check()
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    return wait_for_job(page)


def choose(page: Page, tool: str, destination: str) -> None:
    """Choose what to do with the files and where the results go."""
    page.locator(f"input[name=tool][value={tool}]").check()
    page.locator(f"input[name=destination][value={destination}]").check()


def wait_for_job(page: Page) -> str:
    """Wait on the job's page until it says that the job is over; return its address."""
    over = page.locator("#job-progress:not([hx-get])")
    expect(over).to_be_visible(timeout=JOB_SECONDS * 1000)
    return page.url


def outcomes(page: Page) -> Counter[str]:
    """Return how many receipts of the open job page ended how."""
    badges = page.locator(".table-panel .state")
    words = [
        re.search(r"state-(\w+)", badges.nth(index).get_attribute("class") or "")
        for index in range(badges.count())
    ]
    return Counter(word[1] for word in words if word)


def open_study(
    page: Page, key: str, modality: str, address: str = r"/ohif/viewer\?StudyInstanceUIDs="
) -> None:
    """Open the first study of a modality from the project's list in the viewer."""
    page.goto(f"/projects/{key}/")
    row = page.locator("tr", has=page.get_by_text(modality, exact=True)).first
    row.get_by_role("link").first.click()
    page.wait_for_url(re.compile(address))


def until_changed(page: Page, before: np.ndarray) -> np.ndarray:
    """Return the viewport's picture as soon as it is another than `before`."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        shown = viewport_image(page)
        if shown.shape == before.shape and np.abs(shown.astype(int) - before).mean() > 5:
            return shown
        page.wait_for_timeout(100)
    raise AssertionError("The picture did not change.")
