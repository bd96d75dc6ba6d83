"""Whose files these are: headers of many files are read in children, as many as work beside."""

from collections.abc import Iterator, Sequence

from django.conf import settings

from pacs_portal.jobs.bounds import Bounds
from pacs_portal.jobs.children import End, Room, in_children
from pacs_portal.jobs.steps import StepFile
from pseudonymizer.engine import Header, HeaderReader, PseudonymizationError

_FEWEST = 1000  # fewer are read before a child has begun
_TOGETHER = 250  # files that a child reads in a row: those of a series are read sooner so

Answer = Header | PseudonymizationError | OSError


def read_headers(files: Sequence[StepFile]) -> Iterator[tuple[StepFile, Answer]]:
    """Yield each file with its header, or with why it has none; in their order."""
    if Bounds.processes == 1 or len(files) < _FEWEST:
        yield from zip(files, _read(files), strict=True)
        return
    rows = [files[start : start + _TOGETHER] for start in range(0, len(files), _TOGETHER)]
    room = Room[Sequence[StepFile]](Bounds.processes, lambda _: settings.UNIT_MAX_SECONDS)
    early: dict[int, list[Answer]] = {}
    turn = 0
    for number, answers in in_children(rows, _read, room):
        # What ended a child ends this process, too; its part is tried again as every part is.
        early[number] = _read(rows[number]) if isinstance(answers, End) else answers
        while turn in early:
            yield from zip(rows[turn], early.pop(turn), strict=True)
            turn += 1


def _read(files: Sequence[StepFile]) -> list[Answer]:
    reader = HeaderReader()
    return [_read_one(reader, file) for file in files]


def _read_one(reader: HeaderReader, file: StepFile) -> Answer:
    try:
        return reader.read(file.path)
    except (PseudonymizationError, OSError) as error:
        return error
