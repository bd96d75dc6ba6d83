"""The benchmark works; how fast anything is, no test decides."""

import sys
from pathlib import Path

import pytest

from tests.bench.__main__ import Race
from tests.bench.contestants import Contestant, ours
from tests.bench.images import make_images
from tests.bench.measuring import Measured, RunError, measure
from tests.bench.table import Outcome, table

COUNT = 6


@pytest.fixture
def images(tmp_path) -> Path:
    make_images(tmp_path / "images", COUNT)
    return tmp_path / "images"


def test_our_command_is_measured_over_all_files(images, tmp_path) -> None:
    race = Race(ours(tmp_path / "portal"))
    for _ in range(2):
        race.run(images, tmp_path / "out", COUNT)
    assert race.error == ""
    for run in race.runs:
        assert 0 < run.first_read_seconds < run.seconds
        assert 10 < run.peak_mb < 300
    outputs = list((tmp_path / "out").rglob("*.dcm"))
    assert len(outputs) == COUNT


def test_who_leaves_files_out_is_named_and_starts_no_more(images, tmp_path) -> None:
    race = Race(Contestant("lazy", lambda sources, out: ["mkdir", str(out)]))
    race.run(images, tmp_path / "out", COUNT)
    assert race.error == f"wrote 0 of {COUNT} files"
    assert race.runs == []


def test_what_a_run_wrote_gives_its_room_back_and_keeps_its_inodes(images, tmp_path) -> None:
    out = tmp_path / "out"
    race = Race(Contestant("copy", lambda sources, out: ["cp", "-r", str(sources), str(out)]))
    for _ in range(3):
        race.run(images, out, COUNT)
    spent = [path.stat() for path in (tmp_path / "spent").rglob("*.dcm")]
    assert len(race.runs) == 3
    assert len({status.st_ino for status in spent}) == 2 * COUNT
    assert sum(status.st_size for status in spent) == 0


def test_a_failure_says_its_last_line(images) -> None:
    command = [sys.executable, "-c", "import sys; sys.exit('no room')"]
    with pytest.raises(RunError, match="status 1: no room"):
        measure(command, images, {})


def test_the_memory_of_who_measures_does_not_count(images) -> None:
    ballast = b"1" * (200 << 20)
    assert measure(["true"], images, {}).peak_mb < 100 < len(ballast) >> 20


def test_who_cannot_start_is_named(images) -> None:
    with pytest.raises(RunError, match="no-such-tool: No such file"):
        measure(["no-such-tool"], images, {})


def test_the_table_compares_medians() -> None:
    ours_ = Outcome("ours", [Measured(s, 2 * s, 90, 0.5) for s in (9.0, 2.0, 3.0)])
    peer = Outcome("peer", [Measured(s, s, 20, None) for s in (6.0, 1.0, 7.0)])
    lines = table([ours_, peer]).splitlines()[2:]
    assert lines == [
        "| ours | 3.00 |  | 6.00 |  | 90 MB | 0.50 s |",
        "| peer | 6.00 | 0.50 | 6.00 | 1.00 | 20 MB | – |",
    ]
