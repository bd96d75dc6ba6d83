"""Prints how long conversions take: python -m tests.bench.conversion (docs/benchmarks.md)."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from infra.errors import PackageError
from infra.local.packages import ensure_packages
from tests.bench.contestants import ROOT
from tests.bench.conversion.report import section
from tests.bench.conversion.rounds import make_sources, run_rounds
from tests.bench.conversion.workloads import MODULES, load
from tests.bench.page import put_section


def main(arguments: Sequence[str]) -> int:
    """Run the rounds of every workload, print and write the sections."""
    options = parse(arguments)
    has_failed = False
    for name in options.only:
        workload = load(name, options.small)
        folder = options.room / ("small" if options.small else "large") / name
        make_sources(name, options.small, folder)
        try:
            ensure_packages(workload.packages)
        except PackageError as error:
            say(str(error))  # the page names who is missing
        races = run_rounds(workload, folder, options.rounds, say)
        text = section(workload, races, options.rounds)
        sys.stdout.write(text)
        if options.write:
            put_section(options.write, text)
        has_failed |= any(race.error for race in races[:2])
    return 1 if has_failed else 0


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the options."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.conversion", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MODULES, default=MODULES)
    parser.add_argument("--small", action="store_true", help="a few files: does it work at all?")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--room", type=Path, default=ROOT / "var" / "bench" / "conversion")
    parser.add_argument("--write", type=Path, help="the page to write, beside printing it")
    return parser.parse_args(arguments)


def say(text: str) -> None:
    """Tell on stderr how far it is."""
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
