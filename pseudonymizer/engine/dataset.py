"""Walk a dataset and apply the profile's rule to each attribute, at every depth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pseudonymizer.engine.actions import (
    Keys,
    dummy,
    empty,
    keep_characteristic,
    keep_offset,
    keep_time,
    map_uids,
    shift,
)
from pseudonymizer.engine.dictionary import FREE_TEXT_VRS, TEXT_VRS, dictionary_vr, family
from pseudonymizer.engine.elements import Dataset, Element, text_of
from pseudonymizer.engine.iod_types import resolve
from pseudonymizer.engine.profile import Action, Profile, Rule

# A code of a public scheme says what a value means; local codes may name persons and places.
_CODE_TAGS = frozenset({0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120})
_CODING_SCHEME_DESIGNATOR = 0x00080102
_PUBLIC_SCHEMES = frozenset(
    ["DCM", "SCT", "SRT", "SNM3", "LN", "UCUM", "RADLEX", "FMA", "NCIt", "UMLS", "I10", "I9C"]
)
_NUMERALS = b"0123456789+-.eE\\ \0"


@dataclass(frozen=True)
class Walk:
    """The rules for one dataset: profile, keys, and where in the file it stands.

    Inside a sequence that Table E.1-1 replaces by a dummy (D), free text that no rule
    names becomes a dummy as well, but for the codes of public schemes.
    """

    profile: Profile
    keys: Keys
    types: Mapping[tuple[int, ...], str]
    path: tuple[int, ...] = ()
    is_in_dummy: bool = False
    has_public_code: bool = False


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
    if walk.is_in_dummy:
        scheme = text_of(dataset.get(_CODING_SCHEME_DESIGNATOR))
        walk = replace(walk, has_public_code=scheme in _PUBLIC_SCHEMES)
    kept = (treat(element, walk) for element in dataset.values())
    return {element.tag: element for element in kept if element is not None}


def treat(element: Element, walk: Walk) -> Element | None:
    """Return what stays of one element, or None."""
    rule = walk.profile.rule_for(element.tag, element.vr)
    if rule.action is Action.BASIC and rule.basic == "X":
        return None
    vr = dictionary_vr(element.tag) or element.vr
    if not _holds_what_it_should(element, vr):
        return None
    if rule.action is Action.BASIC:
        return _basic(element, vr, rule.basic, walk)
    if element.items is not None:
        return _recurse(element, walk)
    if element.is_empty:
        return element
    return _apply(element, vr, rule, walk)


def _holds_what_it_should(element: Element, vr: str) -> bool:
    """Tell whether a file's VR can be true; text where numbers belong may be anything."""
    if element.items is not None:
        return vr in ("SQ", "UN")
    if vr in ("SQ", "UN"):
        return element.is_empty
    return element.vr == "UN" or family(element.vr) == family(vr)


def _apply(element: Element, vr: str, rule: Rule, walk: Walk) -> Element | None:
    """Apply a rule to a value; a value that it does not fit gets the basic action."""
    changed: Element | None = None
    match rule.action:
        case Action.KEEP:
            return _keep(element, vr, walk)
        case Action.MAP_UID:
            return map_uids(element, walk.keys.uid_key, names_instance=True)
        case Action.MAP_PRIVATE_UID:
            return map_uids(element, walk.keys.uid_key, names_instance=False)
        case Action.SHIFT:
            changed = shift(element, vr, walk.keys)
        case Action.KEEP_TIME:
            changed = keep_time(element)
        case Action.KEEP_OFFSET:
            changed = keep_offset(element)
        case Action.KEEP_CHARACTERISTIC:
            changed = keep_characteristic(element)
    return changed or _basic(element, vr, rule.basic, walk)


def _keep(element: Element, vr: str, walk: Walk) -> Element:
    if vr in ("DS", "IS") and element.value.translate(None, _NUMERALS):
        return empty(element, vr)
    if walk.is_in_dummy and vr in FREE_TEXT_VRS:
        is_public = walk.has_public_code and element.tag in _CODE_TAGS
        return element if is_public else dummy(element, vr, is_text=True)
    return element


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
