"""Channels of a fluorescence slide, dropped in the portal, are shown by the viewer in colors."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.converter.engine.fluorescence_samples import planes_of, write_fluorescence
from tests.e2e import walk
from tests.e2e.viewport import agreement, slide_at_source_pixels

KEY = "fluorescence"
SHOWN_SECONDS = 90
SHRUNK = 4
BLUE_GREEN_RED = (2, 1, 0)


@pytest.fixture(scope="module")
def slide_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channels")


@pytest.fixture(scope="module")
def channels(slide_folder: Path) -> np.ndarray:
    """The middle focal planes of the slide, four times smaller; the third channel is very weak."""
    planes = planes_of(3, 3, 1100, 700)
    planes[2] //= 40
    write_fluorescence(slide_folder / "slide.ome.tif", planes)
    smaller = [Image.fromarray(one[1].astype(np.float32)).reduce(SHRUNK) for one in planes]
    return np.stack([np.asarray(one) for one in smaller])


@pytest.mark.timeout(300)
def test_each_channel_is_shown_in_its_color_and_bright_enough(
    signed_in: Page, slide_folder: Path, channels: np.ndarray, screenshots: Path
) -> None:
    walk.create_project(signed_in, "Fluorescence", KEY)
    signed_in.goto(walk.upload_folder(signed_in, KEY, slide_folder))
    assert walk.outcomes(signed_in) == {"stored": 1}
    walk.open_study(signed_in, KEY, "SM", r"/ohif/microscopy\?StudyInstanceUIDs=")
    deadline = time.monotonic() + SHOWN_SECONDS
    found = [0.0]
    while not all(one >= 0.9 for one in found) and time.monotonic() < deadline:
        signed_in.wait_for_timeout(500)
        shown = slide_at_source_pixels(signed_in, *channels.shape[1:])
        found = [
            agreement(shown[..., color], channel)
            for color, channel in zip(BLUE_GREEN_RED, channels, strict=True)
        ]
    signed_in.screenshot(path=screenshots / "viewer-fluorescence.png")
    assert all(one >= 0.9 for one in found)  # none where nothing is shown
    assert min(shown[..., color].max() for color in BLUE_GREEN_RED) > 200
