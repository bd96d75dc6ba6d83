"""The archive restarts under an open slide: the viewer asks again for what it did not get."""

import os
import signal
import time
from http import HTTPStatus
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route

from tests.converter.engine.slide_samples import write_svs
from tests.e2e import walk
from tests.e2e.portal import Portal, orthanc_pids
from tests.e2e.viewport import slide_at_source_pixels

KEY = "restarts"
SHOWN_SECONDS = 90
SHRUNK = 4
FRAMES = "**/frames/*"


@pytest.mark.timeout(300)
def test_tiles_of_a_slide_outlive_a_restart_of_the_archive(
    signed_in: Page, portal: Portal, tmp_path: Path
) -> None:
    finest, *_coarser = write_svs(tmp_path / "slide.svs", 2000, 1400)
    picture = np.asarray(Image.fromarray(finest).reduce(SHRUNK)).astype(int)
    walk.create_project(signed_in, "Restarts", KEY)
    walk.upload_folder(signed_in, KEY, tmp_path)
    refused: list[str] = []
    killed: list[int] = []

    def kill_the_archive(route: Route) -> None:
        if not killed:
            killed.extend(orthanc_pids(portal))
            for pid in killed:
                os.kill(pid, signal.SIGKILL)
        route.continue_()

    signed_in.on(
        "response",
        lambda answer: (
            refused.append(answer.url)
            if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "/frames/" in answer.url
            else None
        ),
    )
    signed_in.route(FRAMES, kill_the_archive)
    walk.open_study(signed_in, KEY, "SM", r"/ohif/microscopy\?StudyInstanceUIDs=")
    found = 255.0
    deadline = time.monotonic() + SHOWN_SECONDS
    while found > 12 and time.monotonic() < deadline:
        signed_in.wait_for_timeout(500)
        shown = slide_at_source_pixels(signed_in, *picture.shape[:2])
        margin = tuple(slice(size // 4, size - size // 4) for size in picture.shape[:2])
        found = float(np.abs(shown[margin] - picture[margin]).mean())
    signed_in.unroute(FRAMES)
    assert killed
    assert refused
    assert found <= 12
