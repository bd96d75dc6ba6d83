"""What each action makes of one raw value."""

import re
from dataclasses import dataclass, field
from datetime import date

from pseudonymizer.engine.dates import is_time, shift_date, shift_date_time
from pseudonymizer.engine.earlier import Earlier
from pseudonymizer.engine.elements import Element, text_element, text_of
from pseudonymizer.engine.identifiers import is_public_uid, map_uid
from pseudonymizer.engine.vocabulary import clean_text

OLDEST_AGE_YEARS = 90
DAYS_IN_YEAR = 365
PATIENT_AGE = 0x00101010
PATIENT_SEX = 0x00100040

_AGE = re.compile(r"(\d{1,3})([DWMY])")  # of three digits, but some devices write fewer
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_OFFSET = re.compile(r"[+-](0\d|1[0-4])[0-5]\d")
_DAYS_IN = {"D": 1, "W": 7, "M": 30, "Y": DAYS_IN_YEAR}
_DUMMIES = {
    "AS": "000Y",
    "DA": "19000101",
    "DS": "0",
    "DT": "19000101000000",
    "IS": "0",
    "TM": "000000",
    "UI": "2.25.0",
    "UR": "about:blank",
}
_DUMMY_TEXT = "REMOVED"


@dataclass(frozen=True)
class Keys:
    """What the actions on one file need to know."""

    uid_key: bytes = field(repr=False)
    date_shift_days: int = field(repr=False)
    today: date
    earlier: Earlier | None = None  # dates may have been moved already

    def days_at(self, tag: int, vr: str) -> int | None:
        """Return by how many days the dates of an attribute are still to be moved, None if not."""
        moved = self.earlier.days_at(tag, vr) if self.earlier else 0
        return None if moved is None else self.date_shift_days - moved

    def has_moved(self, tag: int, vr: str) -> bool:
        """Tell whether the dates of an attribute are no longer the original ones."""
        return self.earlier is not None and self.earlier.days_at(tag, vr) != 0


def empty(element: Element, vr: str) -> Element:
    """Return the element without a value (action Z)."""
    return Element(element.tag, vr, items=[] if vr == "SQ" else None)


def dummy(element: Element, vr: str, is_text: bool) -> Element:
    """Return the element with a value that says nothing (action D); nothing stays nothing."""
    if element.is_empty:
        return empty(element, vr)
    if is_text:
        return text_element(element.tag, vr, _DUMMIES.get(vr, _DUMMY_TEXT))
    return Element(element.tag, vr, b"\0" * 8)


def map_uids(element: Element, uid_key: bytes, names_instance: bool) -> Element:
    """Return the element with each UID mapped, but for public ones (action U)."""
    uids = (uid.strip(" \0") for uid in element.value.decode("latin-1").split("\\"))
    mapped = (
        uid if not uid or is_public_uid(uid, names_instance) else map_uid(uid, uid_key)
        for uid in uids
    )
    return text_element(element.tag, "UI", "\\".join(mapped))


def shift(element: Element, vr: str, keys: Keys) -> Element | None:
    """Return the element with its dates shifted, or None if one of them must not be."""
    days = keys.days_at(element.tag, element.vr)
    if days is None:
        return None
    shift_one = shift_date_time if vr == "DT" else shift_date
    shifted = []
    for value in text_of(element).split("\\"):
        moved = shift_one(value.strip(), days, keys.today)
        if moved is None:
            return None
        shifted.append(moved)
    return text_element(element.tag, vr, "\\".join(shifted))


def keep_time(element: Element) -> Element | None:
    """Return a time as it is, or None if the value is no time."""
    values = text_of(element).split("\\")
    return element if all(is_time(value.strip()) for value in values) else None


def keep_offset(element: Element) -> Element | None:
    """Return an offset from UTC as it is, or None if the value is none."""
    return element if _OFFSET.fullmatch(text_of(element)) else None


def clean(element: Element, vr: str) -> Element | None:
    """Return the words of a description that are listed, or None if there is none."""
    words = clean_text(element.value)
    return Element(element.tag, vr, words + b" " * (len(words) % 2)) if words else None


def keep_characteristic(element: Element) -> Element | None:
    """Return sex, age, size or weight if the value is nothing else, ages capped at 090Y."""
    value = text_of(element)
    if element.tag == PATIENT_AGE:
        return _cap_age(element, value)
    if element.tag == PATIENT_SEX:
        return element if value in ("M", "F", "O") else None
    return element if _DECIMAL.fullmatch(value) else None


def _cap_age(element: Element, value: str) -> Element | None:
    match = _AGE.fullmatch(value)
    if match is None:
        return None
    count, unit = int(match[1]), match[2]
    is_old = count * _DAYS_IN[unit] >= OLDEST_AGE_YEARS * DAYS_IN_YEAR
    return text_element(element.tag, "AS", "090Y" if is_old else f"{count:03}{unit}")
