"""The worker as it runs: a master with its processes, stopped, killed, without its archive."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pacs_portal.jobs.installations import Installation, picture, prepared
from tests.services.orthanc import RunningOrthanc

MANAGE = Path(__file__).resolve().parents[3] / "manage.py"
WAIT_SECONDS = 40


def wait_until(is_true: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def is_running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.fixture
def start_worker() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(here: Installation, processes: int = 2) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(MANAGE), "worker", "--processes", str(processes)]
        log = (here.folder / "worker.log").open("ab")
        worker = subprocess.Popen(command, env=here.full_environment, stderr=log, stdout=log)
        log.close()
        started.append(worker)
        return worker

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


@pytest.fixture
def orthanc(tmp_path) -> Iterator[RunningOrthanc]:
    running = RunningOrthanc(tmp_path / "orthanc")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def here(tmp_path, orthanc) -> Installation:
    files = {f"photos-{n}/1.png": picture(n) for n in range(6)}
    return prepared(
        tmp_path / "here",
        "real",
        files,
        **orthanc.environment,
    )


def state(here: Installation) -> dict:
    return json.loads(here.call("inspect", here.job, here.kind).stdout)


def test_a_worker_does_what_waits_and_stops_cleanly_within_seconds(here, start_worker):
    worker = start_worker(here)
    wait_until(lambda: state(here)["state"] == "done")
    children = children_of(worker.pid)
    assert len(children) >= 2
    began = time.monotonic()
    worker.terminate()
    assert worker.wait(timeout=10) == 0
    assert time.monotonic() - began < 8
    assert not any(is_running(child) for child in children)


def test_a_process_that_dies_is_replaced_and_the_children_die_with_their_master(here, start_worker):
    worker = start_worker(here)
    wait_until(lambda: len(children_of(worker.pid)) >= 2)
    victim = children_of(worker.pid)[0]
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: victim not in children_of(worker.pid))
    wait_until(lambda: len(children_of(worker.pid)) >= 2)
    children = children_of(worker.pid)
    worker.kill()
    worker.wait()
    wait_until(lambda: not any(is_running(child) for child in children))


def test_a_job_waits_while_orthanc_is_stopped_and_goes_on_when_it_is_back(
    here, orthanc, start_worker
):
    orthanc.stop()
    start_worker(here)
    wait_until(lambda: state(here)["waits_for_service"])
    found = state(here)
    assert found["state"] == "running"
    assert {outcome for outcome, _ in found["outcomes"].values()} == {"waiting"}
    orthanc.start()
    wait_until(lambda: state(here)["state"] == "done", seconds=60)
    found = state(here)
    assert {outcome for outcome, _ in found["outcomes"].values()} == {"stored"}
    assert len(orthanc.get("/instances").json()) == 6


@pytest.mark.parametrize(("point", "number"), [("run", "1"), ("run", "3"), ("prepare", "1")])
def test_a_worker_that_slept_through_its_lease_records_nothing(tmp_path, point, number):
    here = prepared(tmp_path / "here", "toys", {"a/1": b"one", "b/1": b"two", "h/1": b"hold"})
    sleeper = here.start(f"tests.pacs_portal.jobs.toys:ToyStep.{point}", "after", number, "SIGSTOP")
    try:
        wait_until(lambda: is_stopped(sleeper.pid))
        assert here.finish()["state"] == "done"
        before = state(here)
    finally:
        sleeper.send_signal(signal.SIGCONT)
    assert sleeper.wait(timeout=WAIT_SECONDS) == 0
    assert state(here) == before
    assert before["outcomes"] == {
        "1": ["written", ""],
        "2": ["written", ""],
        "3": ["held", "name-found"],
    }
    assert (before["attempts"], len(before["written"]), before["work_folders"]) == (3, 2, 0)
    assert before["held_files"] == ["original", "output-0.dcm"]
