"""Part 0 of a job: unpack, sniff, group into units, fix patients and UIDs, cut into parts."""

import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, TypeVar

from django.conf import settings
from django.db.models import DateTimeField, F, Max, UUIDField, Value
from django.utils import timezone

from pacs_portal.inserting import insert_selected
from pacs_portal.jobs.archived import fetch_inputs
from pacs_portal.jobs.held.aside import put_aside
from pacs_portal.jobs.inputs import Input, read_inputs
from pacs_portal.jobs.leases import Lease, guarded
from pacs_portal.jobs.models import (
    FileReceipt,
    Job,
    JobPart,
    Outcome,
    PartKind,
    PartState,
)
from pacs_portal.jobs.options import options_of
from pacs_portal.jobs.pipelines import KEEP, choose_first_step, find_step, is_keeping, pipeline
from pacs_portal.jobs.receipts import FileResult, Hold, finish_part, write_results
from pacs_portal.jobs.steps import (
    DiskFullError,
    PlannedUnit,
    PreparesTogether,
    Step,
    StepFile,
    Verdict,
)
from pacs_portal.jobs.unit_rows import NewUnit, write_units
from pacs_portal.jobs.verdicts import SYSTEM_FILE, UNFORESEEN
from pacs_portal.projects.keys import project_keys, sealing_keys
from pacs_portal.uploads.errors import StorageFullError
from pacs_portal.uploads.models import UploadFile
from pacs_portal.uploads.services import (
    input_files,
    local_path,
    located,
    relative_path,
    sniff_file,
    unpack_containers,
)

BATCH_ROWS = 500
PARTS_PER_CORE = 4
T = TypeVar("T")


class Attempt(Protocol):
    """Runs what a tool brought; None means that it failed in a way it did not foresee."""

    def __call__(self, work: Callable[[], T], /) -> T | None: ...


@dataclass(repr=False)
class Draft:
    """A plan in the making; nothing of it is in the database yet."""

    job: Job
    receipts: dict[int, Input]  # by id
    units: dict[tuple[str, ...], list[PlannedUnit]] = field(
        default_factory=lambda: defaultdict(list)
    )
    results: dict[int, FileResult] = field(default_factory=dict)

    def judge(self, verdict: Verdict) -> None:
        """Note what became of a file already now; the first verdict stands."""
        file = self.receipts.get(verdict.receipt_id)
        if file is None or file.receipt_id in self.results:
            return
        is_held = verdict.outcome == Outcome.HELD
        self.results[file.receipt_id] = FileResult(
            receipt_id=file.receipt_id,
            outcome=Outcome(verdict.outcome),
            code=verdict.code,
            sentence=verdict.sentence,
            stage=verdict.stage or "plan",
            hold=self._put_aside(file) if is_held else None,
        )

    def _put_aside(self, file: Input) -> Hold:
        return put_aside(self.job, file, located(file, project_keys(self.job.project_id)))

    def fail(self, files: Iterable[StepFile], code: str, sentence: str) -> None:
        """Let every file fail for the same reason."""
        for receipt_id in (pk for file in files for pk in file.receipt_ids):
            self.judge(Verdict(receipt_id, Outcome.FAILED, code, sentence))


def plan_job(lease: Lease, attempt: Attempt) -> Draft:
    """Plan the job of a plan part; a plan that is cut short leaves nothing but waiting receipts.

    Raises
    ------
    LeaseLostError
        If another worker plans the job now.
    StepUnavailableError
        If a step needs a service that is away, or the disk is full.
    """
    job = Job.objects.select_related("project", "upload").get(pk=lease.job_id)
    refused = _unpacked(job)
    sniff_files(lease, job)
    draft = Draft(job, make_receipts(lease, job))
    refused |= fetch_inputs(lease, job)
    for steps, units in draft_units(draft, refused, attempt).items():
        prepare_units(draft, steps, units, attempt)
    commit_plan(lease, draft)
    return draft


def _unpacked(job: Job) -> dict[int, tuple[str, str]]:
    """Unpack the job's zips; return code and sentence of those that are refused, by file."""
    try:
        return {file.pk: (code, text) for file, code, text in unpack_containers(job.upload)}
    except StorageFullError:
        raise DiskFullError from None


def sniff_files(lease: Lease, job: Job) -> None:
    """Note the kind of every file that has none yet."""
    keys = project_keys(job.project_id)
    unknown = list(input_files(job.upload).filter(kind="").select_related("upload"))
    for start in range(0, len(unknown), BATCH_ROWS):
        batch = unknown[start : start + BATCH_ROWS]
        for file in batch:
            file.kind = sniff_file(local_path(file), relative_path(file, keys))
        with guarded(lease):
            UploadFile.objects.bulk_update(batch, ["kind"], batch_size=BATCH_ROWS)


def make_receipts(lease: Lease, job: Job) -> dict[int, Input]:
    """Give every input a receipt; return those that wait for a plan."""
    new = input_files(job.upload).exclude(pk__in=job.receipts.values("upload_file_id"))
    with guarded(lease):
        insert_selected(
            FileReceipt,
            new.order_by("number"),
            job=Value(job.pk, UUIDField()),
            upload_file=F("pk"),
            outcome=Value(Outcome.WAITING.value),
            code=Value(""),
            reason=Value(""),
            attempts=Value(0),
            updated_at=Value(timezone.now(), DateTimeField()),
        )
    waiting = job.receipts.filter(unit=None, outcome=Outcome.WAITING)
    files = read_inputs(waiting.order_by("upload_file__number"), job.upload_id)
    return {file.receipt_id: file for file in files}


def draft_units(
    draft: Draft, refused: Mapping[int, tuple[str, str]], attempt: Attempt
) -> dict[tuple[str, ...], list[PlannedUnit]]:
    """Let each first step group its files; what no step takes has its verdict."""
    options, keys = options_of(draft.job), project_keys(draft.job.project_id)
    groups: dict[str, list[StepFile]] = defaultdict(list)
    for file in draft.receipts.values():
        verdict = _refusal(draft.job, file, refused)
        if isinstance(verdict, Verdict):
            draft.judge(verdict)
        else:
            groups[verdict.name].append(file.as_step_file(keys))
    planned: dict[tuple[str, ...], list[PlannedUnit]] = defaultdict(list)
    kept_too = _tables_to_keep(draft.job, groups.values())
    for name, files in groups.items():
        step = find_step(name)
        plan = attempt(partial(step.plan, draft.job, files, options))
        if plan is None:
            draft.fail(files, "unforeseen", UNFORESEEN)
            continue
        for verdict in plan.verdicts:
            if verdict.receipt_id not in kept_too or verdict.outcome != Outcome.SKIPPED:
                draft.judge(verdict)
                kept_too.pop(verdict.receipt_id, None)
        planned[pipeline(draft.job, step)] += plan.units
    tables = KEEP.plan(draft.job, list(kept_too.values()), options)
    planned[pipeline(draft.job, KEEP)] += tables.units
    return planned


def _tables_to_keep(job: Job, groups: Iterable[Sequence[StepFile]]) -> dict[int, StepFile]:
    """Return the tables, by receipt, that are kept with the project after a tool read them."""
    files = (file for files in groups for file in files if file.kind == "table")
    return {file.receipt_ids[0]: file for file in files} if is_keeping(job) else {}


def prepare_units(
    draft: Draft, steps: tuple[str, ...], units: Sequence[PlannedUnit], attempt: Attempt
) -> None:
    """Let the steps fix patients and UIDs: of all units at once or, where that fails, of each."""
    prepared = attempt(partial(_prepared, draft.job, steps, units))
    if prepared is not None:
        draft.units[steps] += prepared
        return
    for unit in units:
        alone = attempt(partial(_prepared, draft.job, steps, [unit]))
        if alone is None:
            draft.fail(unit.files, "unforeseen", UNFORESEEN)
        else:
            draft.units[steps] += alone


def commit_plan(lease: Lease, draft: Draft) -> None:
    """Write parts, units and early verdicts, and end the plan, in one transaction."""
    with guarded(lease):
        last = draft.job.parts.aggregate(last=Max("number"))["last"]
        numbers = itertools.count(last + 1)
        for steps, units in draft.units.items():
            for part_units in cut_into_parts(units):
                _write_part(draft.job, next(numbers), steps, part_units)
        write_results(lease, list(draft.results.values()))
        finish_part(lease, PartState.DONE)


def cut_into_parts(units: Sequence[PlannedUnit]) -> Iterator[list[PlannedUnit]]:
    """Cut by bytes and units; the fewer are left, the smaller, so that all cores end together."""
    shares = PARTS_PER_CORE * (os.cpu_count() or 1)
    part: list[PlannedUnit] = []
    part_bytes = most = 0
    for number, unit in enumerate(units):
        size = sum(_size_of(file) for file in unit.files)
        if part and (len(part) >= most or part_bytes + size > settings.PART_MAX_BYTES):
            yield part
            part, part_bytes = [], 0
        if not part:
            most = min(settings.PART_MAX_UNITS, -(-(len(units) - number) // shares))
        part.append(unit)
        part_bytes += size
    if part:
        yield part


def _size_of(file: StepFile) -> int:
    try:
        return file.path.stat().st_size
    except OSError:  # it went meanwhile, which its step tells
        return 0


def _refusal(job: Job, file: Input, refused: Mapping[int, tuple[str, str]]) -> Verdict | Step:
    if file.kind == "system":
        return Verdict(file.receipt_id, Outcome.SKIPPED, "system-file", SYSTEM_FILE)
    if file.file_id in refused:
        return Verdict(file.receipt_id, Outcome.FAILED, *refused[file.file_id], "input")
    chosen = choose_first_step(job, file.kind)
    return (
        Verdict(file.receipt_id, Outcome.FAILED, *chosen) if isinstance(chosen, tuple) else chosen
    )


def _prepared(
    job: Job, steps: tuple[str, ...], units: Sequence[PlannedUnit]
) -> Sequence[PlannedUnit]:
    for name in steps[:-1]:
        step = find_step(name)
        if isinstance(step, PreparesTogether):
            units = step.prepare_all(job, units)
        else:
            units = [step.prepare(job, unit) for unit in units]
    return units


def _write_part(
    job: Job, number: int, steps: tuple[str, ...], units: Sequence[PlannedUnit]
) -> None:
    part = JobPart.objects.create(job=job, number=number, kind=PartKind.WORK, steps=list(steps))
    rows = [
        NewUnit(
            n, unit.values, unit.private, [pk for file in unit.files for pk in file.receipt_ids]
        )
        for n, unit in enumerate(units)
    ]
    write_units(part, rows, sealing_keys(job.project_id))
