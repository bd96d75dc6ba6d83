"""A volume and its label map, dropped together, open as a segmentation over its images."""

from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.e2e import walk
from tests.e2e.viewport import wait_for_picture

KEY = "labels"
SHAPE, SPACING_MM = (80, 96, 12), (1.5, 1.25, 4)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A head with two organs, whose map is named by a table."""
    folder = tmp_path_factory.mktemp("person") / "scan"
    folder.mkdir()
    affine = np.diag([*SPACING_MM, 1])
    x, y, _ = np.indices(SHAPE)
    head = ((x - 40) / 36) ** 2 + ((y - 48) / 44) ** 2 < 1
    image = np.where(head, 400 + 3 * x + 2 * y, 0).astype(np.int16)
    labels = np.zeros(SHAPE, np.uint8)
    labels[15:35, 30:60] = 3
    labels[50:65, 30:60, 2:10] = 7
    nibabel.save(nibabel.Nifti1Image(image, affine), folder / "head_T1w.nii.gz")
    nibabel.save(nibabel.Nifti1Image(labels, affine), folder / "head_dseg.nii.gz")
    table = "index\tname\tcolor\n3\tLeft kidney\t#ff0000\n7\tLiver\t#00ff00\n"
    (folder / "head_dseg.tsv").write_text(table)
    return folder


@pytest.fixture(scope="module")
def viewer(signed_in: Page, scan: Path) -> Iterator[Page]:
    """The viewer with the images of the study."""
    walk.create_project(signed_in, "Label maps", KEY)
    walk.upload_folder(signed_in, KEY, scan)
    assert walk.outcomes(signed_in) == {"stored": 3}
    walk.open_study(signed_in, KEY, "MR, SEG")
    wait_for_picture(signed_in)
    yield signed_in


def test_x(viewer: Page, screenshots: Path) -> None:
    viewer.wait_for_timeout(4000)
    viewer.screenshot(path="/tmp/seg1.png")
    Path("/tmp/seg1.html").write_text(viewer.content())
