"""Work on units: each file passes the steps, a batch of units is delivered and recorded at once."""

import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from pacs_portal.jobs.delivery import Delivered, Target, deliver
from pacs_portal.jobs.held import put_aside
from pacs_portal.jobs.leases import Lease, guarded
from pacs_portal.jobs.models import FileReceipt, Job, JobUnit, Outcome
from pacs_portal.jobs.options import options_of
from pacs_portal.jobs.pipelines import find_step
from pacs_portal.jobs.receipts import FileResult, OutputFacts
from pacs_portal.jobs.steps import StepFile, UnitContext, Verdict
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.uploads.models import FileState, UploadFile
from pacs_portal.uploads.paths import source_path
from pacs_portal.uploads.services import local_path, relative_path

# A batch is recorded when it holds this much or is this old: often enough to be seen moving.
BATCH_FILES = 200
BATCH_BYTES = 64 * 2**20
BATCH_SECONDS = 1.0
NO_OUTPUT = gettext_noop("No image came out of this file. Check that it opens elsewhere.")
GONE = gettext_noop("The file is no longer here. Upload it again.")
# What counts when the outputs of one file ended differently: the first of these.
WORST_FIRST = (
    Outcome.HELD,
    Outcome.FAILED,
    Outcome.STORED,
    Outcome.WRITTEN,
    Outcome.DUPLICATE,
)


@dataclass(frozen=True, repr=False)
class PartRun:
    """What the units of one part share."""

    job: Job
    lease: Lease
    steps: tuple[str, ...]
    options: dict[str, Any]
    work_dir: Path
    keys: ProjectKeys

    @property
    def target(self) -> Target:
        """Where the outputs go."""
        return Target(self.job, self.steps[-1], self.options, self.work_dir)


@dataclass(repr=False)
class UnitRun:
    """One unit: its waiting files, and what became of them so far."""

    unit: JobUnit
    receipts: dict[int, FileReceipt]
    inputs: list[StepFile]
    outputs: list[StepFile] = field(default_factory=list)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    # What a step made of a file and then held back.
    held_outputs: list[StepFile] = field(default_factory=list)
    suffix: str = ""

    @property
    def folder(self) -> str:
        """The name of the unit's work folder."""
        return f"{self.unit.pk}{self.suffix}"

    def apart(self) -> "list[UnitRun]":
        """Return every file of the unit as a unit of its own, before any step."""
        return [
            UnitRun(
                self.unit,
                {pk: receipt},
                [file for file in self.inputs if pk in file.receipt_ids],
                suffix=f".{number}",
            )
            for number, (pk, receipt) in enumerate(self.receipts.items())
        ]

    def judge(self, verdicts: Iterable[Verdict], stage: str) -> None:
        """Note verdicts; the first on a file stands."""
        for verdict in verdicts:
            if verdict.receipt_id in self.receipts:
                named = verdict if verdict.stage else _at_stage(verdict, stage)
                self.verdicts.setdefault(verdict.receipt_id, named)

    def fail_all(self, code: str, sentence: str, stage: str = "") -> None:
        """Let every file of the unit fail for the same reason."""
        self.outputs, self.held_outputs = [], []
        self.verdicts = {
            receipt_id: Verdict(receipt_id, Outcome.FAILED, code, sentence, stage)
            for receipt_id in self.receipts
        }


def start_part(lease: Lease, job: Job, steps: Sequence[str], work_dir: Path) -> PartRun:
    """Gather what the units of a part share."""
    keys = project_keys(job.project_id)
    return PartRun(job, lease, tuple(steps), options_of(job), work_dir, keys)


def waiting_units(run: PartRun) -> list[UnitRun]:
    """Return the units of the part with the files that wait, read in one go."""
    waiting = FileReceipt.objects.filter(
        unit__part_id=run.lease.part_id, outcome=Outcome.WAITING
    ).select_related("upload_file__upload", "unit")
    units: dict[int, UnitRun] = {}
    for receipt in waiting.order_by("unit__number", "upload_file__number"):
        if receipt.unit is not None:
            unit = units.setdefault(receipt.unit.pk, UnitRun(receipt.unit, {}, []))
            _take_in(run, unit, receipt)
    return list(units.values())


def _take_in(run: PartRun, unit: UnitRun, receipt: FileReceipt) -> None:
    """Add a waiting file to its unit; one that is gone has its verdict at once."""
    unit.receipts[receipt.pk] = receipt
    file = receipt.upload_file
    if file.state == FileState.RECEIVED:
        unit.inputs.append(step_file(file, receipt.pk, run.keys))
    else:
        unit.verdicts[receipt.pk] = Verdict(receipt.pk, Outcome.FAILED, "gone", GONE, "input")


def step_file(file: UploadFile, receipt_id: int, keys: ProjectKeys) -> StepFile:
    """Return an input as the first step sees it."""
    is_in_place = file.sealed_source is not None
    return StepFile(
        # Not local_path() for all: it fetches the project's keys anew for every source.
        path=source_path(file, keys) if is_in_place else local_path(file),
        receipt_ids=(receipt_id,),
        kind=file.kind,
        relative_path=relative_path(file, keys),
    )


def run_unit(run: PartRun, loaded: UnitRun) -> bool:
    """Lead the unit's files through the steps; their outputs wait for delivery afterwards."""
    files = loaded.inputs
    for name in run.steps[:-1]:
        if not files:
            break
        work_dir = run.work_dir / loaded.folder / name
        shutil.rmtree(work_dir, ignore_errors=True)
        work_dir.mkdir(parents=True, mode=0o700)
        context = UnitContext(run.job, loaded.unit.plan, run.options, work_dir)
        result = find_step(name).run(context, files)
        loaded.judge(result.verdicts, name)
        files = [file for file in result.files if not _has_verdict(loaded, file)]
        loaded.held_outputs += [file for file in result.files if _has_verdict(loaded, file)]
    loaded.outputs = list(files)
    return True


def remove_work(run: PartRun, loaded: UnitRun) -> None:
    """Remove the unit's work folders."""
    shutil.rmtree(run.work_dir / loaded.folder, ignore_errors=True)


def deliver_units(run: PartRun, units: Sequence[UnitRun]) -> list[FileResult]:
    """Deliver the outputs of `units` and say what became of every file."""
    answers = iter(deliver(run.target, [file for unit in units for file in unit.outputs]))
    return [
        result
        for unit in units
        for result in _unit_results(run, unit, [next(answers) for _ in unit.outputs])
    ]


def count_attempt(run: PartRun, unit: JobUnit) -> int:
    """Note, before it happens, that the unit is tried; return how often it has been."""
    with guarded(run.lease):
        unit.attempts += 1
        unit.save(update_fields=["attempts"])
    return unit.attempts


class Batch:
    """Units that are through their steps and wait to be delivered together."""

    def __init__(self, is_careful: bool) -> None:
        self.units: list[UnitRun] = []
        self._is_careful = is_careful  # every unit is recorded on its own
        self._files = self._bytes = 0
        self._since = time.monotonic()

    def add(self, unit: UnitRun) -> None:
        self.units.append(unit)
        self._files += len(unit.receipts) + len(unit.outputs)
        self._bytes += sum(f.instance.size_bytes for f in unit.outputs if f.instance)

    @property
    def is_full(self) -> bool:
        return (
            self._is_careful
            or self._files >= BATCH_FILES
            or self._bytes >= BATCH_BYTES
            or time.monotonic() - self._since >= BATCH_SECONDS
        )


def _unit_results(run: PartRun, unit: UnitRun, answers: Sequence[Delivered]) -> list[FileResult]:
    delivered = list(zip(unit.outputs, answers, strict=True))
    return [_file_result(run, unit, receipt, delivered) for receipt in unit.receipts.values()]


def _file_result(
    run: PartRun,
    unit: UnitRun,
    receipt: FileReceipt,
    delivered: Sequence[tuple[StepFile, Delivered]],
) -> FileResult:
    mine = [(f, answer) for f, answer in delivered if receipt.pk in f.receipt_ids]
    verdict = unit.verdicts.get(receipt.pk) or _summary(receipt.pk, mine, run.steps[-1])
    kept = tuple(
        _facts(file, answer)
        for file, answer in mine
        if answer.outcome in {Outcome.STORED, Outcome.WRITTEN, Outcome.DUPLICATE}
    )
    hold = None
    if verdict.outcome == Outcome.HELD:
        refused = [file for file, answer in mine if answer.outcome == Outcome.HELD]
        made = [f for f in (*unit.held_outputs, *refused) if receipt.pk in f.receipt_ids]
        original = local_path(receipt.upload_file)
        hold = put_aside(run.job, receipt, original, [file.path for file in made])
    return FileResult(
        receipt_id=receipt.pk,
        outcome=Outcome(verdict.outcome),
        code=verdict.code,
        sentence=verdict.sentence,
        stage=verdict.stage,
        outputs=kept,
        hold=hold,
    )


def _summary(receipt_id: int, mine: Sequence[tuple[StepFile, Delivered]], stage: str) -> Verdict:
    for outcome in WORST_FIRST:
        for _, answer in mine:
            if answer.outcome == outcome:
                return Verdict(receipt_id, outcome, answer.code, answer.sentence, stage)
    return Verdict(receipt_id, Outcome.FAILED, "no-output", NO_OUTPUT, stage)


def _facts(file: StepFile, answer: Delivered) -> OutputFacts:
    if file.instance is None:  # deliver() has refused it
        raise ValueError("A delivered file is an instance.")
    return OutputFacts(
        study_instance_uid=file.instance.study_instance_uid,
        sop_instance_uid=file.instance.sop_instance_uid,
        sha256=file.instance.sha256,
        size_bytes=file.instance.size_bytes,
        path=answer.path,
    )


def _has_verdict(unit: UnitRun, file: StepFile) -> bool:
    return any(receipt_id in unit.verdicts for receipt_id in file.receipt_ids)


def _at_stage(verdict: Verdict, stage: str) -> Verdict:
    return Verdict(verdict.receipt_id, verdict.outcome, verdict.code, verdict.sentence, stage)
