"""The units of a part: their files as the first step sees them, and what becomes of each."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from pacs_portal.jobs.delivery import Target
from pacs_portal.jobs.held.contents import content_of
from pacs_portal.jobs.held.rulings import Ruling, rulings_by_content, rulings_in
from pacs_portal.jobs.inputs import Input, read_inputs
from pacs_portal.jobs.leases import Lease
from pacs_portal.jobs.models import FileReceipt, Job, JobUnit, Outcome
from pacs_portal.jobs.options import options_of
from pacs_portal.jobs.private_values import private_values_of
from pacs_portal.jobs.steps import StepFile, UnitContext, Verdict
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.uploads.models import FileState

GONE = gettext_noop("The file is no longer here. Upload it again.")
REJECTED = gettext_noop("A data steward rejected this file; it was not stored.")


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

    def context(self, unit: "UnitRun", work_dir: Path) -> UnitContext:
        """Return what a step knows of `unit`."""
        rulings = {pk: ruling.for_steps for pk, ruling in unit.rulings.items()}
        private = private_values_of(unit.unit, self.keys)
        return UnitContext(self.job, unit.unit.plan, self.options, work_dir, rulings, private)


@dataclass(repr=False)
class UnitRun:
    """One unit: its waiting files, and what became of them so far."""

    unit: JobUnit
    receipts: dict[int, Input]
    inputs: list[StepFile]
    outputs: list[StepFile] = field(default_factory=list)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    # What a step made of a file and then held back.
    held_outputs: list[StepFile] = field(default_factory=list)
    # What stewards decided about some of the files.
    rulings: dict[int, Ruling] = field(default_factory=dict)
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
                rulings={pk: self.rulings[pk]} if pk in self.rulings else {},
                suffix=f".{number}",
            )
            for number, (pk, receipt) in enumerate(self.receipts.items())
        ]

    def original_of(self, receipt_id: int) -> Path:
        """Return where the unit reads one of its files from."""
        return next(file.path for file in self.inputs if receipt_id in file.receipt_ids)

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
    waiting = FileReceipt.objects.filter(unit__part_id=run.lease.part_id, outcome=Outcome.WAITING)
    rows = {unit.pk: unit for unit in JobUnit.objects.filter(part=run.lease.part_id)}
    units: dict[int, UnitRun] = {}
    rulings, by_content = (
        rulings_in(run.lease.part_id, run.keys),
        rulings_by_content(run.job, run.keys),
    )
    ordered = waiting.order_by("unit__number", "upload_file__number")
    for file in read_inputs(ordered, run.job.upload_id):
        if file.unit_id is None:
            continue
        unit = units.setdefault(file.unit_id, UnitRun(rows[file.unit_id], {}, []))
        _take_in(run, unit, file, rulings.get(file.receipt_id))
        if by_content and file.receipt_id not in rulings:
            _honor(run, unit, file, by_content)
    return list(units.values())


def _take_in(run: PartRun, unit: UnitRun, file: Input, ruling: Ruling | None) -> None:
    """Add a waiting file to its unit; one that is gone has its verdict at once."""
    unit.receipts[file.receipt_id] = file
    original = None
    if ruling is not None:
        unit.rulings[file.receipt_id] = ruling
        original = ruling.original
    if original is not None:
        unit.inputs.append(replace(file.as_step_file(run.keys), path=original))
    elif file.state == FileState.RECEIVED:
        unit.inputs.append(file.as_step_file(run.keys))
    else:
        gone = Verdict(file.receipt_id, Outcome.FAILED, "gone", GONE, "input")
        unit.verdicts[file.receipt_id] = gone


def _honor(run: PartRun, unit: UnitRun, file: Input, by_content: Mapping[bytes, Ruling]) -> None:
    """Find what a steward decided about the same content in an earlier run of a command."""
    ruling = None
    with suppress(OSError):  # the step says so
        ruling = by_content.get(content_of(unit.original_of(file.receipt_id)))
    if ruling is None:
        return
    unit.rulings[file.receipt_id] = ruling
    if ruling.is_rejected:
        verdict = Verdict(file.receipt_id, Outcome.SKIPPED, "rejected", REJECTED, "input")
        unit.verdicts[file.receipt_id] = verdict
        unit.inputs = [one for one in unit.inputs if file.receipt_id not in one.receipt_ids]


def _at_stage(verdict: Verdict, stage: str) -> Verdict:
    return replace(verdict, stage=stage)
