"""The sections of docs/benchmarks.md: one for each workload."""

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from statistics import median

from tests.bench.conversion.rounds import Race
from tests.bench.conversion.workloads import Goal, Workload
from tests.bench.table import machine

SECTION = """## Throughput of `manage.py convert … --output`: {title}

Whole processes, start-up included; medians of {rounds} interleaved rounds with warm caches,
nothing removed in between.
Measured on {date}: {machine}; load {load} at the end.

{table}

{goals}

{note}
Processor seconds tell what the work costs where other work slowed the machine down.
*In a running worker*: the same work from the first look at the sources to the last receipt, by
processes that have converted one of them before, without the start-up of Python and imports.
{missing}"""
HEAD = (
    "| | seconds | command/peer | worker/peer | processor seconds | command/peer | worker/peer "
    "| peak memory | first read |\n"
    "|---|---|---|---|---|---|---|---|---|"
)


def section(workload: Workload, races: Sequence[Race], rounds: int) -> str:
    """Return the section of a workload; the first two races are ours."""
    missing = [f"- {race.contestant.name}: {race.error}" for race in races if race.error]
    told = "\nNot measured:\n\n" + "\n".join(missing) + "\n" if missing else ""
    return SECTION.format(
        title=workload.title,
        rounds=rounds,
        date=datetime.now(UTC).date().isoformat(),
        machine=machine(),
        load=f"{os.getloadavg()[1]:.1f}",
        table=table(races),
        goals=goals(workload, races),
        note=workload.note,
        missing=told,
    )


def table(races: Sequence[Race]) -> str:
    """Return one line per contestant that was measured."""
    return "\n".join([HEAD, *(_line(race, races) for race in races if race.runs)])


def _line(race: Race, races: Sequence[Race]) -> str:
    ours = [] if race in races[:2] else races[:2]
    times = [seconds(race), *(ratio(mine, race) for mine in ours)]
    cpu_times = [cpu_seconds(race), *(ratio(mine, race, cpu_seconds) for mine in ours)]
    firsts = [run.first_read_seconds for run in race.runs if run.first_read_seconds]
    first = f"{median(firsts):.2f} s" if firsts else "–"
    peak = f"{max(run.peak_mb for run in race.runs):.0f} MB"
    cells = [*_three(times), *_three(cpu_times), peak, first]
    return f"| {' | '.join([race.contestant.name, *cells])} |"


def _three(times: Sequence[float | str]) -> list[str]:
    told = [each if isinstance(each, str) else f"{each:.2f}" for each in times]
    return [*told, *[""] * (3 - len(told))]


def goals(workload: Workload, races: Sequence[Race]) -> str:
    """Say what was aimed at, and what came out."""
    by_name = {race.contestant.name: race for race in races}
    told = [_goal(goal, races, by_name[goal.peer]) for goal in workload.goals]
    if workload.memory_mb and races[0].runs:
        peak = max(run.peak_mb for run in races[0].runs)
        told.append(f"at most {workload.memory_mb} MB (here {peak:.0f})")
    return f"The goal: {'; '.join([*told, 'the first read within 1.2 s'])}."


def _goal(goal: Goal, races: Sequence[Race], peer: Race) -> str:
    command, worker = (ratio(ours, peer) for ours in races[:2])
    told = f"{goal.command} of {goal.peer} (here {command})"
    return told if goal.worker is None else f"{told}, {goal.worker} in a worker (here {worker})"


def seconds(race: Race) -> float:
    """Return the median of the rounds."""
    return median(run.seconds for run in race.runs)


def cpu_seconds(race: Race) -> float:
    """Return the median of the rounds, of all processors together."""
    return median(run.cpu_seconds for run in race.runs)


def ratio(ours: Race, peer: Race, measure: Callable[[Race], float] = seconds) -> str:
    """Return how much of a peer's time ours takes."""
    return f"{measure(ours) / measure(peer):.2f}" if ours.runs and peer.runs else "–"
