"""A data steward looks at held pictures and headers, and says what goes black or away."""

import io
import re
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont
from playwright.sync_api import Page, expect
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, UltrasoundMultiFrameImageStorage

from tests.e2e import walk
from tests.e2e.viewport import shown_at_source_pixels, viewport_image, wait_for_picture

KEY = "picture-room"
NAME = "Krummbiegel^Adelheid"
ROWS, COLUMNS, FRAMES = 240, 320, 3
CAPTION = "KRUMMBIEGEL  ADELHEID  17.04.1956"
LABEL = (210, 205, 100, 26)  # left, top, width, height of what only a person sees
SIDES = ("left", "top", "width", "height")
CHOOSE_FRAME_2 = """() => {
    const frame = document.querySelector("[data-held-frame]");
    frame.value = 2;
    frame.dispatchEvent(new Event("change"));
    return !document.querySelector("[data-held-loading]").hidden;
}"""
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An ultrasound clip in JPEG with a caption, and a CT slice with names left in its header."""
    made = tmp_path_factory.mktemp("pictures") / "US_Adelheid"
    made.mkdir()
    write_clip(made / "clip.dcm")
    slice_ = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    slice_.PatientName, slice_.PatientID = NAME, "KB5520418"
    slice_.WindowCenterWidthExplanation = "wie bei Krummbiegel"
    slice_.ConvolutionKernel = "ADELHEID"
    slice_.save_as(made / "slice.dcm")
    return made


def write_clip(path: Path) -> None:
    clip = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    for name in ("RescaleSlope", "RescaleIntercept", "WindowCenter", "WindowWidth"):
        if name in clip:
            del clip[name]
    clip.SOPClassUID = clip.file_meta.MediaStorageSOPClassUID = UltrasoundMultiFrameImageStorage
    clip.SOPInstanceUID = clip.file_meta.MediaStorageSOPInstanceUID = "2.25.7788"
    clip.StudyInstanceUID, clip.SeriesInstanceUID = "2.25.7786", "2.25.7787"
    clip.PatientName, clip.PatientID, clip.Modality = NAME, "KB5520418", "US"
    clip.Rows, clip.Columns, clip.NumberOfFrames = ROWS, COLUMNS, FRAMES
    clip.BitsAllocated = clip.BitsStored = 8
    clip.HighBit, clip.PixelRepresentation = 7, 0
    clip.BurnedInAnnotation = "YES"
    clip.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    clip.PixelData = encapsulate([jpeg_frame(number) for number in range(FRAMES)])
    clip["PixelData"].is_undefined_length = True
    clip.save_as(path)


def jpeg_frame(number: int) -> bytes:
    """A fan of gray speckle on black, a caption above it and a label below."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    below, aside = rows - 30, np.abs(columns - COLUMNS / 2)
    fan = (below**2 + aside**2 < 195**2) & (aside < below * 0.8) & (below > 20)
    speckle = np.random.default_rng(number).gamma(4, 25, (ROWS, COLUMNS)).clip(40, 230)
    image = Image.fromarray((speckle * fan).astype(np.uint8))
    pen, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 13)
    pen.text((8, 8), CAPTION, fill=255, font=font)
    left, top, width, height = LABEL
    pen.rectangle((left, top, left + width - 1, top + height - 1), fill=250)
    content = io.BytesIO()
    image.save(content, "jpeg", quality=95)
    return content.getvalue()


def open_held(page: Page, file: str) -> None:
    page.goto(f"/projects/{KEY}/held/")
    row = page.locator("tr", has=page.get_by_text(file))
    row.get_by_role("link", name=re.compile("Look at it")).click()
    expect(page.get_by_role("heading", level=2, name=re.compile(file))).to_be_visible()
    page.locator(".held-canvas img").evaluate("image => image.decode()")


def decide(page: Page, button: str, reason: str) -> None:
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name=button).click()
    dialog = page.get_by_role("dialog")
    if dialog.is_visible():
        dialog.get_by_role("button", name="Yes").click()
    expect(page.locator("main")).to_contain_text("decided about")


def draw_box(page: Page, box: tuple[int, int, int, int]) -> None:
    """Draw with the mouse from the upper left corner of `box` to the lower right one."""
    left, top, width, height = box
    area = page.locator(".held-canvas svg").bounding_box()
    assert area is not None
    scale = area["width"] / COLUMNS
    page.mouse.move(area["x"] + left * scale, area["y"] + top * scale)
    page.mouse.down()
    page.mouse.move(area["x"] + (left + 5) * scale, area["y"] + (top + 5) * scale)
    page.mouse.move(area["x"] + (left + width) * scale, area["y"] + (top + height) * scale)
    page.mouse.up()


@pytest.fixture(scope="module")
def job(signed_in: Page, folder: Path) -> str:
    """The address of the job that held both files."""
    walk.create_project(signed_in, "Picture room", KEY)
    address = walk.upload_folder(signed_in, KEY, folder)
    assert walk.outcomes(signed_in) == {"held": 2}
    return address


def test_texts_left_in_a_header_are_decided_one_by_one(
    signed_in: Page, job: str, screenshots: Path
) -> None:
    page = signed_in
    open_held(page, "slice.dcm")
    expect(page.locator(".held-findings li")).to_have_count(2)
    expect(page.locator(".held-findings")).to_contain_text("wie bei Krummbiegel")
    page.get_by_label("What becomes of “krummbiegel”").select_option("take it out")
    page.get_by_label("What becomes of “adelheid”").select_option("false alarm: it stays")
    page.screenshot(path=screenshots / "held-header.png", full_page=True)
    page.set_viewport_size({"width": 360, "height": 740})
    page.screenshot(path=screenshots / "held-header-phone.png", full_page=True)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert width <= 360
    decide(page, "Go on with these values", "the kernel is called so")
    page.goto(job)
    walk.wait_for_job(page)
    assert walk.outcomes(page) == {"held": 1, "stored": 1}


def test_boxes_go_black_in_the_stored_study(signed_in: Page, job: str, screenshots: Path) -> None:
    page = signed_in
    page.goto(f"/projects/{KEY}/held/?pictures")
    expect(page.locator("img.held-thumbnail.is-drawn")).to_have_count(1)
    open_held(page, "clip.dcm")
    picture = page.locator(".held-canvas img")
    assert picture.evaluate("image => image.naturalWidth") == COLUMNS
    rows = page.locator(".held-box")
    before = rows.count()
    assert before >= 1  # the caption was found
    draw_box(page, LABEL)
    expect(rows).to_have_count(before + 1)
    values = [int(rows.last.locator(f"[name={side}]").input_value()) for side in SIDES]
    assert np.abs(np.array(values) - LABEL).max() <= 1
    expect(page.locator(".held-canvas rect")).to_have_count(before + 1)
    page.screenshot(path=screenshots / "held-file.png", full_page=True)
    with page.expect_response(re.compile(r"picture/\?.*frame=2")) as answer:
        assert page.evaluate(CHOOSE_FRAME_2)  # until it is drawn, the page says so
    assert answer.value.ok
    expect(page.locator("[data-held-loading]")).to_be_hidden()

    page.get_by_label("Reason").fill("a name")
    page.get_by_label("Reason").press("Enter")
    expect(page.get_by_role("dialog")).to_be_hidden()
    decide(page, "Black out", "a name and a label")
    page.goto(job)
    walk.wait_for_job(page)
    assert walk.outcomes(page) == {"stored": 2}

    walk.open_study(page, KEY, "US")
    wait_for_picture(page)
    shown = shown_at_source_pixels(viewport_image(page), ROWS, COLUMNS)
    left, top, width, height = LABEL
    assert shown[top + 4 : top + height - 4, left + 4 : left + width - 4].max() < 10
    assert shown[110:170, 120:200].mean() > 60
    assert shown[8:24, 60:260].max() < 10  # below the viewer's own words at the edge
