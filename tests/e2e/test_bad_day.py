"""The archive dies in the middle of a job; the job waits and goes on."""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e import walk
from tests.e2e.planted import SLICES, Drop, make_drop
from tests.e2e.portal import Portal

KEY = "bad-day"


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    return make_drop(tmp_path_factory.mktemp("person"))


def orthanc_pids(portal: Portal) -> list[int]:
    """Return the processes of this portal's Orthanc."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"Orthanc" in command and str(portal.data).encode() in command:
            pids.append(int(folder.name))
    return pids


def test_a_job_survives_the_death_of_the_archive(
    signed_in: Page, portal: Portal, drop: Drop
) -> None:
    walk.create_project(signed_in, "Bad day", KEY)
    before = orthanc_pids(portal)
    assert before
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    walk.upload_folder(signed_in, KEY, drop.folder / "CT_Hedwig")
    signed_in.reload()
    assert walk.outcomes(signed_in) == {"stored": SLICES}
    signed_in.goto(f"/projects/{KEY}/")
    expect(signed_in.locator("tbody tr")).to_have_count(1)
    expect(signed_in.locator("tbody tr")).to_contain_text(re.compile(rf"1 / {SLICES}\b"))
