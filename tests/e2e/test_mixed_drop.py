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


def test_the_drop_is_sorted_before_anything_starts(review: Page) -> None:
    outlook = review.locator("#outlook")
    expect(outlook).to_contain_text("Convert → Pseudonymize")
    expect(outlook).to_contain_text("1 zip was unpacked")
    expect(outlook).to_contain_text("no face can be recognized")
    review.get_by_label("No face can be recognized").check()
    expect(outlook).not_to_contain_text("unless you state")


def test_another_tool_is_shown_at_once(review: Page) -> None:
    review.locator("input[name=tool][value=convert]").check()
    expect(review.locator("#outlook")).to_contain_text("This is already DICOM")
    review.locator("input[name=tool][value=auto]").check()
    expect(review.locator("#outlook")).not_to_contain_text("This is already DICOM")


def test_a_rule_for_folders_is_counted_before_the_start(review: Page, screenshots: Path) -> None:
    foreseen = review.locator(".foreseen")
    expect(foreseen).to_contain_text("6 patients, 6 studies, 6 series")
    review.get_by_label("Folders").select_option("patient-study")
    # Both patients' folders, that of the photograph (whose patient is the drop), one of the volume.
    expect(foreseen).to_contain_text("4 patients, 6 studies, 6 series")
    review.get_by_label("Keep unconverted files with the project").check()
    outlook = review.locator("#outlook")
    expect(outlook).to_contain_text("Keep with the project, unconverted")
    review.set_viewport_size({"width": 390, "height": 844})
    expect(review.get_by_role("button", name="Start")).to_be_in_viewport()
    assert review.evaluate("document.documentElement.scrollWidth") <= 390
    # As high as the page, so that the bar with Start lies at its end.
    review.set_viewport_size({"width": 1440, "height": 900})
    height = review.evaluate("document.documentElement.scrollHeight")
    review.set_viewport_size({"width": 1440, "height": height})
    review.screenshot(path=screenshots / "check.png")
    review.set_viewport_size({"width": 1440, "height": 900})


def test_the_job_does_what_the_page_said(review: Page, drop: Drop) -> None:
    review.get_by_role("button", name="Start").click()
    review.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    walk.wait_for_job(review)
    ended: Counter[str] = walk.outcomes(review)
    kept = 1  # the text
    assert (ended["stored"], ended["failed"]) == (len(drop.ct_pixels) + 3 + 4 + kept, 2)


def test_each_patients_folder_has_one_pseudonym(review: Page) -> None:
    review.goto(f"/projects/{KEY}/?modality=OT")
    pseudonyms = review.locator("tbody th").all_inner_texts()
    assert len(pseudonyms) == 4
    assert sorted(Counter(pseudonyms).values()) == [2, 2]


def test_the_kept_file_comes_back_as_it_went(
    review: Page, drop: Drop, screenshots: Path, tmp_path: Path
) -> None:
    review.goto(f"/projects/{KEY}/files/")
    expect(review.locator("tbody tr")).to_have_count(1)
    review.screenshot(path=screenshots / "files.png")
    with review.expect_download() as download:
        review.get_by_role("link", name="Download").click()
    download.value.save_as(tmp_path / "kept")
    (sent,) = drop.folder.glob("*.txt")
    assert download.value.suggested_filename == sent.name
    assert (tmp_path / "kept").read_bytes() == sent.read_bytes()


def test_a_kept_file_is_removed_for_good(review: Page) -> None:
    review.get_by_role("button", name="Remove").click()
    review.get_by_role("button", name="Yes").click()
    expect(review.locator("main")).to_contain_text("No files yet")


def test_a_picture_joins_a_stored_study(review: Page, tmp_path: Path) -> None:
    review.goto(f"/projects/{KEY}/?modality=CT")
    row = review.locator("tbody tr").first
    expect(row).to_contain_text("1 / ")
    picture = tmp_path / "late.png"
    Image.new("RGB", (64, 48), (10, 20, 30)).save(picture)
    review.goto(f"/convert/?project={KEY}")
    review.locator("input[type=file][data-pick-files]").set_input_files(str(picture))
    review.wait_for_url(re.compile(r"/check/"))
    study = review.get_by_label("Append to")
    option = study.locator("option", has_text=re.compile(r"· CT( ·|$)"))
    study.select_option(value=option.first.get_attribute("value"))
    expect(review.locator(".foreseen")).to_contain_text("added to a study that is stored already")
    review.get_by_role("button", name="Start").click()
    review.wait_for_url(re.compile(r"/jobs/[0-9a-f-]{36}/$"))
    walk.wait_for_job(review)
    assert walk.outcomes(review) == {"stored": 1}
    review.goto(f"/projects/{KEY}/?modality=CT")
    expect(review.locator("tbody tr").first).to_contain_text("2 / ")
