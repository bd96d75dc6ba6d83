"""What a tool can say of files before it works on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils.module_loading import import_string

from pacs_portal.jobs.steps import StepFile
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text, tool_named

if TYPE_CHECKING:  # `--dry-run` foresees, too, and loads no page
    from pacs_portal.jobs.tool_page import ToolForm


@dataclass(frozen=True)
class Surprise:
    """Something that a person may not expect; `numbers` are files, whose names are patient data."""

    sentence: Text
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Foreseen:
    """What will come out of a tool's files."""

    patients: int = 0
    studies: int = 0
    series: int = 0
    is_exact: bool = True  # else at least so many series
    joins: bool = False  # a study that is stored already
    is_named: bool = False  # somebody said who a patient is
    notes: tuple[Text, ...] = ()
    surprises: tuple[Surprise, ...] = ()
    refused: tuple[int, ...] = ()  # numbers of files that will fail; `surprises` say why


class NamedFile(NamedTuple):
    """A file of an upload, light enough for lists of 100,000; its name is patient data."""

    number: int
    kind: str
    name: str
    root: Path

    @property
    def folder(self) -> str:
        """The name without its last part."""
        return self.name.rpartition("/")[0]

    def as_step_file(self) -> StepFile:
        """Return the file as a step sees it; its receipt id is its number."""
        path = self.root / str(self.number)
        return StepFile(path, (self.number,), self.kind, PurePosixPath(self.name))


Foresee = Callable[[Project, Sequence[NamedFile], Mapping[str, Any]], Foreseen]


@dataclass(frozen=True)
class Outlook:
    """A tool's form of options, by its dotted path, and what it foresees of files."""

    form_path: str
    foresee: Foresee
    read_along: frozenset[str] = frozenset()  # kinds that only say something of others

    @property
    def form_class(self) -> type[ToolForm]:
        """The form; it is imported when a page needs it."""
        form_class: type[ToolForm] = import_string(self.form_path)
        return form_class


def outlook_of(step: str) -> Outlook | None:
    """Return what the tool of a step foresees, None where its files speak for themselves."""
    tool = tool_named(step)
    return tool.outlook() if tool and tool.outlook else None
