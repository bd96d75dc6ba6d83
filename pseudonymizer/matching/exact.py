"""One spelling for what means the same, so that a keyed digest recognizes a patient again.

Only what cannot make two people one is unified: case, spaces, diacritics and punctuation. All
else (a nickname, a swapped digit, leading zeros) stays different and is for comparison.py.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

from pseudonymizer.matching.ids import LONG
from pseudonymizer.matching.nobody import WORD, is_nameless, is_newborn, is_phantom, is_shared

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l"}
    | {"đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_DATE = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})")
_PLACEHOLDER_DATES = frozenset({"00010101", "18000101", "19000101", "19010101", "19700101"})


class Identity(Protocol):
    """What is said of a patient, in DICOM's spelling."""

    @property
    def patient_id(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def birth_date(self) -> str: ...
    @property
    def sex(self) -> str: ...
    @property
    def study_instance_uid(self) -> str: ...


@dataclass(frozen=True, repr=False)
class PlainIdentity:
    """An identity in the one spelling that digests are computed over."""

    patient_id: str
    issuer: str
    name: str
    birth_date: str
    study_instance_uid: str
    has_own_id: bool  # the ID names one person, not whoever has none
    is_person: bool  # ID with name or birth date: enough to recognize one person in any study


def plain_identity(identity: Identity) -> PlainIdentity:
    """Return `identity` in its one spelling."""
    patient_id, name = plain_text(identity.patient_id), plain_name(identity.name)
    issuer = plain_text(identity.issuer)
    birth_date = plain_date(identity.birth_date)
    written = folded(identity.name)
    bare_id, bare_name = letters(patient_id), letters(name)
    is_nobody = is_phantom(written) or is_newborn(written)
    has_own_id = not (is_shared(bare_id) or is_nobody)
    # A short number that stands in both fields is still a number alone.
    is_number = bare_name == bare_id and len(bare_id) < LONG and not issuer
    has_no_name = is_shared(bare_name) or is_nameless(WORD.findall(name))
    has_own_name = not (has_no_name or is_number)
    return PlainIdentity(
        patient_id=patient_id,
        issuer=issuer,
        name=name,
        birth_date=birth_date,
        study_instance_uid=identity.study_instance_uid.strip(" \0"),
        has_own_id=has_own_id,
        is_person=has_own_id and (has_own_name or bool(birth_date)),
    )


def plain_text(text: str) -> str:
    """Return text without outer spaces, in one case and one Unicode form."""
    if text.isalnum() and text.isascii():  # as IDs nearly always
        return text.lower()
    folded_case = text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold()
    return " ".join(folded_case.strip(" \0").split())


def plain_name(name: str) -> str:
    """Return family and given names as `family^given`, in letters that survive any keyboard.

    Of the three groups of a DICOM person name the first that is filled counts; prefix and suffix
    do not (PS3.5 6.2.1.1).
    """
    group = next((group for group in name.split("=") if group.strip(" ^\0")), "")
    if "^" not in group and group.count(",") == 1:
        group = group.replace(",", "^")
    family, _, rest = group.partition("^")
    given = "".join(rest.split("^")[:2])
    return f"{letters(family)}^{letters(given)}".rstrip("^")


def plain_date(date: str) -> str:
    """Return a date as YYYYMMDD, or nothing for what is no date or a placeholder."""
    digits = date.strip(" \0")
    if not (len(digits) == len("YYYYMMDD") and digits.isascii() and digits.isdigit()):
        match = _DATE.fullmatch(digits)
        digits = f"{match[1]}{match[3]}{match[4]}" if match else ""
    return "" if digits in _PLACEHOLDER_DATES or digits.startswith("0000") else digits


def letters(text: str) -> str:
    """Return the letters and digits of a text, without case and diacritics."""
    plain = folded(text)
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def folded(text: str) -> str:
    """Return a text without case and diacritics, ä as ae; what is no letter stays."""
    if text.isascii():
        return text.lower()
    composed = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    if composed.isascii():
        return composed
    decomposed = unicodedata.normalize("NFKD", composed)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))
