"""A data steward tries the profile on a file of her own, changes it, and a job uses the version."""

import re
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file

from tests.e2e import walk

KEY = "profile-room"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One slice of a patient with a description."""
    made = tmp_path_factory.mktemp("profile") / "CT_Ute"
    made.mkdir()
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.PatientName, dataset.PatientID = "Zwirbelmayr^Ute", "ZW-471108"
    dataset.PatientSex, dataset.SeriesDescription = "F", "Thorax Zwirbelmayr"
    dataset.save_as(made / "1.dcm")
    return made


@pytest.fixture(scope="module")
def room(signed_in: Page) -> Page:
    walk.create_project(signed_in, "Profile room", KEY)
    return signed_in


def row_of(page: Page, number: str) -> dict[str, str]:
    """Return the cells of an attribute at the top of the preview, by their headings."""
    row = page.locator(".preview-table tr", has=page.get_by_text(number)).first
    expect(row).to_be_visible()
    cells = row.locator("td").all_inner_texts()
    return dict(zip(("attribute", "before", "after", "rule"), cells, strict=True))


def picture_from(page: Page, selector: str, path: Path) -> None:
    """Take a picture of the page from an element on, as high as a screen."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    scrolled = page.evaluate("window.scrollY")
    clip = {"x": 0, "y": max(0, box["y"] + scrolled - 20), "width": 1440, "height": 900}
    page.screenshot(path=path, full_page=True, clip=clip)


def test_the_preview_shows_each_attribute_before_and_after(
    room: Page, folder: Path, screenshots: Path
) -> None:
    room.goto(f"/projects/{KEY}/profile/")
    room.get_by_role("link", name="Try it on a file").click()
    room.get_by_label("One DICOM file").set_input_files(str(folder / "1.dcm"))
    room.get_by_role("button", name="Show").click()
    name = row_of(room, "0010,0010")
    assert "Zwirbelmayr" in name["before"]
    assert name["after"] == "EXAMPLE"
    assert row_of(room, "0010,0040")["after"] == "unchanged"
    assert "Zwirbelmayr" not in row_of(room, "0008,103E")["after"]

    everything = room.locator(".preview-table tbody tr:visible").count()
    room.get_by_label("Only what changes").check()
    assert 0 < room.locator(".preview-table tbody tr:visible").count() < everything
    picture_from(room, ".preview", screenshots / "preview.png")
    room.set_viewport_size({"width": 390, "height": 800})
    width = room.evaluate("document.documentElement.scrollWidth")
    room.set_viewport_size({"width": 1440, "height": 900})
    assert width <= 390


def test_a_saved_rule_counts_for_the_next_job_which_names_its_version(
    room: Page, folder: Path, screenshots: Path
) -> None:
    room.goto(f"/projects/{KEY}/profile/")
    room.get_by_label("Find an attribute").fill("0010,0040")
    room.locator("#attribute-hits").get_by_role("button").first.click()
    rule = room.locator("#rule-rows li").first
    expect(rule).to_contain_text("Sex")
    rule.get_by_role("combobox").select_option("remove")
    picture_from(room, "main", screenshots / "profile.png")
    room.get_by_role("button", name="Save as a new version").click()
    expect(room.get_by_role("heading", name="Versions")).to_be_visible()
    expect(room.locator(".versions li").first).to_contain_text("Version 1")

    walk.upload_folder(room, KEY, folder)
    facts = room.locator("dl.facts")
    expect(facts.get_by_role("link", name="Version 1")).to_be_visible()
    facts.get_by_role("link", name="Version 1").click()
    expect(room).to_have_url(re.compile(f"/projects/{KEY}/profile/"))
