"""The rounds of one workload: everybody in turn, so that a busy machine is fair to all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.contestants import ROOT, Contestant, prepare
from tests.bench.conversion.workloads import Workload
from tests.bench.leftovers import put_away
from tests.bench.measuring import Measured, RunError, measure

OURS, IN_A_WORKER = "manage.py convert", "the same in a running worker"


@dataclass
class Race:
    """One contestant on its way through the rounds; who failed once starts no more."""

    contestant: Contestant
    runs: list[Measured] = field(default_factory=list)
    error: str = ""
    clock: Path | None = None  # where the process says how long the work took, in two numbers

    def run(self, sources: Path, out: Path, outputs: int) -> None:
        """Measure one round."""
        prepare(self.contestant, sources, out)
        try:
            command = self.contestant.command(sources, out)
            measured = measure(command, sources, self.contestant.environment)
            check_outputs(out, outputs)
        except RunError as error:
            self.error, self.runs = str(error), []
            return
        if self.clock:
            seconds, cpu_seconds = map(float, self.clock.read_text().split())
            measured = Measured(seconds, cpu_seconds, measured.peak_mb, None)
        self.runs.append(measured)


def run_rounds(
    workload: Workload, folder: Path, rounds: int, say: Callable[[str], object]
) -> list[Race]:
    """Let everybody convert the sources in `folder` `rounds` times."""
    sources = folder / "sources"
    races = [*_our_races(workload, folder), *_peer_races(workload, folder)]
    for number in range(rounds):
        for race in races:
            if not race.error:
                race.run(sources, folder / "out", workload.outputs)
                told = race.error or f"{race.runs[-1].seconds:.2f} s"
                say(f"{workload.name}, round {number + 1}, {race.contestant.name}: {told}")
    put_away(folder / "out")
    return races


def make_sources(name: str, is_small: bool, folder: Path) -> None:
    """Make the sources of a workload below `folder` once, whole or not at all."""
    sources, part = folder / "sources", folder / "sources.part"
    if sources.exists():
        return
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    # In another process: the memory of this one would count for its children.
    make = [sys.executable, "-m", f"{__package__}.make", name, str(int(is_small)), str(part)]
    subprocess.run(make, check=True, cwd=ROOT)
    part.rename(sources)


def check_outputs(out: Path, least: int) -> None:
    """Refuse a run that left files out."""
    written = sum(1 for path in out.rglob("*") if path.is_file())
    if written < least:
        raise RunError(f"wrote {written} of {least} files")


def _our_races(workload: Workload, folder: Path) -> list[Race]:
    """Return our command, and its work alone in a process that has done such work before."""
    # Away from any portal of this machine: without a project the command needs none.
    environment = {
        "PACS2GO_DATA": str(folder / "portal"),
        "PACS2GO_SECRET_KEY": "only-for-the-benchmark-" + 32 * "x",
    }
    clock = folder / "seconds"

    def command(sources: Path, out: Path) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), *_arguments(workload, sources, out)]

    def warm(sources: Path, out: Path) -> list[str]:
        clock.unlink(missing_ok=True)
        script = Path(__file__).with_name("warm.py")
        return [sys.executable, str(script), str(clock), *_arguments(workload, sources, out)]

    return [
        Race(Contestant(OURS, command, environment)),
        Race(Contestant(IN_A_WORKER, warm, {**environment, "PYTHONPATH": str(ROOT)}), clock=clock),
    ]


def _arguments(workload: Workload, sources: Path, out: Path) -> list[str]:
    return ["convert", str(sources), "--output", os.fspath(out), *workload.arguments]


def _peer_races(workload: Workload, folder: Path) -> list[Race]:
    return [Race(peer, error=peer.missing) for peer in workload.peers(folder / "peers")]
