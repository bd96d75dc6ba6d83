"""How far two persons agree, field by field; what is compared how stands in comparison.py."""

from enum import StrEnum
from typing import NamedTuple

from pseudonymizer.matching.dates import DateLevel
from pseudonymizer.matching.ids import IdLevel


class NameLevel(StrEnum):
    """How far two family names, or two given names, agree."""

    __hash__ = str.__hash__  # Enum's is many times slower

    EQUAL = "equal"
    PART = "part"  # all words of the one are among those of the other
    VARIANT = "variant"  # another spelling, or one typing slip
    INITIAL = "initial"  # the one is only the first letter of the other
    SIMILAR = "similar"
    DIFFERENT = "different"
    MISSING = "missing"


class SexLevel(StrEnum):
    __hash__ = str.__hash__  # Enum's is many times slower

    EQUAL = "equal"
    DIFFERENT = "different"
    MISSING = "missing"


class Agreement(NamedTuple):
    """How far two persons agree, field by field."""

    patient_id: IdLevel
    birth_date: DateLevel
    family: NameLevel
    given: NameLevel
    sex: SexLevel
    is_turned: bool = False  # family and given names stand the other way round
    has_generations: bool = False  # father and son by their names: senior, junior
    has_newborn: bool = False
