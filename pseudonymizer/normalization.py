"""One spelling for what means the same, so that a keyed digest recognizes a patient again.

Only what cannot make two people one is unified: case, spaces, diacritics and punctuation. All
else (a nickname, a swapped digit, leading zeros) stays different and waits for a steward.
"""

import re
import unicodedata
from dataclasses import dataclass

from pacs_portal.jobs.steps import GivenIdentity

_UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "æ": "ae", "ø": "oe", "œ": "oe", "ł": "l"}
    | {"đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_DATE = re.compile(r"(\d{4})([-./]?)(\d{2})\2(\d{2})")
_PLACEHOLDER_DATES = frozenset({"00010101", "18000101", "19000101", "19010101", "19700101"})
# Words that stand in the ID or name field of many people at once.
_NOBODY = frozenset(
    [
        *("anon", "anonym", "anonymisiert", "anonymised", "anonymized", "anonymous"),
        *("deidentified", "demo", "dummy", "id", "mrn", "na", "nn", "noid", "noname", "none"),
        *("null", "patient", "patientid", "patientname", "phantom", "qa", "qc", "subject", "test"),
        *("tester", "testpatient", "unbekannt", "unidentified", "unknown", "unnamed", "xnat"),
    ]
)
_NOBODY_NUMBERED = re.compile(r"(anon|demo|dummy|patient|phantom|qa|qc|test|unknown)\d{1,3}")
_NOBODY_NAMED = re.compile(
    r"phantom|babyof|babyboy|babygirl|babymale|babyfemale|newborn|neugeboren|^baby$|^phant"
    r"|johndoe|doejohn|janedoe|doejane"
)
_COUNTING = "01234567890123456789", "98765432109876543210"


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


def plain_identity(identity: GivenIdentity) -> PlainIdentity:
    """Return `identity` in its one spelling."""
    patient_id, name = plain_text(identity.patient_id), plain_name(identity.name)
    birth_date = plain_date(identity.birth_date)
    has_own_id = not (_is_shared(_letters(patient_id)) or _is_nobody(name))
    has_own_name = not _is_shared(_letters(name))
    return PlainIdentity(
        patient_id=patient_id,
        issuer=plain_text(identity.issuer),
        name=name,
        birth_date=birth_date,
        study_instance_uid=identity.study_instance_uid.strip(" \0"),
        has_own_id=has_own_id,
        is_person=has_own_id and (has_own_name or bool(birth_date)),
    )


def plain_text(text: str) -> str:
    """Return text without outer spaces, in one case and one Unicode form."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().strip(" \0").split())


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
    return f"{_letters(family)}^{_letters(given)}".rstrip("^")


def plain_date(date: str) -> str:
    """Return a date as YYYYMMDD, or nothing for what is no date or a placeholder."""
    match = _DATE.fullmatch(date.strip(" \0"))
    digits = f"{match[1]}{match[3]}{match[4]}" if match else ""
    return "" if digits in _PLACEHOLDER_DATES or digits.startswith("0000") else digits


def _letters(text: str) -> str:
    composed = unicodedata.normalize("NFKC", text).casefold().translate(_UMLAUTS)
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKD", composed)))


def _is_nobody(name: str) -> bool:
    """Tell whether the name is a phantom's, or a newborn's who has none yet."""
    return bool(_NOBODY_NAMED.search(_letters(name)))


def _is_shared(letters: str) -> bool:
    """Tell whether these letters and digits name nobody: 0000, TEST, ANON, 12345, …"""
    if len(set(letters)) < 2 and (len(letters) != 1 or letters == "0"):
        return True
    if len(letters) >= 3 and any(letters in digits for digits in _COUNTING):
        return True
    return letters in _NOBODY or bool(_NOBODY_NUMBERED.fullmatch(letters))
