"""Shift dates by whole days, and tell which dates must not be shifted."""

import re
from datetime import date, timedelta

# Defaults of devices and systems; shifted, they would betray the shift.
SENTINELS = frozenset({"19000101", "19010101", "19700101", "19800101", "99991231"})
FIRST_X_RAY = date(1895, 11, 8)
_TOLERANCE = timedelta(days=1)  # a local day may be ahead of the clock's

_DATE = re.compile(r"(\d{4})(\.?)(\d{2})\2(\d{2})", re.ASCII)
_DATE_TIME = re.compile(
    r"(\d{8})((?:([01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?)?)([+-]\d{4})?",
    re.ASCII,
)
_TIME = re.compile(r"([01]\d|2[0-3])(:?[0-5]\d(:?([0-5]\d|60)(\.\d{1,6})?)?)?", re.ASCII)


def shift_date(text: str, days: int, today: date) -> str | None:
    """Return a DA value moved by whole days, or None if it must not be shifted.

    Parameters
    ----------
    text : str
        One value without padding: YYYYMMDD, or YYYY.MM.DD as before 1993.
    days : int
        The patient's shift, negative.
    today : date
        The job's day; a date after tomorrow is taken for a mistake.

    Returns
    -------
    str or None
        YYYYMMDD; None for sentinels, impossible and future dates.

    References
    ----------
    DICOM PS3.15 E.3.6, Retain Longitudinal Temporal Information Options; PS3.5 6.2, DA.
    """
    match = _DATE.fullmatch(text)
    if match is None:
        return None
    year, _, month, day = match.groups()
    if year + month + day in SENTINELS:
        return None
    try:
        found = date(int(year), int(month), int(day))
    except ValueError:
        return None
    if not FIRST_X_RAY <= found <= today + _TOLERANCE:
        return None
    return (found + timedelta(days=days)).strftime("%Y%m%d")


def shift_date_time(text: str, days: int, today: date) -> str | None:
    """Return a DT value moved by whole days with its precision and offset, or None.

    None stands for what `shift_date` refuses and for values coarser than a day.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        return None
    day, time, _, offset = match.groups()
    shifted = shift_date(day, days, today)
    return None if shifted is None else shifted + time + (offset or "")


def is_time(text: str) -> bool:
    """Tell whether `text` is a TM value and nothing else."""
    return _TIME.fullmatch(text) is not None
