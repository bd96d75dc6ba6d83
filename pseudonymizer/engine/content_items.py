"""Content items that say in a report's tree what attributes say elsewhere, treated like these."""

from collections.abc import Mapping

from pseudonymizer.engine.actions import OLDEST_AGE_YEARS, PATIENT_AGE, dummy, empty
from pseudonymizer.engine.elements import Dataset, Element, text_element, text_of
from pseudonymizer.engine.profile import Action, Profile

CONCEPT_NAME = 0x0040A043
_CODE_VALUE, _SCHEME = 0x00080100, 0x00080102
_DATES = {0x0040A120: "DT", 0x0040A121: "DA"}
_MEASURED_VALUE, _UNITS = 0x0040A300, 0x004008EA
_NUMERIC_VALUE = 0x0040A30A
_OTHER_NUMBERS = frozenset({0x0040A161, 0x0040A162, 0x0040A163})  # the same as float or fraction

Code = tuple[str, str]

# Birth dates, which always go, and dates of devices: shifted, either would betray the shift.
UNSHIFTED = frozenset(
    {("121031", "DCM"), ("184099003", "SCT"), ("21112-8", "LN"), ("113723", "DCM")}
)
AGES = frozenset({("121033", "DCM"), ("397669002", "SCT"), ("424144002", "SCT"), ("30525-0", "LN")})
_UNITS_IN_YEARS: Mapping[str, float] = {"a": 1, "mo": 12, "wk": 365 / 7, "d": 365}


def as_attributes(item: Dataset, profile: Profile) -> Dataset:
    """Return a content item without a birth date, a device's date, or an age that tells.

    Parameters
    ----------
    item : dict of int to Element
        An item with a concept name; not changed.
    profile : Profile
        Its rule for Patient's Age counts for ages.

    Returns
    -------
    dict of int to Element
        Dates become the dummy that no rule shifts, ages of 90 years and more 90 years; the
        measured value is empty where the profile keeps no age.

    References
    ----------
    DICOM PS3.15 Table E.1-1, Patient's Birth Date and Patient's Age; PS3.16 TID 1007, 10002.
    """
    concept = _code_of(item[CONCEPT_NAME])
    if concept in UNSHIFTED:
        return item | {
            tag: dummy(item[tag], vr, is_text=True) for tag, vr in _DATES.items() if tag in item
        }
    measured = item.get(_MEASURED_VALUE)
    if concept not in AGES or measured is None:
        return item
    return item | {_MEASURED_VALUE: _age(measured, profile.rule_for(PATIENT_AGE, "AS").action)}


def _age(measured: Element, action: Action) -> Element:
    if action is Action.KEEP:
        return measured
    values = [_capped(value) for value in measured.items or ()]
    if action is not Action.KEEP_CHARACTERISTIC or None in values:
        return empty(measured, "SQ")
    return Element(measured.tag, measured.vr, items=[value for value in values if value])


def _capped(value: Dataset) -> Dataset | None:
    """Return a measured age of 90 years at most, or None for one that cannot be told."""
    unit, scheme = _code_of(value.get(_UNITS))
    try:
        number = float(text_of(value.get(_NUMERIC_VALUE)))
        most = OLDEST_AGE_YEARS * _UNITS_IN_YEARS[unit]
    except (ValueError, KeyError):
        return None
    is_told = scheme == "UCUM" and number >= 0  # no NaN is
    if not is_told:
        return None
    kept = {tag: element for tag, element in value.items() if tag not in _OTHER_NUMBERS}
    if number >= most:
        kept[_NUMERIC_VALUE] = text_element(_NUMERIC_VALUE, "DS", f"{most:.0f}")
    return kept


def _code_of(sequence: Element | None) -> Code:
    items = (sequence.items if sequence else None) or [{}]
    return text_of(items[0].get(_CODE_VALUE)), text_of(items[0].get(_SCHEME))
