"""What stands in the ID or name field of many people at once, and so names nobody."""

import re
from collections.abc import Collection

WORD = re.compile(r"[^\W_]+")
_WORDS = frozenset(
    [
        *("anon", "anonym", "anonymisiert", "anonymised", "anonymized", "anonymous"),
        *("deidentified", "demo", "dummy", "id", "mrn", "na", "nn", "noid", "noname", "none"),
        *("null", "patient", "patientid", "patientname", "phantom", "qa", "qc", "subject", "test"),
        *("tester", "testpatient", "unbekannt", "unidentified", "unknown", "unnamed", "xnat"),
    ]
)
_NUMBERED = re.compile(r"(anon|demo|dummy|patient|phantom|qa|qc|test|unknown)\d{1,3}")
_PHANTOM = re.compile(r"\bphant(om.*)?\b|\bjohn doe\b|\bdoe john\b|\bjane doe\b|\bdoe jane\b")
_NEWBORN = re.compile(
    r"\bbaby ?(of|boy|girl|male|female)\b|\bbaby$|\bnewborn\b|\bneugeboren|\bsaeugling\b"
)
_NEWBORN_BEGINS = ("baby", "newborn", "neugeboren", "saeugling")  # found faster than the rest
_COUNTING = "01234567890123456789", "98765432109876543210"


def is_shared(letters: str) -> bool:
    """Tell whether these letters and digits name nobody: 0000, TEST, ANON, 12345, …"""
    if not letters.strip(letters[:1]) and (len(letters) != 1 or letters == "0"):
        return True
    if len(letters) >= 3 and letters.isdigit():
        return letters in _COUNTING[0] or letters in _COUNTING[1]
    return letters in _WORDS or (letters[-1].isdigit() and bool(_NUMBERED.fullmatch(letters)))


def is_nameless(words: Collection[str]) -> bool:
    """Tell whether all words of a folded name stand for nobody: Test^Test, Anonymous^Patient."""
    return _WORDS.issuperset(words)


def is_phantom(name: str) -> bool:
    """Tell whether a folded name is that of a thing, or of whoever has none."""
    return ("phant" in name or "doe" in name) and bool(_PHANTOM.search(_words(name)))


def is_newborn(name: str) -> bool:
    """Tell whether a folded name is a newborn's who has none yet, and perhaps the mother's ID."""
    for begin in _NEWBORN_BEGINS:
        if begin in name:
            return bool(_NEWBORN.search(_words(name)))
    return False


def _words(text: str) -> str:
    return " ".join(WORD.findall(text))
