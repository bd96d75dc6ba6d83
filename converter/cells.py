"""What stands in the cells of a table: text, never a formula, never a way out of a folder."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import PurePosixPath

from converter.engine.errors import gettext_noop as _
from converter.errors import MetadataError

PATH = "path"
STUDY, SERIES, MODALITY = "study", "series", "modality"
LONGEST_CELL = 4096
_SEPARATED = re.compile(r"[\s./-]+")
_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
)
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
_DRIVE = re.compile(r"[A-Za-z]:")
_SEXES = {"male": "M", "female": "F", "other": "O"}
_SIDES = {"left": "L", "right": "R"}
# How people head their columns, beside the names of the attributes themselves.
ALIASES = {
    "patient": "patient_id",
    "id": "patient_id",
    "name": "patient_name",
    "birth_date": "patient_birth_date",
    "birthdate": "patient_birth_date",
    "date_of_birth": "patient_birth_date",
    "sex": "patient_sex",
    "date": "study_date",
    "time": "study_time",
    "description": "study_description",
    "accession": "accession_number",
    "bodypart": "body_part",
    "side": "laterality",
}
BAD_DATE = _("a date is no day, or can mean two days. Write it as YYYY-MM-DD, such as 2001-12-31.")
IN_FUTURE = _("a date lies in the future. Correct it.")
BAD_PATH = _("the path leads out of the folder of the table. Write it as seen from there.")
TOO_LONG = _("a cell is too long. Shorten it.")


def heading_of(cell: str) -> str:
    """Return the attribute that a column's heading means, in one spelling."""
    plain = _SEPARATED.sub("_", cell.strip().casefold()).strip("_")
    return ALIASES.get(plain, plain)


def parsed_cells(cells: Mapping[str, str]) -> dict[str, str]:
    """Return the attributes of a row as DICOM writes them; empty cells are left out.

    Raises
    ------
    MetadataError
        With a sentence that quotes no value.
    """
    if any(len(cell) > LONGEST_CELL for cell in cells.values()):
        raise MetadataError(TOO_LONG)
    stripped = {name: cell.strip() for name, cell in cells.items()}
    return {name: _parsed(name, cell) for name, cell in stripped.items() if cell}


def path_key(cell: str) -> tuple[str, ...]:
    """Return a path of a table in parts, as seen from the table's folder; () for all files.

    Raises
    ------
    MetadataError
        If it is absolute or leads upwards.
    """
    text = unicodedata.normalize("NFC", cell.strip().replace("\\", "/"))
    path = PurePosixPath(text)
    is_outside = path.is_absolute() or ".." in path.parts or _DRIVE.match(text)
    if is_outside or "\0" in text:
        raise MetadataError(BAD_PATH)
    return path.parts


def _parsed(name: str, cell: str) -> str:
    if name.endswith("_date"):
        return parsed_date(cell)
    if name == "study_time":
        return _parsed_time(cell)
    if name == "patient_sex":
        return _SEXES.get(cell.casefold(), cell.upper())
    if name == "laterality":
        return _SIDES.get(cell.casefold(), cell.upper())
    return cell.upper() if name in {"modality", "body_part"} else cell


def parsed_date(cell: str) -> str:
    """Return a day as YYYYMMDD.

    Raises
    ------
    MetadataError
        If it is no day, lies in the future, or is written with slashes so that day and month can
        be changed over.
    """
    for pattern in _DATES:
        if found := pattern.fullmatch(cell):
            return _day(int(found["year"]), int(found["month"]), int(found["day"]))
    found = _SLASHES.fullmatch(cell)
    if found is None:
        raise MetadataError(BAD_DATE)
    one, other, year = (int(number) for number in found.groups())
    if one > 12:
        return _day(year, other, one)
    if other > 12 or one == other:
        return _day(year, one, other)
    raise MetadataError(BAD_DATE)


def is_future(day: date) -> bool:
    """Tell whether a day has not begun anywhere on earth."""
    return day > datetime.now(UTC).date() + timedelta(days=1)


def _day(year: int, month: int, day: int) -> str:
    try:
        named = date(year, month, day)
    except ValueError:
        raise MetadataError(BAD_DATE) from None
    if is_future(named):
        raise MetadataError(IN_FUTURE)
    return f"{named:%Y%m%d}".rjust(8, "0")


def _parsed_time(cell: str) -> str:
    found = _TIME.fullmatch(cell)
    return f"{int(found[1]):02}{found[2]}{found[3] or '00'}" if found else cell
