"""Content items that say the subject's age or birth date, as those of reports and protocols do."""

from collections.abc import Iterator

from pseudonymizer.engine.actions import DAYS_IN_YEAR, OLDEST_AGE_YEARS, PATIENT_AGE, dummy
from pseudonymizer.engine.elements import Dataset, text_element, text_of
from pseudonymizer.engine.profile import Action, Profile

CONCEPT_NAME = 0x0040A043
_CODE_TAGS = (0x00080100, 0x00080119)  # Code Value, Long Code Value
_CODE_MEANING = 0x00080104
_NUMERIC_VALUE = 0x0040A30A
_OTHER_FORMS = (0x0040A161, 0x0040A162, 0x0040A163)  # of the same number: float, fraction
_MEASURED_VALUE = 0x0040A300
_UNITS = 0x004008EA
_DATES = (0x0040A120, 0x0040A121)  # DateTime, Date

# DCM, SNOMED CT and LOINC; no two of them share a number.
_AGES = frozenset({"121033", "397669002", "424144002", "30525-0", "21612-7", "29553-5", "63900-5"})
_AGE_MEANINGS = frozenset({"age", "subject age", "patient age", "patient's age"})
_BIRTH_DATES = frozenset({"121031", "184099003", "21112-8"})
_BIRTH_DATE_MEANINGS = frozenset(
    {"birth date", "date of birth", "subject birth date", "patient birth date"}
    | {"patient's birth date"}
)
# UCUM; a year where none of them stands, since that is what ages are told in.
_DAYS_IN = {"mo": 30, "wk": 7, "d": 1, "h": 1 / 24, "min": 1 / 1440}


def settle_subject(original: Dataset, kept: Dataset, profile: Profile) -> None:
    """Let a number that is the subject's age follow the rule of Patient's Age.

    So it stays, ends at 90 years, or goes. A birth date never stays: moved with the other dates
    it would still tell the exact age.

    Parameters
    ----------
    original : dict of int to Element
        An item as it was.
    kept : dict of int to Element
        The same item as the other rules leave it; changed.
    profile : Profile

    References
    ----------
    DICOM PS3.3 C.18.1, Numeric Measurement; PS3.16 TID 1007, Subject Context, Patient.
    """
    codes, meanings = _names(original)
    if not codes.isdisjoint(_AGES) or not meanings.isdisjoint(_AGE_MEANINGS):
        _settle_age(original, kept, profile)
    elif not codes.isdisjoint(_BIRTH_DATES) or not meanings.isdisjoint(_BIRTH_DATE_MEANINGS):
        for element in [kept[tag] for tag in _DATES if tag in kept]:
            kept[element.tag] = dummy(element, element.vr, is_text=True)


def _names(item: Dataset) -> tuple[set[str], set[str]]:
    """Return the codes of an item's concept, and what they mean in small letters."""
    names = item[CONCEPT_NAME].items or []
    codes = {text_of(name[tag]) for name in names for tag in _CODE_TAGS if tag in name}
    return codes, {text_of(name.get(_CODE_MEANING)).lower() for name in names}


def _settle_age(original: Dataset, kept: Dataset, profile: Profile) -> None:
    action = profile.rule_for(PATIENT_AGE, "AS").action
    if action is Action.KEEP or profile.has_own_rule(_NUMERIC_VALUE):
        return
    for source, holder in _holders(original, kept):
        age = text_of(holder.get(_NUMERIC_VALUE))
        if age:
            is_kept = action is Action.KEEP_CHARACTERISTIC
            age = _capped(age, _days_in_unit(source)) if is_kept else "0"
            holder[_NUMERIC_VALUE] = text_element(_NUMERIC_VALUE, "DS", age)
        for tag in _OTHER_FORMS:
            holder.pop(tag, None)


def _holders(original: Dataset, kept: Dataset) -> Iterator[tuple[Dataset, Dataset]]:
    """Yield what may hold the number: the item itself, or the one inside of it."""
    yield original, kept
    if _MEASURED_VALUE in original and _MEASURED_VALUE in kept:
        pairs = zip(
            original[_MEASURED_VALUE].items or [], kept[_MEASURED_VALUE].items or [], strict=False
        )
        yield from pairs


def _capped(age: str, days: float) -> str:
    """Return the age in a unit of so many days, at most 90 years; 0 for what is no number."""
    try:
        is_old = float(age) * days >= OLDEST_AGE_YEARS * DAYS_IN_YEAR
    except ValueError:
        return "0"
    return f"{OLDEST_AGE_YEARS * DAYS_IN_YEAR / days:g}" if is_old else age


def _days_in_unit(item: Dataset) -> float:
    units = item[_UNITS].items if _UNITS in item else []
    code = text_of(units[0].get(_CODE_TAGS[0])) if units else ""
    return _DAYS_IN.get(code, DAYS_IN_YEAR)
