"""Convert into a folder without any database: no project, no history, no keys.

UIDs derive from contents and options alone, so that a second run finds its own files and says
that they are there already.
"""

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from converter.conversion import (
    Task,
    answered,
    convert_source,
    room_for,
    tasks_of,
    without_images,
)
from converter.local_folder import work_folder
from converter.local_inputs import FileEnd, inputs
from converter.options import ConvertOptions
from converter.step import planned
from converter.unit_plans import UnitPlan
from pacs_portal.jobs.children import in_children
from pacs_portal.jobs.commandline import Sources
from pacs_portal.jobs.delivery import ALREADY_THERE, TAKEN, result_path
from pacs_portal.jobs.placing import Placed, place_instance
from pacs_portal.jobs.report import output_report, whole_report
from pacs_portal.jobs.steps import DiskFullError, PlannedUnit, StepFile, StepResult
from pacs_portal.jobs.verdicts import disk_full_told


@dataclass(frozen=True)
class LocalRun:
    """Where a run writes, and what the person chose."""

    output: Path
    work: Path  # inside the output folder, so that finished files are linked, not copied
    options: ConvertOptions


@dataclass(frozen=True)
class Ended:
    """How one output of an input ended, or the input itself where none came out."""

    number: int
    outcome: str
    reason: str = ""
    output: dict[str, str] | None = None


def convert_locally(
    sources: Sources, output: Path, options: ConvertOptions, workers: int
) -> dict[str, Any]:
    """Convert `sources` into `output` and return the report; what fails does not stop the rest."""
    with work_folder(output) as work:
        run = LocalRun(output, work, options)
        ends: list[FileEnd] = []
        plan = planned(list(inputs(sources, run.work, ends)), options, _unkeyed_digest)
        for verdict in plan.verdicts:
            ends[verdict.receipt_id].add(str(verdict.outcome.value), verdict.sentence)
        for ended in _run_all(run, plan.units, workers):
            ends[ended.number].add(ended.outcome, ended.reason)
            if ended.output:
                ends[ended.number].outputs.append(ended.output)
    return whole_report([*(end.report() for end in ends), *sources.failures])


def _run_all(run: LocalRun, units: Sequence[PlannedUnit], workers: int) -> Iterator[Ended]:
    """Convert all sources, on every core where there are several; label maps after images."""
    tasks = [
        task
        for unit in units
        for task in tasks_of(unit.files, UnitPlan.all_of(unit.values, unit.private, run.options))
    ]
    made: set[str] = set()
    for task, ends in _run_some(run, [t for t in tasks if not t.plan.drawn_on], workers):
        if ends and all(end.outcome in {"written", "duplicate"} for end in ends):
            made.add(task.plan.series_uid)
        yield from ends
    drawn = [task for task in tasks if task.plan.drawn_on]
    for _task, ends in _run_some(run, [t for t in drawn if t.plan.drawn_on in made], workers):
        yield from ends
    for task in drawn:
        if task.plan.drawn_on not in made:
            yield from _verdicts(without_images(task))


def _run_some(
    run: LocalRun, tasks: Sequence[Task], workers: int
) -> Iterator[tuple[Task, list[Ended]]]:
    room = room_for(min(workers or os.cpu_count() or 1, len(tasks)))
    for number, answer in in_children(tasks, partial(_run_task, run), room):
        task = tasks[number]
        yield task, answer if isinstance(answer, list) else _verdicts(answered(answer, task))


def _run_task(run: LocalRun, task: Task) -> list[Ended]:
    """Convert one source and give the outputs their places."""
    try:
        with disk_full_told(), tempfile.TemporaryDirectory(dir=run.work) as work:
            result = convert_source(task.source, task.plan, Path(work))
            ended = [end for file in result.files for end in _placed(run, file)]
            return [*ended, *_verdicts(result)]
    except DiskFullError as error:
        numbers = task.source.whole.receipt_ids
        return [Ended(number, "failed", error.sentence) for number in numbers]


def _verdicts(result: StepResult) -> list[Ended]:
    return [Ended(v.receipt_id, str(v.outcome.value), v.sentence) for v in result.verdicts]


def _placed(run: LocalRun, file: StepFile) -> list[Ended]:
    """Give an output its place, unless another file has it; each of its inputs ends alike."""
    first, *others = file.receipt_ids
    end = _placed_once(run, file, first)
    return [end, *(replace(end, number=number, output=None) for number in others)]


def _placed_once(run: LocalRun, file: StepFile, number: int) -> Ended:
    facts = file.instance
    if facts is None:
        raise ValueError("The converter says which instance it made.")
    goal = run.output / result_path(file)
    output = output_report(goal, facts.sop_instance_uid, facts.sha256)
    placed = place_instance(file.path, goal, facts.sha256, is_linkable=True)
    if placed is Placed.TAKEN:
        return Ended(number, "failed", TAKEN)
    if placed is Placed.SAME:
        return Ended(number, "duplicate", ALREADY_THERE, output)
    return Ended(number, "written", output=output)


def _unkeyed_digest(*parts: bytes) -> bytes:
    message = b"".join(len(part).to_bytes(8) + part for part in parts)
    return hashlib.sha256(message).digest()
