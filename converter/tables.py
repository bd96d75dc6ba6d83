"""Tables of attributes among the files: a row for each file or folder beside or below the table.

CSV as programs write it: comma, semicolon or tab; UTF-8, UTF-16 or Windows' Latin. The first row
heads the columns; the nearest table counts, and in it the row that names the longest path.
"""

import codecs
import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path, PurePosixPath

from converter.cells import MODALITY, PATH, SERIES, STUDY, heading_of, parsed_cells, path_key
from converter.engine import Attributes, ConversionError
from converter.engine.errors import gettext_noop as _
from converter.errors import MetadataError
from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import StepFile, Verdict
from pacs_portal.jobs.verdicts import verdicts_on

TABLE_KIND = "table"
ATTRIBUTES = frozenset(attribute.name for attribute in fields(Attributes))
COLUMNS = ATTRIBUTES | {STUDY, SERIES, MODALITY}
PLACES = (PATH, "folder", "file")  # a folder and a file in two columns are joined
MOST_BYTES = 32 * 2**20
MOST_ROWS = 200_000
MOST_NAMED = 10  # rows that a sentence names
DELIMITERS = ",;\t"
TOO_LARGE = _("The table is too large: 32 MB and 200,000 rows at most. Split it.")
NO_TABLE = _("The table cannot be read. Save it as CSV in UTF-8.")
TWICE = _("the path stands in another row, too. Leave one of them.")
WRONG_ROW = _(
    "A row of the table beside this file is wrong. Nobody knows whose the file is, so it is not "
    "converted."
)
Key = tuple[str, ...]


@dataclass(frozen=True, repr=False)
class Row:
    """One row: its number in the spreadsheet, what it says, or what is wrong with it."""

    number: int
    values: dict[str, str] = field(default_factory=dict)
    problem: str = ""


@dataclass(repr=False)
class Table:
    """One table; what it says is patient data."""

    file: StepFile
    rows: dict[Key, Row] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)  # row number and sentence
    unknown_columns: int = 0
    refusal: str = ""
    used: set[Key] = field(default_factory=set)
    match_count: int = 0

    @cached_property
    def folder(self) -> Key:
        """The folder that paths are seen from."""
        return path_parts(self.file.relative_path.parent)

    def row_for(self, parts: Key) -> Row | None:
        """Return the row that names the longest part of the path, in parts, of a file below it."""
        found = None
        for key in keys_naming(parts[len(self.folder) :], self.folder[-1:]):
            if row := self.rows.get(key):
                self.used.add(key)
                found = row
        self.match_count += found is not None
        return found

    def verdict(self) -> list[Verdict]:
        """Say what became of the table, once all files were asked for."""
        stage = "plan"
        if self.refusal:
            return verdicts_on(self.file, Outcome.FAILED, "attributes", self.refusal, stage)
        if self.problems:
            sentence = " ".join(self.told_problems())
            return verdicts_on(self.file, Outcome.FAILED, "attributes", sentence, stage)
        sentence = " ".join(["The table gave attributes to files beside it.", *self.told_unused()])
        if not self.match_count:
            sentence = " ".join(["No row of the table matches a file.", *self.told_unused()])
        return verdicts_on(self.file, Outcome.SKIPPED, "attributes", sentence, stage)

    def told_problems(self) -> list[str]:
        """Return a sentence for each kind of wrong row, with the rows' numbers."""
        numbers: dict[str, list[int]] = {}
        for number, problem in self.problems:
            numbers.setdefault(problem, []).append(number)
        return [f"{_rows(found)}: {problem}" for problem, found in numbers.items()]

    def told_unused(self) -> list[str]:
        """Return which rows match no file, and whether there are columns nobody knows."""
        unused = [row.number for key, row in self.rows.items() if key not in self.used]
        told = [f"{_rows(unused)} match{'es' if len(unused) == 1 else ''} no file."]
        columns = [f"{self.unknown_columns} columns are not known and not used."]
        if self.unknown_columns == 1:
            columns = ["1 column is not known and not used."]
        return (told if unused else []) + (columns if self.unknown_columns else [])


class Tables:
    """All tables of a job, asked for one file after the other."""

    def __init__(self, files: Iterable[StepFile] = ()) -> None:
        self.tables = [read_table(file) for file in files]
        self._in_folder: dict[Key, list[Table]] = defaultdict(list)
        for table in self.tables:
            self._in_folder[table.folder].append(table)

    def row_for(self, path: PurePosixPath) -> Row | None:
        """Return the row of the nearest table that names a file, or None."""
        parts = path_parts(path) if self.tables else ()
        for depth in range(len(parts) - 1, -1, -1):
            for table in self._in_folder.get(parts[:depth], ()):
                if row := table.row_for(parts):
                    return row
        return None

    def verdicts(self) -> list[Verdict]:
        """Say what became of each table."""
        return [verdict for table in self.tables for verdict in table.verdict()]


def read_table(file: StepFile) -> Table:
    """Read a table; what is wrong with it stands in the answer."""
    table = Table(file)
    try:
        lines = _lines(file.path)
        heading = [heading_of(cell) for cell in next(lines, [])]
        _check_heading(heading, table)
        for number, cells in enumerate(lines, start=2):
            if number > MOST_ROWS:
                raise MetadataError(TOO_LARGE)
            if any(cell.strip() for cell in cells):
                _add(table, number, dict(zip(heading, cells, strict=False)))
    except (OSError, csv.Error, UnicodeError):
        table.refusal = NO_TABLE
    except MetadataError as error:
        table.refusal = str(error)
    return table


def _lines(path: Path) -> Iterator[list[str]]:
    if path.stat().st_size > MOST_BYTES:
        raise MetadataError(TOO_LARGE)
    text = decoded(path.read_bytes())
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def decoded(content: bytes) -> str:
    """Return the text of a file as spreadsheets write it."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _check_heading(heading: Sequence[str], table: Table) -> None:
    known = [name for name in heading if name in COLUMNS]
    if len(set(known)) != len(known):
        raise MetadataError(_("Two columns of the table mean the same. Leave one of them."))
    if not known:
        raise MetadataError(
            _("No column of the table is known, so nothing is taken from it. See the manual.")
        )
    table.unknown_columns = sum(name not in COLUMNS and name not in PLACES for name in heading)


def _add(table: Table, number: int, cells: dict[str, str]) -> None:
    try:
        path = "/".join(cells[name].strip() for name in PLACES if cells.get(name, "").strip())
        key = path_key(path)
    except MetadataError as error:
        table.problems.append((number, str(error)))
        return
    row = _row(number, {name: cell for name, cell in cells.items() if name in COLUMNS})
    if key in table.rows:
        row = Row(number, problem=TWICE)
    if row.problem:
        table.problems.append((number, row.problem))
    table.rows[key] = row


def _row(number: int, cells: dict[str, str]) -> Row:
    from converter.engine.instances import check_attributes

    try:
        values = parsed_cells(cells)
        given = {name: value for name, value in values.items() if name in ATTRIBUTES}
        check_attributes(Attributes(**given), values.get(MODALITY, ""))
    except (MetadataError, ConversionError) as error:
        return Row(number, problem=str(error))
    return Row(number, values)


def _rows(numbers: Sequence[int]) -> str:
    named = ", ".join(str(number) for number in numbers[:MOST_NAMED])
    more = f" and {len(numbers) - MOST_NAMED} more" if len(numbers) > MOST_NAMED else ""
    return f"Row{'s' if len(numbers) > 1 else ''} {named}{more}"


def keys_naming(inner: Key, above: Key) -> Iterator[Key]:
    """Yield the paths that name a file or a folder around it, from the widest to the longest.

    `inner` is the file as seen from the table's folder; `above` is that folder's own name, which
    may stand before it.
    """
    for depth in range(-len(above), len(inner) + 1):
        for before in dict.fromkeys(((), above)):
            if depth + len(before) >= 0:
                yield (before + inner)[: depth + len(before)]


def path_parts(path: PurePosixPath) -> Key:
    """Return the parts of a path in the spelling of Unicode that tables are read in."""
    return PurePosixPath(unicodedata.normalize("NFC", str(path))).parts
