"""Content items that say in a report's tree what attributes say elsewhere, treated like these."""

import re
from collections.abc import Mapping

from pseudonymizer.engine.actions import OLDEST_AGE_YEARS, PATIENT_AGE, dummy, empty
from pseudonymizer.engine.elements import Dataset, Element, text_element, text_of
from pseudonymizer.engine.profile import Action, Profile

CONCEPT_NAME = 0x0040A043
_CODE_TAGS = (0x00080100, 0x00080119)  # Code Value, Long Code Value
_CODE_MEANING = 0x00080104
_DATES = {0x0040A120: "DT", 0x0040A121: "DA"}
_MEASURED_VALUE, _UNITS = 0x0040A300, 0x004008EA
NUMERIC_VALUE = 0x0040A30A
_OTHER_NUMBERS = frozenset({0x0040A161, 0x0040A162, 0x0040A163})  # the same as float or fraction

# Birth dates, which always go, and dates of devices: shifted, either would betray the shift.
# DCM, SNOMED CT and LOINC; no two of them share a number.
_UNSHIFTED = frozenset({"121031", "184099003", "21112-8", "113723"})
_UNSHIFTED_MEANINGS = frozenset(
    {"birth date", "date of birth", "subject birth date", "patient birth date"}
    | {"patient's birth date"}
)
_AGES = frozenset({"121033", "397669002", "424144002", "30525-0", "21612-7", "29553-5", "63900-5"})
_AGE_MEANINGS = frozenset({"age", "subject age", "patient age", "patient's age"})
_NUMBER = re.compile(r"\d+\.?\d*([eE][+-]?\d+)?", re.ASCII)
# UCUM; a year where none of them stands, since that is what ages are told in.
_UNITS_IN_YEARS: Mapping[str, float] = {
    "mo": 12,
    "wk": 365 / 7,
    "d": 365,
    "h": 365 * 24,
    "min": 365 * 1440,
}


def as_attributes(item: Dataset, profile: Profile) -> Dataset:
    """Return a content item without a birth date, a device's date, or an age that tells.

    Parameters
    ----------
    item : dict of int to Element
        An item with a concept name; not changed.
    profile : Profile
        Its rule for Patient's Age counts for ages, unless it keeps Numeric Value by one of its own.

    Returns
    -------
    dict of int to Element
        Dates become the dummy that no rule shifts, ages of 90 years and more 90 years in their
        own unit; where the profile keeps no age, the measured value is empty, or 0 where the
        number is no measurement.

    References
    ----------
    DICOM PS3.15 Table E.1-1, Patient's Birth Date and Patient's Age; PS3.16 TID 1007, 10002.
    """
    codes, meanings = _names(item)
    if not codes.isdisjoint(_UNSHIFTED) or not meanings.isdisjoint(_UNSHIFTED_MEANINGS):
        return item | {
            tag: dummy(item[tag], vr, is_text=True) for tag, vr in _DATES.items() if tag in item
        }
    is_age = not codes.isdisjoint(_AGES) or not meanings.isdisjoint(_AGE_MEANINGS)
    action = profile.rule_for(PATIENT_AGE, "AS").action
    if not is_age or action is Action.KEEP or _keeps_numbers(profile):
        return item
    return _with_age(item, is_kept=action is Action.KEEP_CHARACTERISTIC)


def _keeps_numbers(profile: Profile) -> bool:
    """Tell whether a rule of the project keeps all numbers; others leave the age in other forms."""
    rule = profile.rule_for(NUMERIC_VALUE, "DS")
    return profile.has_own_rule(NUMERIC_VALUE) and rule.action is Action.KEEP


def _names(item: Dataset) -> tuple[set[str], set[str]]:
    """Return the codes of an item's concept, and what they mean in small letters."""
    names = item[CONCEPT_NAME].items or []
    codes = {text_of(name[tag]) for name in names for tag in _CODE_TAGS if tag in name}
    return codes, {text_of(name.get(_CODE_MEANING)).lower() for name in names}


def _with_age(item: Dataset, *, is_kept: bool) -> Dataset:
    kept = {tag: element for tag, element in item.items() if tag not in _OTHER_NUMBERS}
    if NUMERIC_VALUE in item:
        age = _capped(item) if is_kept else ""
        kept[NUMERIC_VALUE] = text_element(NUMERIC_VALUE, "DS", age or "0")
    measured = item.get(_MEASURED_VALUE)
    if measured is not None:
        kept[_MEASURED_VALUE] = _measured(measured, is_kept=is_kept)
    return kept


def _measured(measured: Element, *, is_kept: bool) -> Element:
    values = measured.items or []
    ages = [_capped(value) for value in values]
    if not is_kept or not all(ages):
        return empty(measured, "SQ")
    items = [
        {tag: element for tag, element in value.items() if tag not in _OTHER_NUMBERS}
        | {NUMERIC_VALUE: text_element(NUMERIC_VALUE, "DS", age)}
        for value, age in zip(values, ages, strict=True)
    ]
    return Element(measured.tag, measured.vr, items=items)


def _capped(value: Dataset) -> str:
    """Return an age of 90 years at most in its own unit, nothing for what is no age."""
    text = text_of(value.get(NUMERIC_VALUE))
    units = (value[_UNITS].items if _UNITS in value else None) or [{}]
    most = OLDEST_AGE_YEARS * _UNITS_IN_YEARS.get(text_of(units[0].get(_CODE_TAGS[0])), 1)
    if not _NUMBER.fullmatch(text):
        return ""
    return f"{most:g}" if float(text) >= most else text
