"""Whether a pseudonym that somebody else chose gives away whom it stands for."""

import re

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.engine.numerals import date_parts
from pseudonymizer.engine.spellings import FEWEST_LETTERS, folded, words

FEWEST_ID_CHARACTERS = 3  # of a whole ID
FEWEST_NUMBER_DIGITS = 5  # of a number in an ID
_PARTS = re.compile(r"[._-]")
_SIGNS = re.compile(r"[\W_]+")
_DIGITS = "0123456789"


def gives_away(pseudonym: str, identity: GivenIdentity) -> bool:
    """Tell whether a pseudonym contains the patient's name, ID or birth date.

    Stricter than the last look of the engine, which skips the pseudonym: it would find there
    what it searches for. `pseudonym` is plain ASCII (engine.subject.is_plain).
    """
    text = pseudonym.lower()
    readings = {text, _SIGNS.sub("", text)}
    return (
        _has_name(text, identity.name)
        or any(_has_id(reading, identity.patient_id) for reading in readings)
        or any(_has_date(reading, identity.birth_date) for reading in readings)
    )


def _has_name(text: str, name: str) -> bool:
    parts = {part.strip(_DIGITS) for part in _PARTS.split(text)}
    return any(
        (len(word) > 1 and word in parts) or (len(word) >= FEWEST_LETTERS and word in text)
        for spelling in folded(name)
        for word in words(spelling)
    )


def _has_id(text: str, patient_id: str) -> bool:
    whole = {_SIGNS.sub("", spelling).lstrip("0") for spelling in folded(patient_id)} - {""}
    numbers = {run.lstrip("0") for run in re.findall("[0-9]+", patient_id)}
    inside = {one for one in whole if len(one) >= FEWEST_ID_CHARACTERS} | {
        one for one in numbers if len(one) >= FEWEST_NUMBER_DIGITS
    }
    return text.lstrip("0") in whole or any(_stands_in(one, text) for one in inside)


def _has_date(text: str, birth_date: str) -> bool:
    """Look for the date as digits, with the year in four or two of them."""
    parts = date_parts(birth_date)
    if parts is None:
        return False
    year, month, day = parts
    return any(
        _stands_in(digits, text)
        for y in (year, year[2:])
        for digits in (y + month + day, day + month + y, month + day + y)
    )


def _stands_in(number: str, text: str) -> bool:
    """Tell whether `number` stands in `text` and no other digit touches it."""
    return number in text and bool(re.search(rf"(?<!\d)0*{re.escape(number)}(?!\d)", text))
