"""A slide dropped in the portal opens in the viewer's microscopy mode, in its own colors."""

import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.converter.engine.slide_samples import write_svs
from tests.e2e import walk
from tests.e2e.conftest import Conversation
from tests.e2e.viewport import slide_at_source_pixels

KEY = "histology"
SHOWN_SECONDS = 90
SHRUNK = 4


@pytest.fixture(scope="module")
def slide_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("slides")


@pytest.fixture(scope="module")
def picture(slide_folder: Path) -> np.ndarray:
    """The tissue of the slide in the folder, four times smaller."""
    finest, *_coarser = write_svs(slide_folder / "slide.svs", 2000, 1400)
    return np.asarray(Image.fromarray(finest).reduce(SHRUNK)).astype(int)


@pytest.fixture(scope="module")
def slide_job(signed_in: Page, slide_folder: Path, picture: np.ndarray) -> str:
    """The address of the finished job that stored the slide."""
    walk.create_project(signed_in, "Histology", KEY)
    return walk.upload_folder(signed_in, KEY, slide_folder)


def difference(shown: np.ndarray, picture: np.ndarray) -> float:
    """Return how far colors are apart in the middle, where no control lies over the tissue."""
    margin = tuple(slice(size // 4, size - size // 4) for size in picture.shape[:2])
    return float(np.abs(shown[margin] - picture[margin]).mean())


def test_a_slide_passes_the_guard_and_is_stored(signed_in: Page, slide_job: str) -> None:
    signed_in.goto(slide_job)
    assert walk.outcomes(signed_in) == {"stored": 1}


def test_the_viewer_shows_the_tissue_in_its_colors(
    signed_in: Page,
    slide_job: str,
    picture: np.ndarray,
    screenshots: Path,
    conversation: Conversation,
) -> None:
    walk.open_study(signed_in, KEY, "SM", r"/ohif/microscopy\?StudyInstanceUIDs=")
    found = 255.0
    deadline = time.monotonic() + SHOWN_SECONDS
    while found > 12 and time.monotonic() < deadline:
        signed_in.wait_for_timeout(500)
        found = difference(slide_at_source_pixels(signed_in, *picture.shape[:2]), picture)
    signed_in.screenshot(path=screenshots / "viewer-slide.png")
    assert found <= 12
    # The colors of the three channels are unlike each other, and stand in their places.
    shown = slide_at_source_pixels(signed_in, *picture.shape[:2])
    assert difference(shown[..., ::-1], picture) > 30
    assert difference(shown[:, ::-1], picture) > 30
    assert conversation.faults == []
