"""One row of a list: whom it names, and what by itself speaks against it."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db import models
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.engine.subject import is_plain
from pseudonymizer.lists.reading import Row
from pseudonymizer.lists.telling import gives_away
from pseudonymizer.matching.exact import plain_date, plain_identity
from pseudonymizer.registry.mapping import original_cell

LONGEST = {"patient_id": 64, "issuer": 64, "name": 200, "sex": 16}  # PS3.5 6.2, a name's groups
MOST_SHIFT_DAYS = 3650
EARLIEST_YEAR = 1850
SEXES = {
    "M": frozenset({"m", "male", "mann", "männlich"}),
    "F": frozenset({"f", "female", "w", "weiblich", "frau"}),
    "O": frozenset({"o", "other", "d", "divers"}),
}
_DATES = (
    re.compile(r"(?P<year>[0-9]{4})([-./]?)(?P<month>[0-9]{2})\2(?P<day>[0-9]{2})"),
    re.compile(r"(?P<day>[0-9]{1,2})\.(?P<month>[0-9]{1,2})\.(?P<year>[0-9]{4})"),
)
_ROUNDED = re.compile(r"[1-9]([.,][0-9]+)?E\+[0-9]{2,3}")
_SHIFT = re.compile(r"-[1-9][0-9]{0,3}")


class Problem(models.TextChoices):
    """Why a row cannot be imported; the text quotes nothing of the row."""

    CELLS = "cells", _("The row has not as many cells as the header.")
    NO_ID = "no-id", _("The patient ID is empty.")
    NO_PSEUDONYM = "no-pseudonym", _("The pseudonym is empty.")
    LONG = "long", _("A cell is longer than DICOM allows.")
    CHARACTER = (
        "character",
        _("A cell contains a backslash, a control character or an invisible one."),
    )
    ROUNDED = "rounded", _("A spreadsheet rounded the patient ID (4.71E+11). Save it as text.")
    BAD_PSEUDONYM = (
        "bad-pseudonym",
        _(
            "The pseudonym must have 1 to 64 letters, digits, dots, hyphens or underscores, and "
            "no dot at its end."
        ),
    )
    TELLING = "telling", _("The pseudonym contains the name, the ID or the birth date.")
    SHARED_ID = "shared-id", _("Many patients share such an ID (0000, TEST, …) or name.")
    BAD_DATE = (
        "bad-date",
        _("The birth date must be a day of the past, as YYYYMMDD, YYYY-MM-DD or DD.MM.YYYY."),
    )
    BAD_SEX = "bad-sex", _("The sex must be M, F, O or empty.")
    BAD_SHIFT = "bad-shift", _("date_shift_days must be a whole number from -3650 to -1.")
    # Known only beside other rows or the registry; lists/checking.py finds them.
    TWO_PATIENTS = "two-patients", _("The same pseudonym stands for another patient in line %s.")
    TWO_PSEUDONYMS = "two-pseudonyms", _("The same patient has another pseudonym in line %s.")
    TWO_SHIFTS = "two-shifts", _("The same patient has another date shift in line %s.")
    OTHERS_ID = "others-id", _("The pseudonym is the patient ID in line %s.")
    ALIKE = "alike", _("The pseudonym and that of line %s differ in case alone.")
    TAKEN = "taken", _("The pseudonym stands for another patient in the registry.")
    ALIKE_KNOWN = "alike-known", _("The pseudonym and one of the registry differ in case alone.")
    HAS_ANOTHER = "has-another", _("This patient has another pseudonym in the registry.")


@dataclass(frozen=True, repr=False)
class ListedPatient:
    """What a row says; a shift of None is to be made."""

    line: int
    identity: GivenIdentity
    pseudonym: str
    shift_days: int | None = None
    problem: Problem | None = None


def listed_patient(row: Row, today: date) -> ListedPatient:
    """Return the patient of a row, with the first problem of the row itself, if it has one."""
    if row.cells is None:
        return ListedPatient(row.line, GivenIdentity(), "", problem=Problem.CELLS)
    cells = {name: original_cell(cell.strip()) for name, cell in row.cells.items()}
    birth_date = _read_date(cells.get("birth_date", ""), today)
    sex = _read_sex(cells.get("sex", ""))
    shift = cells.get("date_shift_days", "")
    identity = GivenIdentity(
        patient_id=cells["patient_id"],
        issuer=cells.get("issuer", ""),
        name=cells.get("name", ""),
        birth_date=cells.get("birth_date", "") if birth_date is None else birth_date,
        sex=cells.get("sex", "") if sex is None else sex,
    )
    pseudonym = cells["pseudonym"]
    problem = (
        _text_problem(cells)
        or _pseudonym_problem(pseudonym, identity)
        or (Problem.BAD_DATE if birth_date is None else None)
        or (Problem.BAD_SEX if sex is None else None)
        or (Problem.BAD_SHIFT if shift and not _is_shift(shift) else None)
    )
    days = int(shift) if _is_shift(shift) else None
    return ListedPatient(row.line, identity, pseudonym, days, problem)


def _text_problem(cells: Mapping[str, str]) -> Problem | None:
    if not cells["patient_id"]:
        return Problem.NO_ID
    if not cells["pseudonym"]:
        return Problem.NO_PSEUDONYM
    if any(len(cells.get(name, "")) > longest for name, longest in LONGEST.items()):
        return Problem.LONG
    texts = [cells.get(name, "") for name in LONGEST]
    if any("\\" in text or _has_any("Cc", text) for text in texts):
        return Problem.CHARACTER
    # Nobody sees them, and no image has them; in names, which are compared by letters, they may be.
    if any(_has_any("Cf", cells.get(name, "")) for name in ("patient_id", "issuer")):
        return Problem.CHARACTER
    return Problem.ROUNDED if _ROUNDED.fullmatch(cells["patient_id"]) else None


def _pseudonym_problem(pseudonym: str, identity: GivenIdentity) -> Problem | None:
    # Some systems drop a last dot from the name of a folder.
    is_name = is_plain(pseudonym) and not pseudonym.endswith(".")
    if not (is_name and any(map(str.isalnum, pseudonym))):
        return Problem.BAD_PSEUDONYM
    if gives_away(pseudonym, identity):
        return Problem.TELLING
    return None if plain_identity(identity).has_own_id else Problem.SHARED_ID


def _has_any(category: str, text: str) -> bool:
    return any(unicodedata.category(character) == category for character in text)


def _read_date(text: str, today: date) -> str | None:
    """Return a date as YYYYMMDD, nothing for a placeholder, None for what is no birth date."""
    if not text:
        return ""
    found = next(filter(None, (pattern.fullmatch(text) for pattern in _DATES)), None)
    try:
        day = date(*(int(found[part]) for part in ("year", "month", "day"))) if found else None
    except ValueError:
        return None
    if day is None or day.year < EARLIEST_YEAR or day > today:
        return None
    return plain_date(day.isoformat())


def _read_sex(text: str) -> str | None:
    if not text:
        return ""
    return next((sex for sex, words in SEXES.items() if text.casefold() in words), None)


def _is_shift(text: str) -> bool:
    return bool(_SHIFT.fullmatch(text)) and int(text) >= -MOST_SHIFT_DAYS
