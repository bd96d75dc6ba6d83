"""A volume and its label map, dropped together, open as a segmentation over its images."""

from pathlib import Path

import nibabel
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.e2e import walk
from tests.e2e.viewport import (
    agreement,
    shown_at_source_pixels,
    viewport_image,
    wait_for_picture,
)

KEY = "labels"
SHAPE, SPACING_MM = (80, 96, 12), (1.5, 1.25, 4)  # 120 mm to both sides
SIDE_MM = 120


def label_map() -> np.ndarray:
    """Two organs of unequal size: one on the patient's left, one on the right."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[15:35, 30:60] = 3
    labels[50:60, 45:75] = 7
    return labels


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head, its label map, and the names of the labels."""
    folder = tmp_path_factory.mktemp("person") / "scan"
    folder.mkdir()
    affine = np.diag([*SPACING_MM, 1])
    x, y, _ = np.indices(SHAPE)
    head = ((x - 40) / 36) ** 2 + ((y - 48) / 44) ** 2 < 1
    image = np.where(head, 400 + 3 * x + 2 * y, 0).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(image, affine), folder / "head_T1w.nii.gz")
    nibabel.save(nibabel.Nifti1Image(label_map(), affine), folder / "head_dseg.nii.gz")
    table = "index\tname\tcolor\n3\tLeft kidney\t#ff0000\n7\tLiver\t#00ff00\n"
    (folder / "head_dseg.tsv").write_text(table)
    return folder


@pytest.fixture(scope="module")
def viewer(signed_in: Page, scan: Path) -> Page:
    """The viewer with the segmentation loaded."""
    walk.create_project(signed_in, "Label maps", KEY)
    walk.upload_folder(signed_in, KEY, scan)
    assert walk.outcomes(signed_in) == {"stored": 3}
    walk.open_study(signed_in, KEY, "MR, SEG")
    wait_for_picture(signed_in)
    signed_in.locator("[data-cy=study-browser-thumbnail-no-image]").dblclick()
    question = signed_in.get_by_role("button", name="Yes")
    segment = signed_in.get_by_text("Liver", exact=True)
    expect(question.or_(segment).first).to_be_visible(timeout=60_000)
    if question.is_visible():  # whether it asks is a setting of the viewer
        question.click()
    return signed_in


def red_minus_green(page: Page) -> np.ndarray:
    """Return what colors the canvas, one value per mm; gray is 0."""
    canvas = viewport_image(page).astype(float)
    return shown_at_source_pixels((canvas[..., 0] - canvas[..., 1])[..., None], SIDE_MM, SIDE_MM)


def expected_colors() -> np.ndarray:
    """Return 1 where red has to be and -1 where green: anterior above, the right on the left."""
    labels = label_map()[..., 0]
    at = SIDE_MM - 0.5 - np.arange(SIDE_MM)
    seen = labels[np.ix_((at / SPACING_MM[0]).astype(int), (at / SPACING_MM[1]).astype(int))].T
    return (seen == 3).astype(float) - (seen == 7)


@pytest.mark.timeout(400)
def test_the_segments_lie_over_the_images_in_their_colors(viewer: Page, screenshots: Path) -> None:
    viewer.wait_for_function(
        """() => {
            const canvas = document.querySelector('canvas.cornerstone-canvas');
            const copy = document.createElement('canvas');
            copy.width = copy.height = 64;
            const pen = copy.getContext('2d');
            pen.drawImage(canvas, 0, 0, 64, 64);
            const values = pen.getImageData(0, 0, 64, 64).data;
            return values.some((red, i) => i % 4 === 0 && red - values[i + 1] > 30);
        }""",
        timeout=60_000,
    )
    viewer.screenshot(path=screenshots / "viewer-segmentation.png")
    assert agreement(red_minus_green(viewer), expected_colors()) > 0.9


@pytest.mark.timeout(400)
def test_the_segments_have_their_names(viewer: Page, screenshots: Path) -> None:
    name = viewer.get_by_text("Left kidney", exact=True).first
    if not name.is_visible():
        viewer.locator("[data-cy=panelSegmentation-btn]").click()
    expect(name).to_be_visible(timeout=60_000)
    expect(viewer.get_by_text("Liver", exact=True).first).to_be_visible()
    viewer.wait_for_function(  # until the picture is drawn anew beside the panel
        """() => {
            const canvas = document.querySelector('canvas.cornerstone-canvas');
            const sides = canvas.width / canvas.height - canvas.clientWidth / canvas.clientHeight;
            return Math.abs(sides) < 0.01;
        }"""
    )
    viewer.screenshot(path=screenshots / "viewer-segmentation.png")
