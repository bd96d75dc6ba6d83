"""A data steward merges two patients, opens the study, undoes it, and copies it elsewhere."""

import re
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file

from tests.e2e import walk
from tests.e2e.viewport import wait_for_picture

KEY, OTHER = "merge-room", "copy-room"
PEOPLE = {"Zwirbelmayr^Hans": "A-471108", "Knusperkeks^Ute": "Q-330219"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slice of each of two people."""
    made = tmp_path_factory.mktemp("two") / "CT"
    made.mkdir()
    for number, (name, patient_id) in enumerate(PEOPLE.items(), start=1):
        image = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        image.PatientName, image.PatientID, image.PatientBirthDate = name, patient_id, "19560228"
        image.StudyInstanceUID, image.SeriesInstanceUID = f"2.25.9{number}", f"2.25.9{number}1"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"2.25.9{number}11"
        image.save_as(made / f"{number}.dcm")
    return made


def no_wider_than_a_phone(page: Page, picture: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.screenshot(path=picture, full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1440, "height": 900})


def confirm(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Yes|Go on|OK")).click()


def pseudonyms(page: Page) -> list[str]:
    page.goto(f"/projects/{KEY}/")
    return page.locator("tbody th").all_inner_texts()


def wait_for_the_job_of_the_merge(page: Page) -> None:
    """Follow the link of the newest job and come back."""
    merge = page.url
    page.locator("dd a[href^='/jobs/']").first.click()
    walk.wait_for_job(page)
    assert set(walk.outcomes(page)) == {"stored"}
    page.goto(merge)


def test_two_patients_are_merged_and_parted(
    signed_in: Page, folder: Path, screenshots: Path
) -> None:
    page = signed_in
    walk.create_project(page, "Merge room", KEY)
    walk.upload_folder(page, KEY, folder)
    first, second = before = pseudonyms(page)
    assert first != second

    page.goto(f"/projects/{KEY}/registry/")
    page.get_by_role("link", name=first).click()
    page.get_by_label("Pseudonym of the other one").fill(second)
    page.get_by_role("button", name="Compare").click()
    expect(page.locator("main")).not_to_contain_text("Zwirbelmayr")
    page.get_by_role("button", name="Show both").click()
    for name, patient_id in PEOPLE.items():
        expect(page.locator("main")).to_contain_text(name)
        expect(page.locator("main")).to_contain_text(patient_id)
    page.screenshot(path=screenshots / "merge.png", full_page=True)
    no_wider_than_a_phone(page, screenshots / "merge-phone.png")
    page.get_by_label(first).check()
    page.get_by_label("What says that they are one person").select_option("spelling")
    page.get_by_role("button", name="Merge", exact=True).click()
    confirm(page)
    expect(page.get_by_role("heading", name=f"{second} → {first}")).to_be_visible()
    wait_for_the_job_of_the_merge(page)
    page.screenshot(path=screenshots / "merged.png", full_page=True)
    no_wider_than_a_phone(page, screenshots / "merged-phone.png")
    merge = page.url
    assert pseudonyms(page) == [first, first]
    page.locator("tbody th a").last.click()
    wait_for_picture(page)
    page.goto(merge)

    page.get_by_label("What says that they are two people").select_option("coincidence")
    page.get_by_role("button", name="Undo the merge").click()
    confirm(page)
    expect(page.locator("main")).to_contain_text("Undone")
    wait_for_the_job_of_the_merge(page)
    assert pseudonyms(page) == before


def test_a_study_is_brought_into_another_project(
    signed_in: Page, folder: Path, screenshots: Path
) -> None:
    page = signed_in
    walk.create_project(page, "Copy room", OTHER)
    here = pseudonyms(page)
    page.screenshot(path=screenshots / "study-choice.png", full_page=True)
    no_wider_than_a_phone(page, screenshots / "study-choice-phone.png")
    page.get_by_label("Select all studies of this page").check()
    page.get_by_role("button", name="Into another project").click()
    for pseudonym in here:
        expect(page.locator("main")).to_contain_text(pseudonym)
    page.get_by_label("Into the project").select_option(label="Copy room")
    page.screenshot(path=screenshots / "transfer.png", full_page=True)
    no_wider_than_a_phone(page, screenshots / "transfer-phone.png")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    walk.wait_for_job(page)
    assert walk.outcomes(page) == {"stored": 2}
    expect(page.locator("main")).not_to_contain_text("Zwirbelmayr")
    page.goto(f"/projects/{OTHER}/")
    there = page.locator("tbody th").all_inner_texts()
    assert len(set(there)) == 2
    assert not set(there) & set(here)
    page.locator("tbody th a").first.click()
    wait_for_picture(page)
