"""A list brings its pseudonyms along; who may be one of its patients waits for a data steward."""

import re
from pathlib import Path

import pydicom
import pytest
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file

from tests.e2e import walk

KEY = "old-list"
LIST = """patient_id;issuer;name;birth_date;sex;pseudonym
K-330214;KLINIK;Kleiber^Ida;19610105;F;OLD_0017
K-330987;KLINIK;Specht^Jonas;07.11.1948;M;OLD_0018
K-331400;KLINIK;Habicht^Rosa;31.02.1970;F;OLD_0019
K-331401;KLINIK;Milan^Emil;19820903;M;OLD_0017
"""
TWO_CLICKS = """() => {
    const button = document.querySelector("button[data-busy]");
    button.form.requestSubmit(button);
    button.form.requestSubmit(button);
    return document.querySelector(".busy").textContent;
}"""
NARROW, WIDE = {"width": 390, "height": 844}, {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One slice of somebody whose given name and birth date are not quite those of the list."""
    made = tmp_path_factory.mktemp("matches") / "CT_Kleiber"
    made.mkdir()
    slice_ = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    slice_.PatientName, slice_.PatientID = "Kleiber^Ilda Marie", "K-330214"
    slice_.IssuerOfPatientID, slice_.PatientBirthDate = "KLINIK", "19610501"
    slice_.PatientSex = "F"
    slice_.StudyInstanceUID, slice_.SeriesInstanceUID = "2.25.81", "2.25.82"
    slice_.SOPInstanceUID = slice_.file_meta.MediaStorageSOPInstanceUID = "2.25.83"
    slice_.save_as(made / "1.dcm")
    return made


@pytest.fixture(scope="module")
def room(signed_in: Page) -> Page:
    """The steward's page in a project of its own; her sign-in is recent."""
    walk.create_project(signed_in, "Old list", KEY)
    return signed_in


def picture(page: Page, path: Path) -> None:
    """Keep the page as it is on a wide screen and on a phone, on which nothing sticks out."""
    page.screenshot(path=path, full_page=True)
    page.set_viewport_size(NARROW)
    page.screenshot(path=path.with_stem(f"{path.stem}-phone"), full_page=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(WIDE)
    assert width <= NARROW["width"]


def answer_yes(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Yes").click()


def test_a_list_is_checked_and_its_good_rows_are_imported(
    room: Page, tmp_path: Path, screenshots: Path
) -> None:
    list_ = tmp_path / "list.csv"
    list_.write_bytes(LIST.encode("utf-16"))
    room.goto(f"/projects/{KEY}/registry/")
    room.get_by_role("link", name="Import a list").click()
    picture(room, screenshots / "import.png")
    room.get_by_label("CSV file").set_input_files(list_)
    sent: list[str] = []
    room.on("request", lambda request: sent.append(request.method))
    assert room.evaluate(TWO_CLICKS).startswith("Checking the list.")
    conflicts = room.locator("tbody tr")
    expect(conflicts).to_have_count(3)
    assert sent.count("POST") == 1
    expect(conflicts.nth(0)).to_contain_text("another patient in line 5")
    expect(conflicts.nth(1)).to_contain_text("birth date")
    picture(room, screenshots / "import-check.png")

    room.get_by_role("button", name="Import only the 1 good row").click()
    answer_yes(room)
    expect(room.get_by_text("1 patient was imported.")).to_be_visible()
    expect(room.locator("tbody tr")).to_have_count(1)
    expect(room.locator("tbody tr")).to_contain_text("OLD_0018")

    list_.write_text(LIST.replace("31.02.1970", "28.02.1970").replace("M;OLD_0017", "M;OLD_0020"))
    room.get_by_role("link", name="Import a list").click()
    room.get_by_label("CSV file").set_input_files(list_)
    room.get_by_role("button", name="Check the list").click()
    room.get_by_role("button", name="Import 3 rows").click()
    expect(room.locator("tbody tr")).to_have_count(4)


def test_who_may_be_one_of_them_waits_for_a_decision(
    room: Page, folder: Path, screenshots: Path
) -> None:
    job = walk.upload_folder(room, KEY, folder)
    assert walk.outcomes(room) == {"held": 1}
    room.get_by_role("link", name=re.compile("^Decide")).first.click()
    room.get_by_role("link", name="Possible matches").click()
    expect(room.get_by_role("link", name="Registry 1 waiting")).to_be_visible()
    picture(room, screenshots / "possible-matches.png")
    room.get_by_role("button", name="Compare").click()
    table = room.locator(".pair-table")
    expect(table).to_contain_text("Kleiber^Ilda Marie")
    expect(table).to_contain_text("Kleiber^Ida")
    expect(table).to_contain_text("OLD_0017")
    expect(table).to_contain_text("day and month changed over")
    picture(room, screenshots / "pair.png")

    # By the browser's buttons the records are not shown again, and nothing is sent again.
    room.get_by_role("link", name="Registry 1 waiting").click()
    room.set_viewport_size(NARROW)
    badge = room.get_by_text("waits for a decision").bounding_box()
    assert badge is not None
    assert badge["x"] + badge["width"] <= NARROW["width"] - 16
    room.set_viewport_size(WIDE)
    room.go_back()
    expect(table).not_to_contain_text("Kleiber^Ida")
    room.get_by_role("button", name="Show both records").click()
    expect(table).to_contain_text("Kleiber^Ida")
    room.reload()
    room.get_by_role("button", name="Show both records").click()

    same = room.get_by_role("form", name="Same person")
    same.get_by_label("Reason").select_option(label="one person, written differently")
    same.get_by_role("button", name="Same person").click()
    answer_yes(room)
    expect(room.get_by_text("Nobody waits")).to_be_visible()
    room.goto(job)
    walk.wait_for_job(room)
    assert walk.outcomes(room) == {"stored": 1}
    room.goto(f"/projects/{KEY}/")
    expect(room.locator("tbody tr")).to_have_count(1)
    expect(room.locator("tbody tr")).to_contain_text("OLD_0017")
