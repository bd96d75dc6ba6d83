"""Children that end of a task: their parent says so, and does the rest."""

import os
import signal
import time
from pathlib import Path

import pytest

from pacs_portal.jobs.children import End, Room, in_children


def seconds(limit: float):
    return lambda task: limit


def outcome(tasks, work, processes: int = 2, limit: float = 30) -> dict[int, object]:
    return dict(in_children(tasks, work, Room(processes, seconds(limit))))


def test_every_task_gets_its_result() -> None:
    assert outcome(range(20), lambda task: task**2) == {n: n**2 for n in range(20)}


def test_the_work_is_done_elsewhere_and_by_several() -> None:
    pids = set(outcome(range(8), lambda task: (time.sleep(0.05), os.getpid())[1]).values())
    assert os.getpid() not in pids
    assert len(pids) == 2


@pytest.mark.parametrize("processes", [1, 2])
def test_a_task_that_takes_too_long_ends_alone(processes) -> None:
    def work(task: int) -> int:
        if task == 3:
            while True:
                pass
        return task

    found = outcome(range(8), work, processes, limit=1)
    assert found == {**{n: n for n in range(8)}, 3: End.TIME}


def test_a_task_that_takes_too_much_memory_ends_alone(settings) -> None:
    settings.WORKER_MEMORY_MB = 700

    def work(task: int) -> int:
        return len(bytearray(2**30)) if task == 2 else task

    assert outcome(range(5), work) == {0: 0, 1: 1, 2: End.MEMORY, 3: 3, 4: 4}


def test_what_nobody_foresaw_ends_alone() -> None:
    def work(task: int) -> int:
        if task == 1:
            raise LookupError("Mueller^Hans")
        return task

    assert outcome(range(3), work) == {0: 0, 1: End.FAILURE, 2: 2}


def test_a_child_that_is_killed_once_costs_nothing(tmp_path: Path) -> None:
    def work(task: int) -> int:
        mark = tmp_path / f"{task}"
        if task == 4 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    assert outcome(range(8), work) == {n: n for n in range(8)}


def test_a_task_whose_child_dies_each_time_is_given_up_after_two(tmp_path: Path) -> None:
    def work(task: int) -> int:
        if task == 4:
            with (tmp_path / "tries").open("a") as file:
                file.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return task

    assert outcome(range(8), work) == {**{n: n for n in range(8)}, 4: End.KILLED}
    assert (tmp_path / "tries").read_text() == "xx"


def test_who_stops_early_leaves_no_child_behind() -> None:
    results = in_children(
        range(50), lambda task: (time.sleep(0.02), os.getpid())[1], Room(2, seconds(9))
    )
    _, pid = next(results)
    results.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nothing_to_do_starts_nothing() -> None:
    assert outcome([], lambda task: task) == {}
