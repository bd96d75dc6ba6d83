"""Birth dates as they can be compared."""

import re
from enum import StrEnum

from pseudonymizer.matching.exact import plain_date

_YEAR = re.compile(r"(1[89]|20)\d\d")


class DateLevel(StrEnum):
    """How far two birth dates agree."""

    __hash__ = str.__hash__  # Enum's is many times slower

    EQUAL = "equal"
    NEW_YEAR = "new-year"  # equal, but the first of January stands for "not known" too
    SWAPPED = "swapped"  # day and month changed over
    DAY_SLIP = "day-slip"  # one typing slip in day or month
    YEAR_SLIP = "year-slip"  # one typing slip in the year
    YEAR = "year"  # of one of them only the year is known, and it agrees
    DIFFERENT = "different"
    MISSING = "missing"


def birth_date(text: str) -> str:
    """Return a date as YYYYMMDD, as YYYY where only the year is known, or nothing."""
    date = text.strip(" \0")
    return date if len(date) == 4 and _YEAR.fullmatch(date) else plain_date(date)


def compare_dates(one: str, other: str) -> DateLevel:
    """Return how far two dates of `birth_date` agree."""
    if not (one and other):
        return DateLevel.MISSING
    if len(one) != len(other):
        return DateLevel.YEAR if one[:4] == other[:4] else DateLevel.DIFFERENT
    if one == other:
        return DateLevel.NEW_YEAR if one[4:] in {"0101", ""} else DateLevel.EQUAL
    if one[:4] == other[:4]:
        if one[4:6] + one[6:] == other[6:] + other[4:6]:
            return DateLevel.SWAPPED
        return DateLevel.DAY_SLIP if is_slip(one[4:], other[4:]) else DateLevel.DIFFERENT
    is_same_day = one[4:] == other[4:] and len(one) == 8
    if is_same_day and is_slip(one[:4], other[:4]):
        return DateLevel.YEAR_SLIP
    return DateLevel.DIFFERENT


def is_slip(one: str, other: str) -> bool:
    """Tell whether strings of one length differ in one place, or in two neighbors changed over."""
    places = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    if len(places) == 2 and places[1] == places[0] + 1:
        first, second = places
        return one[first] == other[second] and one[second] == other[first]
    return len(places) == 1
