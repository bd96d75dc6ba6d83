"""Read a list of patients as spreadsheets write it: encoding, delimiter, header and rows."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from pseudonymizer.errors import ListError

LARGEST_BYTES = 2 << 20
# An import is written in one go, all rows or none. On SQLite nobody else writes meanwhile, and
# who waits for longer than 30 seconds is refused.
MOST_ROWS = 5_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
NEEDED = ("patient_id", "pseudonym")
# What people call the columns, in small letters and without signs.
HEADINGS: Mapping[str, frozenset[str]] = {
    "patient_id": frozenset(
        ["patientid", "patid", "pid", "mrn", "patientenid", "patientennummer", "patientnumber"]
    ),
    "issuer": frozenset(["issuer", "issuerofpatientid", "assigningauthority"]),
    "name": frozenset(["name", "patientname", "patientsname", "patientenname"]),
    "birth_date": frozenset(
        ["birthdate", "patientbirthdate", "patientsbirthdate", "dateofbirth", "dob", "geburtsdatum"]
    ),
    "sex": frozenset(["sex", "patientsex", "patientssex", "gender", "geschlecht"]),
    "pseudonym": frozenset(["pseudonym"]),
    "date_shift_days": frozenset(["dateshiftdays"]),
}
_NO_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\xff\xd8\xff", b"\x89PNG")
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe": "utf-16-le",
    b"\xfe\xff": "utf-16-be",
}
_NAMED_DELIMITER = re.compile(r"sep=([,;\t|])\r?\n")  # what some spreadsheets write as first line
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, repr=False)
class Row:
    """One row and the line it starts on; no cells where their number is not the header's."""

    line: int
    cells: Mapping[str, str] | None


@dataclass(frozen=True, repr=False)
class PatientList:
    """A list as it was read: how, which columns are used, how many are not, and its rows."""

    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    unused_columns: int
    rows: tuple[Row, ...]


def read_list(content: bytes) -> PatientList:
    """Return the rows of a CSV file.

    Raises
    ------
    ListError
        If it is too large, no CSV, or without the columns that are needed.
    """
    if not content.strip():
        raise ListError(_("The file is empty."))
    if len(content) > LARGEST_BYTES:
        raise ListError(_("The file is larger than 2 MB. Split it into several lists."))
    if content.startswith(_NO_TEXT):
        raise ListError(_("This is no CSV file. Save the table as “CSV (UTF-8)” and choose that."))
    encoding, text = _decode(content)
    named = _NAMED_DELIMITER.match(text)
    skipped = 1 if named else 0
    text = text[named.end() :] if named else text
    delimiter = named[1] if named else _likeliest_delimiter(text)
    lines = _lines(text, delimiter, skipped)
    columns, width = _columns(next(lines, (0, []))[1])
    rows = tuple(_rows(lines, columns, width))
    if not rows:
        raise ListError(_("The list names its columns and has no row."))
    return PatientList(
        encoding=encoding,
        delimiter=DELIMITERS[delimiter],
        columns=tuple(columns),
        unused_columns=width - len(columns),
        rows=rows,
    )


def _decode(content: bytes) -> tuple[str, str]:
    """Return encoding and text: by its mark, by its zeros, as UTF-8, else as Western European."""
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            return encoding, _decoded(content.removeprefix(mark), encoding)
    if b"\0" in content[:200]:
        encoding = "utf-16-be" if content[0] == 0 else "utf-16-le"
        return encoding, _decoded(content, encoding)
    for encoding in ("utf-8", "windows-1252"):
        try:
            return encoding, content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return "latin-1", content.decode("latin-1")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise ListError(_("The file does not keep to its encoding. Save it as UTF-8.")) from None


def _likeliest_delimiter(text: str) -> str:
    """Return the delimiter by which most headings are known; of equals the first."""

    def known_headings(delimiter: str) -> int:
        try:
            _line, header = next(_lines(text, delimiter, 0), (0, []))
        except ListError:
            return 0
        return sum(_meaning(heading) is not None for heading in header)

    return max(DELIMITERS, key=known_headings)


def _lines(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the line on which each row starts, and its cells; rows without text are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = reader.line_num + 1 + skipped
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise ListError(
                _("Line %(line)s is no CSV: its quotes do not fit, or a cell is too long.")
                % {"line": line}
            ) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _columns(header: list[str]) -> tuple[dict[str, int], int]:
    """Return where each known column stands, and how many cells a row has."""
    columns: dict[str, int] = {}
    for place, heading in enumerate(header):
        meaning = _meaning(heading)
        if meaning is None:
            continue
        if meaning in columns:
            raise ListError(_("Two columns of the header mean “%s”. Keep one.") % meaning)
        columns[meaning] = place
    # The header itself is not quoted: in a list without one it is the first patient.
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        raise ListError(
            _("The first row must name the columns; not found: %s.") % ", ".join(missing)
        )
    return columns, len(header)


def _meaning(heading: str) -> str | None:
    letters = _SIGNS.sub("", heading.casefold())
    return next((name for name, known in HEADINGS.items() if letters in known), None)


def _rows(
    lines: Iterator[tuple[int, list[str]]], columns: Mapping[str, int], width: int
) -> Iterator[Row]:
    for count, (line, cells) in enumerate(lines, start=1):
        if count > MOST_ROWS:
            raise ListError(_("The list has more than 5,000 rows. Split it into several lists."))
        is_whole = len(cells) == width
        yield Row(line, {name: cells[at] for name, at in columns.items()} if is_whole else None)
