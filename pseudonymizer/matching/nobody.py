"""What stands in the ID or name field of many people at once, and so names nobody."""

import re

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
_COUNTING = "01234567890123456789", "98765432109876543210"


def is_shared(letters: str) -> bool:
    """Tell whether these letters and digits name nobody: 0000, TEST, ANON, 12345, …"""
    if len(set(letters)) < 2 and (len(letters) != 1 or letters == "0"):
        return True
    if len(letters) >= 3 and any(letters in digits for digits in _COUNTING):
        return True
    return letters in _WORDS or bool(_NUMBERED.fullmatch(letters))


def is_phantom(words: str) -> bool:
    """Tell whether a name, in folded words, is that of a thing, or of whoever has none."""
    return bool(_PHANTOM.search(words))


def is_newborn(words: str) -> bool:
    """Tell whether a name is a newborn's who has none yet, and perhaps the mother's ID."""
    return bool(_NEWBORN.search(words))
