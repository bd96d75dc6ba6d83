"""Prints how long our command and its peers take: python -m tests.bench (docs/benchmarks.md)."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from infra.errors import PackageError
from infra.local.packages import ensure_packages
from tests.bench.contestants import (
    DEBIAN_PACKAGES,
    ERASED,
    REPLACED,
    ROOT,
    Contestant,
    check_complete,
    contestants,
    prepare,
)
from tests.bench.leftovers import put_away
from tests.bench.measuring import Measured, RunError, measure
from tests.bench.page import put_section
from tests.bench.table import Outcome, page


@dataclass
class Race:
    """One contestant on its way through the rounds; who failed once starts no more."""

    contestant: Contestant
    runs: list[Measured] = field(default_factory=list)
    error: str = ""

    def run(self, sources: Path, out: Path, count: int) -> None:
        """Measure one round."""
        prepare(self.contestant, sources, out)
        command = self.contestant.command(sources, out)
        try:
            measured = measure(command, sources, self.contestant.environment)
            check_complete(out, count)
        except RunError as error:
            self.error, self.runs = str(error), []
            return
        self.runs.append(measured)
        say(f"{self.contestant.name}: {measured.seconds:.2f} s")


def main(arguments: Sequence[str]) -> int:
    """Make the images, run the rounds, print and write the page."""
    options = parse(arguments)
    sources = options.room / "images" / str(options.count)
    options.room.mkdir(parents=True, exist_ok=True)
    if not sources.exists():
        # In another process: the memory of this one would count for its children.
        make = [sys.executable, "-m", "tests.bench.images", str(sources), str(options.count)]
        subprocess.run(make, check=True, cwd=ROOT)
    try:
        ensure_packages(DEBIAN_PACKAGES)
    except PackageError as error:
        say(str(error))  # the page names who is missing
    races = [Race(each, error=each.missing) for each in contestants(options.room)]
    for number in range(options.rounds):
        say(f"round {number + 1} of {options.rounds}")
        for race in races:
            if not race.error:
                race.run(sources, options.room / "out", options.count)
    put_away(options.room / "out")
    outcomes = [Outcome(race.contestant.name, race.runs, race.error) for race in races]
    changes = len(REPLACED) + len(ERASED)
    text = page(outcomes, {"count": options.count, "rounds": options.rounds, "changes": changes})
    sys.stdout.write(text)
    if options.write:
        put_section(options.write, text)
    return 1 if races[0].error else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="images; the goal names 10,000")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--room", type=Path, default=ROOT / "var" / "bench", help="working folder")
    parser.add_argument("--write", type=Path, help="the page to write, beside printing it")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    """Tell on stderr how far it is."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
