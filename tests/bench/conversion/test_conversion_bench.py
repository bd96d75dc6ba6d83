"""The benchmark of conversions works for every workload; how fast anything is, no test decides."""

import sys
from pathlib import Path

import pytest

from tests.bench.contestants import Contestant
from tests.bench.conversion.report import section, table
from tests.bench.conversion.rounds import Race, make_sources, run_rounds
from tests.bench.conversion.workloads import MODULES, load
from tests.bench.measuring import Measured


@pytest.mark.parametrize("name", MODULES)
def test_everybody_who_is_here_is_measured_over_all_files(name, tmp_path) -> None:
    workload = load(name, is_small=True)
    make_sources(name, True, tmp_path)
    races = run_rounds(workload, tmp_path, 1, lambda told: None)
    command, worker, *peers = races
    assert [race.error for race in races] == [race.contestant.missing for race in races]
    assert 0 < command.runs[0].first_read_seconds < command.runs[0].seconds
    assert 0 < worker.runs[0].seconds < command.runs[0].seconds
    assert {goal.peer for goal in workload.goals} <= {race.contestant.name for race in peers}
    assert workload.title in section(workload, races, 1)


def test_who_leaves_files_out_is_named_and_starts_no_more(tmp_path) -> None:
    race = Race(Contestant("lazy", lambda sources, out: ["mkdir", str(out)]))
    race.run(tmp_path, tmp_path / "out", 3)
    assert race.error == "wrote 0 of 3 files"
    assert race.runs == []


def test_the_time_of_a_worker_is_the_one_it_tells_itself(tmp_path) -> None:
    clock = tmp_path / "seconds"
    tell = f"open({str(clock)!r}, 'w').write('0.25 0.5')"
    race = Race(Contestant("warm", lambda *_: [sys.executable, "-c", tell]), clock=clock)
    race.run(tmp_path, tmp_path / "out", 0)
    assert [(run.seconds, run.cpu_seconds) for run in race.runs] == [(0.25, 0.5)]


def test_the_table_compares_command_and_worker_with_every_peer() -> None:
    ours = Race(Contestant("ours", _nothing), [Measured(s, 2 * s, 90, 0.5) for s in (9.0, 2.0, 3)])
    warm = Race(Contestant("warm", _nothing), [Measured(1.5, 2, 80, None)], clock=Path("seconds"))
    peer = Race(Contestant("peer", _nothing), [Measured(s, s, 20, None) for s in (6.0, 1, 7)])
    assert table([ours, warm, peer]).splitlines()[2:] == [
        "| ours | 3.00 |  |  | 6.00 |  |  | 90 MB | 0.50 s |",
        "| warm | 1.50 |  |  | 2.00 |  |  | 80 MB | – |",
        "| peer | 6.00 | 0.50 | 0.25 | 6.00 | 1.00 | 0.33 | 20 MB | – |",
    ]


def _nothing(sources: Path, out: Path) -> list[str]:
    return []
