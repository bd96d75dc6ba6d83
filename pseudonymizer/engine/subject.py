"""Put the new identity into a dataset, and say how it was de-identified."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pseudonymizer.engine.earlier import Earlier
from pseudonymizer.engine.elements import Dataset, Element, text_element, text_of
from pseudonymizer.engine.options import FULL_DATES, INSTITUTION, Option
from pseudonymizer.engine.profile import DateMode, Profile

_PLAIN_TEXT = re.compile(r"[A-Za-z0-9._-]{1,64}")
_PATIENT_BIRTH_DATE = 0x00100030
_PROTOCOL_NAME = 0x00120021
_SITE_TAGS = (0x00120030, 0x00120031)  # ID and name of the site
_EMPTY_UNLESS_KEPT = {_PATIENT_BIRTH_DATE: "DA", **dict.fromkeys(_SITE_TAGS, "LO")}
_METHOD_TAG = 0x00120063
_METHOD_CODES_TAG = 0x00120064
_ALWAYS_WRITTEN = frozenset(
    {0x00100010, 0x00100020, 0x00120010, 0x00120020, _PROTOCOL_NAME, 0x00120040, 0x00120062}
    | {_METHOD_TAG, _METHOD_CODES_TAG, 0x00280303}
)


@dataclass(frozen=True)
class Subject:
    """What stands in the patient's place.

    Attributes
    ----------
    pseudonym : str
        Becomes Patient ID, Patient's Name and Clinical Trial Subject ID.
    protocol_id : str
        The project's key; becomes Clinical Trial Protocol ID.
    date_shift_days : int
        Whole days, negative; secret.
    """

    pseudonym: str
    protocol_id: str
    date_shift_days: int = field(repr=False)

    def __post_init__(self) -> None:
        for text in (self.pseudonym, self.protocol_id):
            if not is_plain(text):
                raise ValueError("A pseudonym or project key has 1 to 64 plain ASCII characters.")
        if self.date_shift_days >= 0:
            raise ValueError("Dates are shifted by a negative number of days.")


def is_plain(text: str) -> bool:
    """Tell whether `text` can stand in a Patient ID, a Patient's Name and a file name alike."""
    return bool(_PLAIN_TEXT.fullmatch(text))


def put_subject(
    dataset: Dataset, subject: Subject, profile: Profile, earlier: Earlier | None = None
) -> None:
    """Write the subject and the attributes of de-identification (PS3.15 E.1.1, E.3.6)."""
    for tag in written_tags(profile):
        dataset.pop(tag, None)
    dataset.update(_written(subject, profile, earlier))
    for tag, vr in _EMPTY_UNLESS_KEPT.items():
        dataset.setdefault(tag, Element(tag, vr))


@lru_cache(maxsize=8)
def _written(subject: Subject, profile: Profile, earlier: Earlier | None) -> Dataset:
    """Return the elements that every file of a subject gets."""
    texts = (
        (0x00100010, "PN", subject.pseudonym),
        (0x00100020, "LO", subject.pseudonym),
        (0x00120010, "LO", subject.protocol_id),  # the module asks for a sponsor (Type 1)
        (0x00120020, "LO", subject.protocol_id),
        (_PROTOCOL_NAME, "LO", ""),
        (0x00120040, "LO", subject.pseudonym),
        (0x00120062, "CS", "YES"),
        (_METHOD_TAG, "LO", "\\".join(_methods(profile, earlier))),
        (0x00280303, "CS", _told_of_dates(profile, earlier)),
    )
    written = {tag: text_element(tag, vr, text) for tag, vr, text in texts}
    options = [o for o in profile.options if earlier is None or earlier.still_holds(o)]
    codes = [_code_item(option) for option in options]
    if codes:
        written[_METHOD_CODES_TAG] = Element(_METHOD_CODES_TAG, "SQ", items=codes)
    return written


@lru_cache(maxsize=64)
def written_tags(profile: Profile) -> frozenset[int]:
    """Return what `put_subject` replaces whatever the rules made of it."""
    tags = set(_ALWAYS_WRITTEN)
    if not profile.has_own_rule(_PATIENT_BIRTH_DATE):
        tags.add(_PATIENT_BIRTH_DATE)
    if not profile.has_option(INSTITUTION):
        tags.update(_SITE_TAGS)
    return frozenset(tags)


def _told_of_dates(profile: Profile, earlier: Earlier | None) -> str:
    """Return what became of the dates, as Longitudinal Temporal Information Modified says it."""
    profiles = [profile, earlier.profile] if earlier else [profile]
    if any(each.dates is DateMode.REMOVED for each in profiles):
        return "REMOVED"
    return "UNMODIFIED" if all(FULL_DATES in each.options for each in profiles) else "MODIFIED"


def _methods(profile: Profile, earlier: Earlier | None) -> tuple[str, ...]:
    done = (*profile.method, f"PACS2go profile {profile.version}")
    return (*done, f"After PACS2go profile {earlier.profile.version}") if earlier else done


def add_methods(dataset: Dataset, options: Sequence[Option], words: Sequence[str]) -> None:
    """Add what was done to one file beside what its profile does to all."""
    if options:
        codes = dataset.get(_METHOD_CODES_TAG)
        items = [*((codes.items if codes else None) or ()), *map(_code_item, options)]
        dataset[_METHOD_CODES_TAG] = Element(_METHOD_CODES_TAG, "SQ", items=items)
    if words:
        told = "\\".join((text_of(dataset.get(_METHOD_TAG)), *words))
        dataset[_METHOD_TAG] = text_element(_METHOD_TAG, "LO", told)


def has_method(header: Dataset, option: Option) -> bool:
    """Tell whether DeidentificationMethodCodeSequence names the option."""
    codes = header.get(_METHOD_CODES_TAG)
    return (
        any(text_of(item.get(0x00080100)) == option.code for item in codes.items or ())
        if codes
        else False
    )


def _code_item(option: Option) -> Dataset:
    elements = (
        text_element(0x00080100, "SH", option.code),
        text_element(0x00080102, "SH", "DCM"),
        text_element(0x00080104, "LO", option.meaning),
    )
    return {element.tag: element for element in elements}
