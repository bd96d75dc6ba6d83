"""The page of the benchmark: who was measured, on what, and the figures as they fell."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.bench.measuring import Measured

PAGE = """## Throughput of `manage.py pseudonymize … --output`

{count:,} CT instances of 0.5 MB (512 x 512, 16 bit) in several series and patients. Whole
processes, start-up included; medians of {rounds} interleaved rounds with warm caches,
nothing removed in between: for minutes after, ext4 makes new files more slowly.
Measured on {date}: {machine}; load {load} at the end.

{table}

The goal, for 10,000 images: *ours/peer* at most 1 for `dcmodify` and `gdcmanon`, 2 for `cp -r`, 0.2
for dcmanon, 0.1 for dicom-anonymizer; the first read within 1.2 s; at most 160 MB.

*Ours/peer* below 1 means that ours is faster; processor seconds tell it where other work slowed the
machine down. *Peak memory* is that of the largest process. *Copy and SHA-256 alone* does nothing
else, in Python too: no program that keeps a checksum of each file is faster than that.
*First read* is the time from the start of the process until it opens the first image.
Ours recognizes the patients in its registry, applies the whole profile at every depth, takes a last
look at what it writes, and keeps a receipt with a checksum of each file; `dcmodify` replaces
{changes} attributes in place on a copy, `gdcmanon` and the tools from PyPI apply the Basic Profile
as they understand it, and none of them knows a patient twice. Nobody waits for the disk.
{missing}"""
HEAD = (
    "| | seconds | ours/peer | processor seconds | ours/peer | peak memory | first read |\n"
    "|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True)
class Outcome:
    """What the rounds of one contestant gave, or why there are none."""

    name: str
    runs: Sequence[Measured]
    error: str = ""

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        return median(run.cpu_seconds for run in self.runs)


def page(outcomes: Sequence[Outcome], facts: Mapping[str, object]) -> str:
    """Return the section of docs/benchmarks.md; the first outcome is ours."""
    missing = [f"- {each.name}: {each.error}" for each in outcomes if each.error]
    told = "\nNot measured:\n\n" + "\n".join(missing) + "\n" if missing else ""
    return PAGE.format(
        table=table(outcomes),
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        load=f"{os.getloadavg()[1]:.1f}",
        missing=told,
        **facts,
    )


def table(outcomes: Sequence[Outcome]) -> str:
    """Return one line per contestant that was measured."""
    ours = outcomes[0]
    return "\n".join([HEAD, *(_line(each, ours) for each in outcomes if each.runs)])


def _line(outcome: Outcome, ours: Outcome) -> str:
    peak = max(run.peak_mb for run in outcome.runs)
    firsts = [run.first_read_seconds for run in outcome.runs if run.first_read_seconds]
    first = f"{median(firsts):.2f} s" if firsts else "–"
    is_compared = outcome is not ours and ours.runs
    times = [(ours.seconds, outcome.seconds), (ours.cpu_seconds, outcome.cpu_seconds)]
    cells = [
        cell
        for mine, other in times
        for cell in (f"{other:.2f}", f"{mine / other:.2f}" if is_compared and other else "")
    ]
    return f"| {' | '.join([outcome.name, *cells, f'{peak:.0f} MB', first])} |"


def machine() -> str:
    """Return the class of this machine: cores, memory, system; no name."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores ({_processor()}), {memory_gb:.0f} GB memory, {_system()}, "
        f"Python {platform.python_version()}"
    )


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return platform.system()
