"""What PET, volumes of colors and OME-TIFF become passes the guard and is shown as it is."""

import json

import nibabel
import numpy as np
import pytest
import tifffile
from playwright.sync_api import Page

from tests.e2e import walk
from tests.e2e.viewport import (
    agreement,
    shown_at_source_pixels,
    viewport_image,
    wait_for_picture,
)

SHAPE, SPACING_MM = (80, 96, 12), (1.5, 1.25, 4)  # 120 mm to both sides
SIDE_MM = 120
AFFINE = np.diag([*SPACING_MM, 1])
X, Y, Z = np.indices(SHAPE)
HEAD = ((X - 40) / 36) ** 2 + ((Y - 48) / 44) ** 2 < 1
TRACER = np.where(HEAD, 400 + 3 * X + 2 * Y, 0) * np.float32(0.37)


@pytest.fixture(scope="module")
def stored(signed_in: Page, tmp_path_factory: pytest.TempPathFactory) -> Page:
    """Two projects that take no identities, with everything stored in them."""
    root = tmp_path_factory.mktemp("volumes")
    tracer, cells, colors = (root / name for name in ("scan/pet", "scan/cells", "colors"))
    for folder in (tracer, cells, colors):
        folder.mkdir(parents=True)
    nibabel.save(nibabel.Nifti1Image(TRACER, AFFINE), tracer / "tracer.nii.gz")
    (tracer / "tracer.json").write_text(json.dumps({"Modality": "PT", "Units": "Bq/mL"}))
    told = {"axes": "ZCYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2}
    tifffile.imwrite(
        cells / "cells.ome.tif", stack(), ome=True, photometric="minisblack", metadata=told
    )
    rgb = np.zeros(SHAPE, [(channel, "u1") for channel in "RGB"])
    rgb["R"], rgb["G"], rgb["B"] = 3 * X, 2 * Y, 20 * Z
    nibabel.save(nibabel.Nifti1Image(rgb, AFFINE), colors / "colors.nii.gz")
    for key, folder, count in (("volumes", root / "scan", 3), ("colors", colors, 1)):
        walk.create_project(signed_in, key.title(), key)
        walk.upload_folder(signed_in, key, folder)
        assert walk.outcomes(signed_in) == {"stored": count}
    return signed_in


def stack() -> np.ndarray:
    """Three slices of two channels, 40 rows and 96 columns of pixels twice as wide as high."""
    slices, channels, rows, columns = np.indices((3, 2, 40, 96))
    return (300 * columns + 500 * rows + 5000 * channels + 200 * slices).astype(np.uint16)


def shown(page: Page, rows: int, columns: int) -> np.ndarray:
    """Return the canvas, shape (rows, columns, 3)."""
    wait_for_picture(page)
    canvas = viewport_image(page)
    channels = [canvas[..., number, None] for number in range(3)]
    return np.stack([shown_at_source_pixels(one, rows, columns) for one in channels], axis=-1)


def in_the_viewer(plane: np.ndarray) -> np.ndarray:
    """Return a slice (x, y) mm by mm: anterior above, the patient's right on the left."""
    at = SIDE_MM - 0.5 - np.arange(SIDE_MM)
    places = np.ix_((at / SPACING_MM[0]).astype(int), (at / SPACING_MM[1]).astype(int))
    return plane[places].T.astype(float)


@pytest.mark.timeout(600)
def test_a_pet_is_shown_in_its_place(stored: Page) -> None:
    walk.open_study(stored, "volumes", "PT")
    found = shown(stored, SIDE_MM, SIDE_MM).mean(axis=-1)
    assert agreement(found, in_the_viewer(TRACER[..., 0])) > 0.9
    assert agreement(found[:, ::-1], in_the_viewer(TRACER[..., 0])) < 0.9


@pytest.mark.timeout(600)
def test_a_volume_of_colors_is_shown_in_them(stored: Page) -> None:
    walk.open_study(stored, "colors", "OT")
    found = shown(stored, SIDE_MM, SIDE_MM)
    for channel, expected in ((0, 3 * X), (1, 2 * Y)):
        assert agreement(found[..., channel], in_the_viewer(expected[..., 0])) > 0.95


@pytest.mark.timeout(600)
def test_a_channel_of_an_ome_tiff_is_shown_in_its_proportions(stored: Page) -> None:
    walk.open_study(stored, "volumes", "OT")
    found = shown(stored, 20, 96).mean(axis=-1)  # each row as high as a column is wide
    assert agreement(found, stack()[0, 0, ::2].astype(float)) > 0.95
