"""A data steward decides about held files: accepts burned-in text, replaces a stored image."""

import re
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file

from tests.e2e import walk

KEY = "held-room"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two slices that say that text is burned in, and two images of one SOP Instance UID."""
    made = tmp_path_factory.mktemp("held") / "CT_Hedwig"
    made.mkdir()
    for number in range(4):
        slice_ = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        slice_.BurnedInAnnotation = "YES" if number < 2 else "NO"
        if number < 2:
            slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = f"2.25.7{number}"
        slice_.PixelData = bytes([number]) * len(slice_.PixelData)
        slice_.save_as(made / f"{number}.dcm")
    return made


def decide(page: Page, label: str, reason: str, *, unseen: bool = False) -> None:
    """Choose what the button says for the files selected, and say yes."""
    group = page.locator("section.panel", has=page.get_by_role("button", name=label))
    group.get_by_label("Reason").fill(reason)
    if unseen:
        group.get_by_label("Accept also what nobody has looked at").check()
    group.get_by_role("button", name=label).click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Yes|Go on|OK")).click()
    expect(group).to_have_count(0)
    expect(page.locator("main")).to_contain_text("decided about")


def test_held_files_reach_the_archive_by_a_stewards_decision(
    signed_in: Page, folder: Path, screenshots: Path
) -> None:
    page = signed_in
    walk.create_project(page, "Held room", KEY)
    job = walk.upload_folder(page, KEY, folder)
    assert walk.outcomes(page) == {"held": 3, "stored": 1}

    page.get_by_role("link", name=re.compile("^Decide")).first.click()
    expect(page).to_have_url(re.compile(f"/projects/{KEY}/held/"))
    page.screenshot(path=screenshots / "held.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 740})
    page.screenshot(path=screenshots / "held-phone.png", full_page=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert width <= 360

    page.get_by_label("Select all files of this cause").first.check()
    decide(page, "Accept", "only a ruler is burned in", unseen=True)
    decide(page, "Replace what is stored", "the first export was cut off")
    page.goto(job)
    walk.wait_for_job(page)
    assert walk.outcomes(page) == {"stored": 4}
    page.goto(f"/projects/{KEY}/held/")
    expect(page.get_by_text("Nothing is held")).to_be_visible()
    page.goto(f"/projects/{KEY}/")
    expect(page.locator("tbody tr")).to_have_count(1)
