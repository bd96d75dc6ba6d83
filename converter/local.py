"""Convert into a folder without any database: no project, no history, no keys.

UIDs derive from contents and options alone, so that a second run finds its own files and says
that they are there already.
"""

import hashlib
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
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
from converter.options import ConvertOptions
from converter.step import ConvertStep, planned
from converter.unit_plans import UnitPlan
from pacs_portal.jobs.children import in_children
from pacs_portal.jobs.commandline import Sources
from pacs_portal.jobs.delivery import ALREADY_THERE, TAKEN, result_path
from pacs_portal.jobs.pipelines import EMPTY
from pacs_portal.jobs.placing import Placed, place_instance
from pacs_portal.jobs.planning import SYSTEM_FILE
from pacs_portal.jobs.report import file_report, output_report, whole_report
from pacs_portal.jobs.running import NO_OUTPUT
from pacs_portal.jobs.steps import DiskFullError, PlannedUnit, StepFile, StepResult
from pacs_portal.jobs.verdicts import disk_full_told
from pacs_portal.uploads.containers import NESTED_ZIP_LEVELS
from pacs_portal.uploads.errors import UnpackError
from pacs_portal.uploads.sniffing import sniff_file
from pacs_portal.uploads.unpacking import unpack_zip

# What counts when the outputs of one file ended differently: the first of these.
WORST_FIRST = ("failed", "written", "duplicate", "skipped")


@dataclass(frozen=True)
class LocalRun:
    """Where a run writes, and what the person chose."""

    output: Path
    work: Path  # inside the output folder, so that finished files are linked, not copied
    options: ConvertOptions


@dataclass(frozen=True)
class Found:
    """A file to look at: its name below the sources, how the report calls it, where it lies."""

    name: PurePosixPath
    shown: Path
    path: Path
    depth: int = 0  # how many zips it came out of


@dataclass
class FileEnd:
    """What became of one input."""

    shown: Path
    outcomes: set[str] = field(default_factory=set)
    reason: str = ""
    outputs: list[dict[str, str]] = field(default_factory=list)

    def add(self, outcome: str, reason: str = "") -> None:
        """Note how the file, or one of its outputs, ended."""
        self.outcomes.add(outcome)
        self.reason = self.reason or reason

    def report(self) -> dict[str, Any]:
        """Return the file's entry in the report."""
        if not self.outcomes:
            return file_report(self.shown, "failed", NO_OUTPUT)
        outcome = next(o for o in WORST_FIRST if o in self.outcomes)
        return file_report(self.shown, outcome, self.reason, self.outputs)


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
        plan = planned(list(_inputs(sources, run, ends)), options, _unkeyed_digest)
        for verdict in plan.verdicts:
            ends[verdict.receipt_id].add(str(verdict.outcome.value), verdict.sentence)
        for ended in _run_all(run, plan.units, workers):
            ends[ended.number].add(ended.outcome, ended.reason)
            if ended.output:
                ends[ended.number].outputs.append(ended.output)
    return whole_report([*(end.report() for end in ends), *sources.failures])


def _inputs(sources: Sources, run: LocalRun, ends: list[FileEnd]) -> Iterator[StepFile]:
    """Yield the files to convert, zips unpacked; the others have their end at once."""
    step = ConvertStep()
    waiting = deque(
        Found(name, entry.source, entry.source)
        for name, entry in sources.entries.items()
        if entry.source
    )
    while waiting:
        found = waiting.popleft()
        end, kind = FileEnd(found.shown), sniff_file(found.path, found.name)
        if kind == "zip" and found.depth <= NESTED_ZIP_LEVELS:
            try:
                with disk_full_told():
                    waiting.extend(_members(found, run))
                continue  # its files take its place in the report
            except (UnpackError, DiskFullError) as error:
                end.add("failed", error.sentence)
        elif kind == "system":
            end.add("skipped", SYSTEM_FILE)
        elif kind == "empty":
            end.add("failed", EMPTY[1])
        elif refusal := step.refusal(kind):
            end.add("failed", refusal[1])
        else:
            yield StepFile(found.path, (len(ends),), kind, found.name)
        ends.append(end)


def _members(found: Found, run: LocalRun) -> list[Found]:
    folder = Path(tempfile.mkdtemp(dir=run.work))
    return [
        Found(
            name=found.name / member.path,
            shown=found.shown / member.path,
            path=folder / str(member.number),
            depth=found.depth + 1,
        )
        for member in unpack_zip(found.path, folder)
    ]


def _run_all(run: LocalRun, units: Sequence[PlannedUnit], workers: int) -> Iterator[Ended]:
    """Convert all sources, on every core where there are several; label maps after images."""
    tasks = [
        task
        for unit in units
        for task in tasks_of(unit.files, UnitPlan.all_of(unit.values, unit.private, run.options))
    ]
    made: set[str] = set()
    for task, ends in _run_some(run, [t for t in tasks if not t.plan.drawn_on], workers):
        if {end.outcome for end in ends} <= {"written", "duplicate"}:
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
