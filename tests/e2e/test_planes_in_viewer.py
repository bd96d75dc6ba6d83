"""A NIfTI volume, reformatted by the viewer: three planes, each the right way round (MPR)."""

import time
from pathlib import Path
from urllib.parse import urlsplit

import nibabel
import numpy as np
import pytest
from playwright.sync_api import Page

from tests.e2e import walk
from tests.e2e.viewport import (
    agreement,
    shown_at_source_pixels,
    viewport_image,
    wait_for_picture,
)

KEY = "planes"
SIDE_MM = 120  # in all three directions, with voxels of three different sides
SHAPE, SPACING_MM = (80, 96, 40), (1.5, 1.25, 3)
X, Y, Z = ((np.indices(SHAPE)[axis] + 0.5) * spacing for axis, spacing in enumerate(SPACING_MM))
HEAD = ((X - 60) / 55) ** 2 + ((Y - 60) / 55) ** 2 + ((Z - 60) / 55) ** 2 < 1
VALUES = np.where(HEAD, 100 + 9 * X + 5 * Y + 3 * Z, 0).astype(np.int16)
PLANES = ("axial", "sagittal", "coronal")
SHOWN_RIGHT = 0.98  # correlation


@pytest.fixture(scope="module")
def viewer(signed_in: Page, tmp_path_factory: pytest.TempPathFactory, screenshots: Path) -> Page:
    """The viewer with the three planes of the volume, in a project that takes no identities."""
    folder = tmp_path_factory.mktemp("planes") / "scan"
    folder.mkdir()
    volume = nibabel.Nifti1Image(VALUES, np.diag([*SPACING_MM, 1]))
    nibabel.save(volume, folder / "head.nii.gz")
    walk.create_project(signed_in, "Planes", KEY)
    walk.upload_folder(signed_in, KEY, folder)
    assert walk.outcomes(signed_in) == {"stored": 1}
    walk.open_study(signed_in, KEY, "MR")
    address = urlsplit(signed_in.url)
    signed_in.goto(f"{address.path}?{address.query}&hangingProtocolId=mpr")
    for number, plane in enumerate(PLANES):
        wait_for_picture(signed_in, number)
        until_loaded(signed_in, plane)
    signed_in.screenshot(path=screenshots / "viewer-planes.png")
    return signed_in


def in_the_viewer(plane: str) -> np.ndarray:
    """Return the plane through the middle mm by mm: front and right of the patient left, or top."""
    at = np.arange(SIDE_MM) + 0.5
    middle = [size // 2 for size in SHAPE]
    x, y, z = ((at / spacing).astype(int) for spacing in SPACING_MM)
    if plane == "axial":  # anterior above, the patient's right on the left
        return VALUES[np.ix_(x[::-1], y[::-1], [middle[2]])][..., 0].T.astype(float)
    if plane == "sagittal":  # superior above, anterior on the left
        return VALUES[np.ix_([middle[0]], y[::-1], z[::-1])][0].T.astype(float)
    return VALUES[np.ix_(x[::-1], [middle[1]], z[::-1])][:, 0].T.astype(float)


def found_in(page: Page, plane: str) -> np.ndarray:
    canvas = viewport_image(page, PLANES.index(plane))
    return shown_at_source_pixels(canvas, SIDE_MM, SIDE_MM)


def until_loaded(page: Page, plane: str) -> None:
    """Wait for the slices, which come one by one; what stays wrong is told by the tests."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if agreement(found_in(page, plane), in_the_viewer(plane)) > SHOWN_RIGHT:
            return
        page.wait_for_timeout(100)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("plane", PLANES)
def test_each_plane_shows_the_voxels_in_their_place(viewer: Page, plane: str) -> None:
    found = found_in(viewer, plane)
    assert agreement(found, in_the_viewer(plane)) > SHOWN_RIGHT
    assert agreement(found[:, ::-1], in_the_viewer(plane)) < 0.9
    assert agreement(found[::-1], in_the_viewer(plane)) < SHOWN_RIGHT
