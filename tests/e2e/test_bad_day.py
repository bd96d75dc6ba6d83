"""The archive dies in the middle of a job; the job waits and goes on."""

import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e import walk
from tests.e2e.planted import SLICES, Drop, make_drop
from tests.e2e.portal import Portal, orthanc_pids

KEY = "bad-day"
ESTABLISHED = "01"
VIEWERS = 24  # as many requests as four of them have under way


@pytest.fixture(scope="module")
def drop(tmp_path_factory: pytest.TempPathFactory) -> Drop:
    return make_drop(tmp_path_factory.mktemp("person"))


def connections_to(port: int) -> int:
    """Return how many connections to a port of this machine stand."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(row[2].endswith(f":{port:04X}") and row[3] == ESTABLISHED for row in rows)


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


def test_the_pages_stay_open_while_the_archive_hangs_and_many_viewers_wait(
    signed_in: Page, portal: Portal
) -> None:
    cookies = {one["name"]: one["value"] for one in signed_in.context.cookies()}
    with (
        httpx.Client(base_url=portal.url, cookies=cookies, timeout=60, trust_env=False) as client,
        ThreadPoolExecutor(VIEWERS) as viewers,
    ):
        [study] = client.get(f"/projects/{KEY}/dicom-web/studies").json()
        address = f"/dicom-web/studies/{study['0020000D']['Value'][0]}/metadata"
        assert client.get(address).status_code == 200
        hanging = orthanc_pids(portal)
        for pid in hanging:
            os.kill(pid, signal.SIGSTOP)
        try:
            waiting = [viewers.submit(client.get, address) for _ in range(VIEWERS)]
            archive_port = int((portal.data / "orthanc" / "port").read_text())
            end = time.monotonic() + 30
            while connections_to(archive_port) < VIEWERS:
                assert time.monotonic() < end, "not all of them reached the archive"
                time.sleep(0.1)
            signed_in.goto(f"/projects/{KEY}/jobs/")
            expect(signed_in.locator("tbody tr")).to_have_count(1)
            assert not any(one.done() for one in waiting)
        finally:
            for pid in hanging:
                os.kill(pid, signal.SIGCONT)
        assert {one.result().status_code for one in waiting} == {200}
