"""How much each agreement says: Fellegi and Sunter's weights, in bits.

Every level has two probabilities: m, how often the two entries of one person agree so, and u, how
often those of two people do. Its weight is the logarithm of m/u to the base 2; weights add up, so
that 10 bits more make it a thousand times likelier that the two are one. A field that is missing
on one side says nothing. I. P. Fellegi, A. B. Sunter, A Theory for Record Linkage, JASA 64 (1969).

The numbers are chosen, not learned: whose they are is sealed. They say why beside them.
"""

from collections.abc import Mapping
from math import log2

from pseudonymizer.matching.agreement import Agreement, NameLevel, SexLevel
from pseudonymizer.matching.dates import DateLevel
from pseudonymizer.matching.ids import IdLevel


def _bits(m: float, u: float) -> float:
    return log2(m / u)


ID: Mapping[IdLevel, float] = {
    # One number of one clinic means one person; one in a million is given out twice.
    IdLevel.QUALIFIED: _bits(0.9, 1e-6),
    IdLevel.PADDED: _bits(0.05, 1e-7),
    # Other clinics count in the same way; a long number is rarely reached by two of a project.
    IdLevel.LONG: _bits(0.9, 2e-5),
    IdLevel.SHORT: _bits(0.9, 5e-3),
    IdLevel.LOOK_ALIKE: _bits(0.005, 1e-6),
    # Who is registered next gets the next number: a twin as often as a typing error.
    IdLevel.NEAR: 0.0,
    # About one person in twenty has two numbers in one clinic.
    IdLevel.DIFFERENT: _bits(0.06, 0.99),
    # Where issuers are not named, one in eight comes from elsewhere.
    IdLevel.UNRELATED: _bits(0.12, 0.99),
    IdLevel.MISSING: 0.0,
}
BIRTH_DATE: Mapping[DateLevel, float] = {
    # 80 years have 29,220 days; people of a project are of like age.
    DateLevel.EQUAL: _bits(0.95, 5e-5),
    DateLevel.NEW_YEAR: _bits(0.95, 2e-3),
    DateLevel.SWAPPED: _bits(0.01, 5e-5),
    # 8 digits with a handful of other values each.
    DateLevel.DAY_SLIP: _bits(0.02, 1.5e-3),
    DateLevel.YEAR_SLIP: _bits(0.01, 1e-3),
    DateLevel.YEAR: _bits(0.98, 0.015),
    DateLevel.DIFFERENT: _bits(0.01, 0.99),
    DateLevel.MISSING: 0.0,
}
FAMILY: Mapping[NameLevel, float] = {
    # The most frequent name has one person in a hundred; two at random share one far less often,
    # but those who share a birth date, an ID or a roof more often.
    NameLevel.EQUAL: _bits(0.85, 5e-3),
    NameLevel.PART: _bits(0.03, 1e-3),
    NameLevel.VARIANT: _bits(0.09, 1.5e-3),
    NameLevel.INITIAL: 0.0,
    NameLevel.SIMILAR: _bits(0.02, 0.01),
    NameLevel.DIFFERENT: _bits(0.04, 0.98),  # marriage
    NameLevel.MISSING: 0.0,
}
GIVEN: Mapping[NameLevel, float] = {
    NameLevel.EQUAL: _bits(0.8, 0.012),
    NameLevel.PART: _bits(0.08, 0.006),
    NameLevel.VARIANT: _bits(0.06, 0.004),
    NameLevel.INITIAL: _bits(0.95, 0.08),  # given that one of them is no more
    NameLevel.SIMILAR: _bits(0.02, 0.02),
    NameLevel.DIFFERENT: _bits(0.002, 0.96),  # nobody marries into another given name
    NameLevel.MISSING: 0.0,
}
SEX: Mapping[SexLevel, float] = {
    SexLevel.EQUAL: _bits(0.995, 0.5),
    SexLevel.DIFFERENT: _bits(0.005, 0.5),
    SexLevel.MISSING: 0.0,
}
TURNED = -1.0  # only that one more way to agree was tried


def score(agreement: Agreement) -> float:
    """Return the bits of evidence that two persons are one."""
    return (
        ID[agreement.patient_id]
        + BIRTH_DATE[agreement.birth_date]
        + FAMILY[agreement.family]
        + GIVEN[agreement.given]
        + SEX[agreement.sex]
        + (TURNED if agreement.is_turned else 0.0)
    )
