"""Batches of units: delivered at once, recorded when what was delivered survives a power cut.

While one batch is flushed to the disk, the next is worked on; its receipts come one behind.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pacs_portal.jobs import receipts, running
from pacs_portal.jobs.delivery import flushed_folder
from pacs_portal.jobs.held.aside import remove_settled
from pacs_portal.jobs.planning import Attempt
from pacs_portal.jobs.receipts import FileResult
from pacs_portal.jobs.running import Batch
from pacs_portal.jobs.storage import flush_to_disk
from pacs_portal.jobs.units import PartRun, UnitRun
from pacs_portal.jobs.verdicts import UNFORESEEN


@dataclass(frozen=True, repr=False)
class Delivery:
    """A batch that is delivered and has no receipts yet."""

    units: Sequence[UnitRun]
    results: Sequence[FileResult]
    flush: Future[bool]


class Recorder:
    """Delivers the batches of a part and writes their receipts, in the order of commits."""

    def __init__(self, run: PartRun, attempt: Attempt, flusher: ThreadPoolExecutor) -> None:
        self._run = run
        self._attempt = attempt
        self._flusher = flusher
        self._pending: Delivery | None = None

    def take(self, batch: Batch) -> None:
        """Deliver `batch`; its receipts are written before those of the next one."""
        if not batch.units:
            return
        results = self._delivered(batch.units)
        self.settle()
        folder = flushed_folder(self._run.target)
        if folder is None or not any(unit.outputs for unit in batch.units):
            self._record(batch.units, results)
        else:
            flush = self._flusher.submit(_flush, folder)
            self._pending = Delivery(batch.units, results, flush)
        if batch.is_careful:
            self.settle()

    def settle(self) -> None:
        """Write the receipts of what is delivered."""
        pending, self._pending = self._pending, None
        if pending is not None:
            is_safe = self._attempt(pending.flush.result)
            results = pending.results if is_safe else self._failed(pending.units)
            self._record(pending.units, results)

    def _record(self, units: Sequence[UnitRun], results: Sequence[FileResult]) -> None:
        receipts.record_results(self._run.lease, results)
        for unit in units:
            running.remove_work(self._run, unit)
        if decided := [pk for unit in units for pk in unit.rulings]:
            remove_settled(decided)

    def _delivered(self, units: Sequence[UnitRun]) -> list[FileResult]:
        run = self._run
        results = self._attempt(partial(running.deliver_units, run, units))
        if results is not None:
            return results
        if len(units) > 1:
            return [result for unit in units for result in self._delivered([unit])]
        return self._failed(units)

    def _failed(self, units: Sequence[UnitRun]) -> list[FileResult]:
        for unit in units:
            unit.fail_all("unforeseen", UNFORESEEN, self._run.steps[-1])
        return running.deliver_units(self._run, units)  # nothing is left to deliver


def _flush(folder: Path) -> bool:
    flush_to_disk(folder)
    return True


@contextmanager
def recorder(run: PartRun, attempt: Attempt) -> Iterator[Recorder]:
    """Record what is delivered, however the work inside ends."""
    with ThreadPoolExecutor(max_workers=1) as flusher:
        recording = Recorder(run, attempt, flusher)
        try:
            yield recording
        finally:
            recording.settle()
