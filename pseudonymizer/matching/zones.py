"""The three zones: the same person, possibly the same, somebody new.

A wrong merge is worse than a hundred splits: *same* takes overwhelming evidence, and no doubt of
the kinds that evidence does not weigh (twins, namesakes in one family, numbers given out twice).
"""

from enum import StrEnum

from pseudonymizer.matching.agreement import Agreement, NameLevel, SexLevel
from pseudonymizer.matching.dates import DateLevel
from pseudonymizer.matching.ids import IdLevel
from pseudonymizer.matching.weights import BIRTH_DATE, FAMILY, GIVEN, ID

SAME_FROM = 36.0  # an ID, a birth date and a name; no two of them reach it
POSSIBLE_FROM = 14.0  # odds of one in a project of 20,000, before anything else is known
SAME_DAYS = frozenset({DateLevel.EQUAL, DateLevel.NEW_YEAR})
SPELLINGS = frozenset({NameLevel.EQUAL, NameLevel.VARIANT})
SAME_NAMES = SPELLINGS | {NameLevel.PART}
OF_ONE_ISSUER = frozenset({IdLevel.QUALIFIED, IdLevel.PADDED})
TELLING_IDS = OF_ONE_ISSUER | {IdLevel.LONG}


class Zone(StrEnum):
    __hash__ = str.__hash__  # Enum's is many times slower

    SAME = "same"
    POSSIBLE = "possible"
    NEW = "new"


def zone_of(agreement: Agreement, bits: float) -> Zone:
    """Return whether two persons are one, may be, or are two; `bits` is the evidence (`score`)."""
    if bits < POSSIBLE_FROM or not _has_enough(agreement):
        return Zone.NEW
    if bits >= SAME_FROM and not is_doubtful(agreement):
        return Zone.SAME
    return Zone.POSSIBLE


def is_doubtful(agreement: Agreement) -> bool:
    """Tell whether something speaks against joining without a look, however much agrees."""
    if agreement.has_newborn or agreement.has_generations:
        return True
    if agreement.sex == SexLevel.DIFFERENT or agreement.birth_date not in SAME_DAYS:
        return True
    if agreement.patient_id in OF_ONE_ISSUER:
        return agreement.family not in SAME_NAMES or agreement.given not in SAME_NAMES
    # Perhaps another clinic's number: nothing but the family name's spelling may differ.
    is_same_name = agreement.given == NameLevel.EQUAL and agreement.family in SPELLINGS
    return agreement.patient_id != IdLevel.LONG or not is_same_name


def _has_enough(agreement: Agreement) -> bool:
    """Tell whether more agrees than a name or a date alone."""
    if agreement.has_newborn:
        # The mother's number stands in her child's files, too: their birth dates tell.
        return agreement.birth_date in SAME_DAYS and ID[agreement.patient_id] > 0
    if agreement.patient_id in TELLING_IDS:
        return True
    has_id, has_date = ID[agreement.patient_id] > 0, BIRTH_DATE[agreement.birth_date] > 0
    has_name = FAMILY[agreement.family] > 0 or GIVEN[agreement.given] > 0
    return has_id + has_date + has_name > 1
