"""A folder of everything: dropped, looked at, started, found again."""

import re
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e import walk
from tests.e2e.planted import Drop, make_drop

KEY = "mixed"


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    """The walk's folder, and pictures in folders of two patients."""
    made = make_drop(tmp_path_factory.mktemp("mixed"))
    for patient, shade in (("Krawinkelhofer", 60), ("Zwirnlechner", 120)):
        for visit in ("2020", "2021"):
            folder = made.folder / "Bilder" / patient / visit
            folder.mkdir(parents=True)
            Image.new("RGB", (64, 48), (shade, int(visit) % 100, 0)).save(folder / "1.png")
    return made


@pytest.fixture(scope="module")
def review(signed_in: Page, drop: Drop) -> Page:
    """The page that says what will happen, after the folder was dropped."""
    walk.create_project(signed_in, "Mixed drop", KEY)
    signed_in.goto(f"/projects/{KEY}/upload/")
    signed_in.locator("input[type=file][webkitdirectory]").set_input_files(str(drop.folder))
    signed_in.wait_for_url(re.compile(r"/check/"))
    expect(signed_in.get_by_role("heading", name="What will happen")).to_be_visible()
    return signed_in


def test_the_drop_is_sorted_before_anything_starts(review: Page, screenshots: Path) -> None:
    outlook = review.locator("#outlook")
    expect(outlook).to_contain_text("Convert → Pseudonymize")
    expect(outlook).to_contain_text("1 zip was unpacked")
    expect(outlook).to_contain_text("no face can be recognized")
    review.screenshot(path=screenshots / "check.png", full_page=True)
    review.get_by_label("No face can be recognized").check()
    expect(outlook).not_to_contain_text("unless you state")


def test_another_tool_is_shown_at_once(review: Page) -> None:
    review.locator("input[name=tool][value=convert]").check()
    expect(review.locator("#outlook")).to_contain_text("This is already DICOM")
    review.locator("input[name=tool][value=auto]").check()
    expect(review.locator("#outlook")).not_to_contain_text("This is already DICOM")


def test_the_job_does_what_the_page_said(review: Page, drop: Drop) -> None:
    review.get_by_role("button", name="Start").click()
    review.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    walk.wait_for_job(review)
    ended: Counter[str] = walk.outcomes(review)
    assert (ended["stored"], ended["failed"]) == (len(drop.ct_pixels) + 3 + 4, 3)
