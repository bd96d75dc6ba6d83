"""The files of a run without a database: zips unpacked, what cannot be converted left out."""

import tempfile
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from converter.step import ConvertStep
from pacs_portal.jobs.commandline import Sources
from pacs_portal.jobs.report import file_report
from pacs_portal.jobs.steps import DiskFullError, StepFile
from pacs_portal.jobs.verdicts import (
    NO_OUTPUT,
    REFUSED_KINDS,
    SYSTEM_FILE,
    UNREADABLE,
    disk_full_told,
)
from pacs_portal.uploads.containers import NESTED_ZIP_LEVELS
from pacs_portal.uploads.errors import UnpackError
from pacs_portal.uploads.sniffing import sniff_file
from pacs_portal.uploads.unpacking import unpack_zip

# What counts when the outputs of one file ended differently: the first of these.
WORST_FIRST = ("failed", "written", "duplicate", "skipped")


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


def inputs(sources: Sources, work: Path, ends: list[FileEnd]) -> Iterator[StepFile]:
    """Yield the files to convert, zips unpacked into `work`; the others have their end at once."""
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
                    waiting.extend(_members(found, work))
                continue  # its files take its place in the report
            except (UnpackError, DiskFullError) as error:
                end.add("failed", error.sentence)
            except OSError:
                end.add("failed", UNREADABLE)
        elif kind == "system":
            end.add("skipped", SYSTEM_FILE)
        elif kind in REFUSED_KINDS:
            end.add("failed", REFUSED_KINDS[kind][1])
        elif refusal := step.refusal(kind):
            end.add("failed", refusal[1])
        else:
            yield StepFile(found.path, (len(ends),), kind, found.name)
        ends.append(end)


def _members(found: Found, work: Path) -> list[Found]:
    folder = Path(tempfile.mkdtemp(dir=work))
    return [
        Found(
            name=found.name / member.path,
            shown=found.shown / member.path,
            path=folder / str(member.number),
            depth=found.depth + 1,
        )
        for member in unpack_zip(found.path, folder)
    ]
