"""Work on units: each file passes the steps, a batch of units is delivered and recorded at once."""

import shutil
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from pacs_portal.jobs.delivery import Delivered, deliver
from pacs_portal.jobs.held.aside import put_aside
from pacs_portal.jobs.inputs import Input
from pacs_portal.jobs.leases import guarded
from pacs_portal.jobs.models import JobUnit, Outcome
from pacs_portal.jobs.pipelines import find_step
from pacs_portal.jobs.receipts import FileResult, OutputFacts
from pacs_portal.jobs.steps import StepFile, Verdict
from pacs_portal.jobs.units import PartRun, UnitRun
from pacs_portal.jobs.verdicts import NO_OUTPUT

# A batch is recorded when it holds this much or is this old: often enough to be seen moving.
BATCH_FILES = 500
BATCH_BYTES = 128 * 2**20
BATCH_SECONDS = 1.0
# What counts when the outputs of one file ended differently: the first of these.
WORST_FIRST = (
    Outcome.HELD,
    Outcome.FAILED,
    Outcome.STORED,
    Outcome.WRITTEN,
    Outcome.DUPLICATE,
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
        result = find_step(name).run(run.context(loaded, work_dir), files)
        loaded.judge(result.verdicts, name)
        # What earlier steps made shows a steward what this one saw.
        made = result.files if name == run.steps[0] else files
        loaded.held_outputs += [file for file in made if _has_verdict(loaded, file)]
        files = [file for file in result.files if not _has_verdict(loaded, file)]
    loaded.outputs = list(files)
    return True


def remove_work(run: PartRun, loaded: UnitRun) -> None:
    """Remove the unit's work folders."""
    shutil.rmtree(run.work_dir / loaded.folder, ignore_errors=True)


def deliver_units(run: PartRun, units: Sequence[UnitRun]) -> list[FileResult]:
    """Deliver the outputs of `units` and say what became of every file."""
    rulings = [pair for unit in units for pair in unit.rulings.items()]
    replacing = frozenset(pk for pk, ruling in rulings if ruling.is_replacement)
    target = replace(run.target, replacing=replacing)
    answers = iter(deliver(target, [file for unit in units for file in unit.outputs]))
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
        self.is_careful = is_careful  # every unit is recorded on its own
        self._files = self._bytes = 0
        self._since = time.monotonic()

    def add(self, unit: UnitRun) -> None:
        self.units.append(unit)
        self._files += len(unit.receipts) + len(unit.outputs)
        self._bytes += sum(f.instance.size_bytes for f in unit.outputs if f.instance)

    @property
    def is_full(self) -> bool:
        return (
            self.is_careful
            or self._files >= BATCH_FILES
            or self._bytes >= BATCH_BYTES
            or time.monotonic() - self._since >= BATCH_SECONDS
        )


def _unit_results(run: PartRun, unit: UnitRun, answers: Sequence[Delivered]) -> list[FileResult]:
    delivered: dict[int, list[tuple[StepFile, Delivered]]] = defaultdict(list)
    for file, answer in zip(unit.outputs, answers, strict=True):
        for receipt_id in file.receipt_ids:
            delivered[receipt_id].append((file, answer))
    return [_file_result(run, unit, file, delivered[pk]) for pk, file in unit.receipts.items()]


def _file_result(
    run: PartRun,
    unit: UnitRun,
    waiting: Input,
    mine: Sequence[tuple[StepFile, Delivered]],
) -> FileResult:
    verdict = unit.verdicts.get(waiting.receipt_id) or _summary(
        waiting.receipt_id, mine, run.steps[-1]
    )
    kept = tuple(
        _facts(file, answer)
        for file, answer in mine
        if file.instance and answer.outcome in {Outcome.STORED, Outcome.WRITTEN, Outcome.DUPLICATE}
    )
    hold = None
    if verdict.outcome == Outcome.HELD:
        refused = [file for file, answer in mine if answer.outcome == Outcome.HELD]
        made = [f for f in (*unit.held_outputs, *refused) if waiting.receipt_id in f.receipt_ids]
        original = unit.original_of(waiting.receipt_id)
        hold = put_aside(run.job, waiting, original, [file.path for file in made])
    return FileResult(
        receipt_id=waiting.receipt_id,
        outcome=Outcome(verdict.outcome),
        code=verdict.code,
        sentence=verdict.sentence,
        stage=verdict.stage,
        findings=verdict.findings,
        regions=verdict.regions,
        outputs=kept,
        hold=hold,
        companion_of=_companion_of(waiting.receipt_id, mine),
    )


def _companion_of(receipt_id: int, mine: Sequence[tuple[StepFile, Delivered]]) -> int | None:
    """Return the file that leads, where all images came of several files and this one follows."""
    leading = {file.receipt_ids[0] for file, _ in mine}
    return None if receipt_id in leading or len(leading) != 1 else leading.pop()


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
