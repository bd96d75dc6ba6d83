"""Walk a dataset and apply the profile's rule to each attribute, at every depth."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pseudonymizer.engine.actions import (
    Keys,
    clean,
    dummy,
    empty,
    keep_characteristic,
    keep_offset,
    keep_time,
    map_uids,
    shift,
)
from pseudonymizer.engine.content_items import CONCEPT_NAME, as_attributes
from pseudonymizer.engine.dictionary import FREE_TEXT_VRS, TEXT_VRS, dictionary_vr, family
from pseudonymizer.engine.elements import Dataset, Element, text_element, text_of
from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.icc_profiles import ICC_PROFILE, color_only
from pseudonymizer.engine.iod_types import resolve
from pseudonymizer.engine.outlines import Outline
from pseudonymizer.engine.profile import Action, Profile, Rule, Why
from pseudonymizer.engine.safe_private import safe_private_tags

# A code of a public scheme says what a value means; local codes may name persons and places.
_CODE_TAGS = frozenset({0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120})
_PRIVATE = 0x00010000
_CODING_SCHEME_DESIGNATOR = 0x00080102
_PUBLIC_SCHEMES = frozenset(
    ["DCM", "SCT", "SRT", "SNM3", "LN", "UCUM", "RADLEX", "FMA", "NCIt", "UMLS", "I10", "I9C"]
)
_NUMERALS = b"0123456789+-.eE\\ \0"
# Letters that a kept value may have; what holds others is no number, date or age.
_PLAIN_FORMS = {
    "DS": _NUMERALS,
    "IS": _NUMERALS,
    "DA": b"0123456789.-\\ \0",
    "DT": b"0123456789.+-\\ \0",
    "TM": b"0123456789.:-\\ \0",
    "AS": b"0123456789DWMY\\ \0",
}
# Bytes of a number. In implicit files only the dictionary says that a value is one.
_NUMBER_BYTES = {"US": 2, "SS": 2, "AT": 4, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}
# Eight of these in a row, words among them, make no numbers that anybody measured; nor do sixteen
# with the signs that numbers between 0.0001 and 100,000 end in.
_TEXT_LIKE = re.compile(rb"(?=.*[A-Za-z]{4})(?:[\w^=,.'/ -]{8,}|[ -~]{16,})", re.ASCII)
# What a file declares to be a name, a UID, a date or an address is nothing else's value.
_TELLING_VRS = frozenset({"AE", "DA", "DT", "PN", "UI", "UR"})
_CODE_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_\\ \0"
_UID_SIGNS = b"0123456789.\\ \0"
_URN_CODE_VALUE = 0x00080120


@dataclass(frozen=True)
class Walk:
    """The rules for one dataset: profile, keys, and where in the file it stands.

    Inside a sequence that Table E.1-1 replaces by a dummy (D), free text that no rule
    names becomes a dummy as well, but for the codes of public schemes; inside one that an
    option cleans, listed words survive. What an own rule keeps is kept there, too.
    """

    profile: Profile
    keys: Keys
    types: Mapping[tuple[int, ...], str]
    outline: Outline | None = None  # where attributes of no IOD go
    path: tuple[int, ...] = ()
    is_in_dummy: bool = False
    is_in_cleaned: bool = False
    has_public_code: bool = False

    def is_misplaced(self, tag: int) -> bool:
        """Tell whether the IOD has no such attribute here, under a profile that asks for it."""
        return self.outline is not None and not self.outline.holds(self.path, tag)


def pseudonymize_dataset(dataset: Dataset, walk: Walk) -> Dataset:
    """Return the dataset as the profile leaves it.

    Parameters
    ----------
    dataset : dict of int to Element
        Elements by tag; not changed.
    walk : Walk
        Profile, keys and position.

    Returns
    -------
    dict of int to Element

    References
    ----------
    DICOM PS3.15 E.2, Basic Application Level Confidentiality Profile.
    """
    if CONCEPT_NAME in dataset:
        dataset = as_attributes(dataset, walk.profile)
    if walk.is_in_dummy or walk.is_in_cleaned:
        scheme = text_of(dataset.get(_CODING_SCHEME_DESIGNATOR))
        walk = replace(walk, has_public_code=scheme in _PUBLIC_SCHEMES)
    safe: frozenset[int] = frozenset()
    if walk.profile.keeps_safe_private and not walk.is_in_dummy:
        safe = safe_private_tags(dataset)
    kept = (
        _keep_private(element, walk) if element.tag in safe else treat(element, walk)
        for element in dataset.values()
        if not element.tag & _PRIVATE or element.tag in safe  # in many files most of all
    )
    return {element.tag: element for element in kept if element is not None}


def _keep_private(element: Element, walk: Walk) -> Element:
    return element if element.items is None else _recurse(element, walk)


def treat(element: Element, walk: Walk) -> Element | None:
    """Return what stays of one element, or None."""
    rule = walk.profile.rule_for(element.tag, element.vr)
    if walk.is_misplaced(element.tag) and rule.why != Why.OWN.value:
        return None
    if rule.action is Action.BASIC and rule.basic == "X":
        return None
    vr = dictionary_vr(element.tag) or element.vr
    if not _holds_what_it_should(element, vr):
        return None
    if rule.action is Action.BASIC:
        return _basic(element, vr, rule.basic, walk)
    if rule.action is Action.REPLACE:
        return text_element(element.tag, vr, rule.text)
    if element.items is not None:
        is_cleaned = walk.is_in_cleaned or rule.action is Action.CLEAN
        return _recurse(element, replace(walk, is_in_cleaned=is_cleaned))
    if element.is_empty:
        return element
    return _apply(element, vr, rule, walk)


def _holds_what_it_should(element: Element, vr: str) -> bool:
    """Tell whether a file's VR can be true; text where numbers belong may be anything."""
    if element.items is not None:
        return vr in ("SQ", "UN")
    if vr in ("SQ", "UN"):
        return element.is_empty
    if vr == "UI":
        return True  # mapped, whatever its bytes are
    return element.vr == "UN" or family(element.vr) == family(vr)


def _apply(element: Element, vr: str, rule: Rule, walk: Walk) -> Element | None:
    """Apply a rule to a value; a value that it does not fit gets the basic action."""
    match rule.action:
        case Action.KEEP:
            if vr in ("DA", "DT") and walk.keys.has_moved(element.tag, element.vr):
                raise _moved_dates()
            if element.tag == ICC_PROFILE and rule.why != Why.OWN.value:
                return _colors_of(element)
            return _keep(element, vr, walk, is_own=rule.why == Why.OWN.value)
        case Action.MAP_UID:
            return map_uids(element, walk.keys.uid_key, names_instance=True)
        case Action.MAP_PRIVATE_UID:
            return map_uids(element, walk.keys.uid_key, names_instance=False)
    return _changed(element, vr, rule, walk) or _basic(element, vr, rule.basic, walk)


def _colors_of(element: Element) -> Element | None:
    profile = color_only(element.value)
    return None if profile is None else Element(element.tag, element.vr, profile)


def _moved_dates() -> PseudonymizationError:
    return PseudonymizationError(
        "dates-moved",
        _(
            "This project's profile keeps dates as they are, but those of the file were moved "
            "before. Choose a profile that moves dates, or upload the original."
        ),
    )


def _changed(element: Element, vr: str, rule: Rule, walk: Walk) -> Element | None:
    """Return the value as the rule changes it, or None if the rule does not fit it."""
    match rule.action:
        case Action.SHIFT:
            return shift(element, vr, walk.keys)
        case Action.KEEP_TIME:
            return keep_time(element)
        case Action.KEEP_OFFSET:
            return keep_offset(element)
        case Action.KEEP_CHARACTERISTIC:
            return keep_characteristic(element)
        case Action.CLEAN if not walk.is_in_dummy:
            return clean(element, vr)
    return None


def _is_text(value: bytes, size: int) -> bool:
    """Tell whether a value cannot be numbers of `size` bytes."""
    if len(value) % size:
        return True
    return _TEXT_LIKE.fullmatch(value.rstrip(b"\0")) is not None


def _is_something_else(element: Element, vr: str) -> bool:
    """Tell whether the VR that the file gives, or the bytes, show what is no value of `vr`."""
    if element.vr in _TELLING_VRS and vr not in _TELLING_VRS:
        return True
    if vr == "CS" and element.vr not in ("CS", "UN"):  # devices bend the form of codes
        return bool(element.value.translate(None, _CODE_SIGNS))
    if form := _PLAIN_FORMS.get(vr):
        return bool(element.value.translate(None, form))
    size = _NUMBER_BYTES.get(vr)
    return bool(size and _is_text(element.value, size))


def _keep(element: Element, vr: str, walk: Walk, *, is_own: bool) -> Element:
    if vr == "UI":
        is_uid = not element.value.translate(None, _UID_SIGNS)
        return element if is_uid else map_uids(element, walk.keys.uid_key, names_instance=True)
    if _is_something_else(element, vr):
        return empty(element, vr)
    if element.tag == _URN_CODE_VALUE and not element.value.lower().startswith(b"urn:"):
        return dummy(element, vr, is_text=True)
    if is_own or vr not in FREE_TEXT_VRS or not (walk.is_in_dummy or walk.is_in_cleaned):
        return element
    if walk.has_public_code and element.tag in _CODE_TAGS:
        return element
    cleaned = None if walk.is_in_dummy else clean(element, vr)
    return cleaned or dummy(element, vr, is_text=True)


def _basic(element: Element, vr: str, basic: str, walk: Walk) -> Element | None:
    action = resolve(basic, walk.types.get((*walk.path, element.tag), "3"))
    if action == "X":
        return None
    if action == "Z":
        return empty(element, vr)
    if vr == "UI":
        return map_uids(element, walk.keys.uid_key, names_instance=True)
    if element.items is not None:
        return _recurse(element, replace(walk, is_in_dummy=walk.is_in_dummy or action == "D"))
    return dummy(element, vr, is_text=vr in TEXT_VRS)


def _recurse(element: Element, walk: Walk) -> Element:
    inner = replace(walk, path=(*walk.path, element.tag))
    items = [pseudonymize_dataset(item, inner) for item in element.items or ()]
    return Element(element.tag, element.vr, items=items)
