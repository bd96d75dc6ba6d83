"""Patient IDs as they can be compared."""

import re
from enum import StrEnum

LONG = 5  # letters and digits; a shorter ID is given out by many departments
_LEADING_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")
_LOOK_ALIKES = str.maketrans("oilsb", "01158")


class IdLevel(StrEnum):
    """How far two IDs agree."""

    __hash__ = str.__hash__  # Enum's is many times slower

    QUALIFIED = "qualified"  # equal, of one named issuer
    PADDED = "padded"  # of one named issuer, but for leading zeros and separators
    LONG = "long"  # equal and long, the issuer is not known on both sides
    SHORT = "short"  # equal and short, the issuer is not known on both sides
    LOOK_ALIKE = "look-alike"  # equal but for O and 0, I and 1 and the like
    NEAR = "near"  # one typing slip apart, as the numbers of neighbors are
    DIFFERENT = "different"
    UNRELATED = "unrelated"  # different, and perhaps of different issuers
    MISSING = "missing"


def look_alike(plain: str) -> str:
    """Return an ID in which letters stand as the digits they are taken for."""
    return without_zeros(plain if plain.isdigit() else plain.translate(_LOOK_ALIKES))


def without_zeros(plain: str) -> str:
    """Return letters and digits without the zeros that only fill a number up."""
    if plain.isdigit() and plain.isascii():  # as nearly always
        return plain.lstrip("0") or plain[-1:]
    return _LEADING_ZEROS.sub("", plain) if "0" in plain else plain
