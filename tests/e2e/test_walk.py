"""Sign in, create a project, drop a folder, see it clean in the viewer: the whole product once."""

import csv
import re
import sqlite3
import zipfile
from pathlib import Path

import numpy as np
import pydicom
import pytest
from playwright.sync_api import Page, expect

from tests.e2e import walk
from tests.e2e.conftest import Conversation
from tests.e2e.planted import PLANTED, SLICES, Drop, make_drop, nifti_voxels
from tests.e2e.portal import Portal
from tests.e2e.viewport import (
    agreement,
    shown_at_source_pixels,
    viewport_image,
    wait_for_picture,
    windowed,
)

KEY = "thorax"


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    return make_drop(tmp_path_factory.mktemp("person"))


@pytest.fixture(scope="module")
def project_page(signed_in: Page) -> Page:
    """A signed-in person's page; her project is made."""
    walk.create_project(signed_in, "Thorax study", KEY)
    return signed_in


@pytest.fixture(scope="module")
def archive_job(project_page: Page, drop: Drop, screenshots: Path) -> str:
    """The address of the finished job that stored the dropped folder."""
    address = walk.upload_folder(project_page, KEY, drop.folder)
    project_page.goto(address)
    project_page.screenshot(path=screenshots / "job.png", full_page=True)
    return address


def test_a_drop_leads_to_the_page_that_says_what_will_happen(
    project_page: Page, archive_job: str, drop: Drop, screenshots: Path
) -> None:
    project_page.goto(f"/projects/{KEY}/upload/")
    project_page.screenshot(path=screenshots / "upload.png", full_page=True)
    files = project_page.locator("input[type=file][webkitdirectory]")
    files.set_input_files(str(drop.folder))
    project_page.wait_for_url(re.compile(r"/check/"))
    expect(project_page.get_by_role("heading", name="What will happen")).to_be_visible()
    expect(project_page.locator("#outlook")).to_contain_text("Convert → Pseudonymize")


def test_the_viewer_leads_back_to_the_portal(project_page: Page, archive_job: str) -> None:
    walk.open_study(project_page, KEY, "CT")
    wait_for_picture(project_page)
    project_page.get_by_role("link", name="PACS2go").click()
    expect(project_page.get_by_role("heading", level=1)).to_have_text("Projects")


def test_each_file_of_the_drop_has_a_receipt(project_page: Page, archive_job: str) -> None:
    project_page.goto(archive_job)
    stored = SLICES + 3  # the series, the zip's MR, the photograph, the volume
    failed = 3  # the empty file, the text, the zip that escapes
    assert walk.outcomes(project_page) == {"stored": stored, "failed": failed}


def test_the_study_list_shows_pseudonyms(
    project_page: Page, archive_job: str, screenshots: Path
) -> None:
    project_page.goto(f"/projects/{KEY}/")
    rows = project_page.locator("tbody tr")
    expect(rows.first).to_be_visible()
    project_page.screenshot(path=screenshots / "studies.png")
    patients = {rows.nth(index).locator("th").inner_text() for index in range(rows.count())}
    assert all(re.fullmatch(r"THORAX-[0-9A-Z]{9}", patient) for patient in patients)
    assert rows.count() == 4


def test_the_viewer_shows_the_pixels_of_the_series(
    project_page: Page, archive_job: str, drop: Drop, screenshots: Path
) -> None:
    walk.open_study(project_page, KEY, "CT")
    wait_for_picture(project_page)
    first = viewport_image(project_page)
    project_page.screenshot(path=screenshots / "viewer.png")
    expected = [windowed(pixels, 40, 400) for pixels in drop.ct_pixels]
    shown = shown_at_source_pixels(first, *expected[0].shape)
    likeness = [agreement(shown, slice_) for slice_ in expected]
    assert max(likeness) > 0.97
    assert sorted(likeness)[-2] < 0.9  # it is this slice and no other


def test_the_next_slice_is_another(project_page: Page, archive_job: str, drop: Drop) -> None:
    walk.open_study(project_page, KEY, "CT")
    wait_for_picture(project_page)
    before = viewport_image(project_page)
    project_page.locator("canvas.cornerstone-canvas").first.hover()
    project_page.mouse.wheel(0, 120)
    expected = [windowed(pixels, 40, 400) for pixels in drop.ct_pixels]
    likeness_before = [agreement(shown_at_source_pixels(before, *e.shape), e) for e in expected]
    shown = walk.until_changed(project_page, before)
    likeness = [agreement(shown_at_source_pixels(shown, *e.shape), e) for e in expected]
    assert int(np.argmax(likeness)) != int(np.argmax(likeness_before))
    assert max(likeness) > 0.97


def test_the_photograph_opens_in_its_colors(project_page: Page, archive_job: str) -> None:
    walk.open_study(project_page, KEY, "XC")
    wait_for_picture(project_page)
    shown = viewport_image(project_page)
    middle = shown.shape[0] // 2, shown.shape[1] // 2
    # The source runs from black to red along its columns and to green along its rows.
    assert np.allclose(shown[middle], (127, 127, 0), atol=16)


def test_the_volume_opens_with_its_voxels(
    project_page: Page, archive_job: str, drop: Drop, screenshots: Path
) -> None:
    volume = nifti_voxels(drop.nifti)
    walk.open_study(project_page, KEY, f"1 / {volume.shape[2]}")
    wait_for_picture(project_page)
    project_page.screenshot(path=screenshots / "viewer-nifti.png")
    shown = viewport_image(project_page)
    # The volume's axes run left, anterior, superior; the viewer shows the highest slice first,
    # anterior above and the right side on the left.
    highest, lowest = (np.flip(volume[:, :, index], 1).T for index in (-1, 0))
    shown = shown_at_source_pixels(shown, *highest.shape)
    assert agreement(shown, highest) > 0.97
    assert agreement(shown, lowest) < 0.5


def test_the_same_folder_as_a_zip_keeps_the_pseudonyms(
    project_page: Page, archive_job: str, drop: Drop, tmp_path: Path
) -> None:
    walk.upload_folder(
        project_page, KEY, drop.folder / "CT_Hedwig", tool="pseudonymize", destination="download"
    )
    with project_page.expect_download() as download:
        project_page.get_by_role("link", name="Download").click()
    target = tmp_path / "result.zip"
    download.value.save_as(target)
    with zipfile.ZipFile(target) as archive:
        names = archive.namelist()
        with archive.open(names[0]) as file:
            dataset = pydicom.dcmread(file)
    assert len(names) == SLICES
    project_page.goto(f"/projects/{KEY}/?q={dataset.PatientID}")
    expect(project_page.locator("tbody tr").first).to_contain_text(str(dataset.PatientID))
    assert not any(word in name for word in PLANTED for name in names)


def test_a_steward_sees_who_stands_behind_a_pseudonym(
    project_page: Page, archive_job: str, screenshots: Path, portal: Portal
) -> None:
    project_page.goto(f"/projects/{KEY}/registry/")
    expect(project_page.locator("main")).not_to_contain_text("Quandtmeier")
    project_page.screenshot(path=screenshots / "registry.png")
    project_page.get_by_label("Patient ID").fill("px7730412")
    project_page.get_by_label("Name").fill("Quandtmeier^Hedwig")
    project_page.get_by_label("Birth date").fill("1956-04-17")
    project_page.get_by_role("button", name="Find").click()
    project_page.get_by_role("status").get_by_role("link").click()
    expect(project_page.locator("main")).not_to_contain_text("Quandtmeier")
    project_page.get_by_label("Reason").select_option(index=1)
    project_page.get_by_role("button", name="Show the identity").click()
    expect(project_page.locator("main")).to_contain_text("Quandtmeier")


def test_the_mapping_goes_where_the_steward_saves_it(
    project_page: Page, archive_job: str, tmp_path: Path
) -> None:
    project_page.goto(f"/projects/{KEY}/registry/")
    project_page.get_by_label("Reason").select_option(index=1)
    with project_page.expect_download() as download:
        project_page.get_by_role("button", name="Export as CSV").click()
    download.value.save_as(tmp_path / "mapping.csv")
    with (tmp_path / "mapping.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    names = {row["patient_name"] for row in rows}
    assert {"Quandtmeier^Hedwig", "Krawinkelhofer^Ottokringel"} <= names
    assert len({row["pseudonym"] for row in rows}) == len(rows) == 4


def test_no_planted_name_is_in_any_answer(
    project_page: Page, archive_job: str, conversation: Conversation
) -> None:
    """Names show on the uploader's own upload and job pages and on the steward's pages."""
    uploads = rf"/projects/(?:{KEY}|mixed)/(?:uploads?|files)/"
    hers = re.compile(rf"/jobs/|{uploads}|/registry/|/projects/held-room/held/")
    leaks = {
        (url.partition("?")[0], word)
        for url, text in conversation.answers
        if not hers.search(url)
        for word in PLANTED
        if word.lower() in text.lower()
    }
    assert leaks == set()


def test_no_planted_name_is_in_a_file_name_log_or_database(
    archive_job: str, portal: Portal
) -> None:
    words = [word.encode() for word in PLANTED]
    connection = sqlite3.connect(portal.data / "portal.sqlite3")
    connection.execute("PRAGMA wal_checkpoint(FULL)")
    connection.close()
    leaks = []
    for path in [*portal.data.rglob("*"), portal.output]:
        if any(
            word.decode().lower() in str(path.relative_to(portal.data.parent)).lower()
            for word in words
        ):
            leaks.append(("name", path.suffix))
        # What failed is kept as it came for some days, for a second try (docs/security.md).
        if path.is_file() and not {"ohif", "uploads"} & set(path.parts):
            content = path.read_bytes().lower()
            leaks += [(path.name, w.decode()) for w in words if w.lower() in content]
    assert leaks == []


def test_the_browser_had_nothing_to_complain_about(
    project_page: Page, archive_job: str, conversation: Conversation
) -> None:
    assert conversation.faults == []
