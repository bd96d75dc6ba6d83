"""Private attributes that are known to be safe (PS3.15 E.3.10), by their creator."""

from collections import defaultdict
from functools import cache

from pseudonymizer.engine.attributes import rows_of
from pseudonymizer.engine.elements import ITEM, Dataset, Element, text_of

SAFE_PRIVATE_TABLE = "tcia-private-tags.csv"
NOT_SAFE_TABLE = "private-not-safe.csv"
_KEEP = "k"
_FIRST_BLOCK, _LAST_BLOCK = 0x10, 0xFF
_ITEM_BYTES = (ITEM >> 16).to_bytes(2, "little") + (ITEM & 0xFFFF).to_bytes(2, "little")
_NUMERALS = b"0123456789+-.eE\\ \0"
# Persons, dates, addresses and identifiers are not kept, whatever a table says of their tag.
_NEVER_SAFE_VRS = frozenset(["PN", "DA", "DT", "UI", "UR", "AE"])

Key = tuple[int, str, int]  # group, creator, last two digits of the element


@cache
def safe_keys() -> dict[Key, frozenset[str]]:
    """Return the VRs of each private attribute that every row of the table says to keep."""
    dispositions: dict[Key, set[str]] = defaultdict(set)
    vrs: dict[Key, set[str]] = defaultdict(set)
    for row in rows_of(SAFE_PRIVATE_TABLE):
        key = _key_of(row)
        dispositions[key].add(row["disposition"])
        vrs[key].add(row["vr"])
    telling = {_key_of(row) for row in rows_of(NOT_SAFE_TABLE)}
    return {
        key: frozenset(vrs[key])
        for key, found in dispositions.items()
        if found == {_KEEP} and key[1] and key not in telling
    }


def _key_of(row: dict[str, str]) -> Key:
    return int(row["group"], 16), row["creator"].strip(), int(row["element"], 16)


def safe_private_tags(dataset: Dataset) -> frozenset[int]:
    """Return the tags of safe private attributes in one dataset, and of their creators."""
    safe: set[int] = set()
    for tag, element in dataset.items():
        creator_tag = _creator_of(tag)
        if creator_tag and creator_tag in dataset:
            creator = text_of(dataset[creator_tag])
            vrs = safe_keys().get((tag >> 16, creator, tag & 0xFF))
            if vrs is not None and _is_as_listed(element, vrs):
                safe |= {tag, creator_tag}
    return frozenset(safe)


def _creator_of(tag: int) -> int | None:
    """Return the tag that names the creator of a private attribute (PS3.5 7.8.1)."""
    group, block = tag >> 16, tag >> 8 & 0xFF
    is_private = group & 1 and group > 0x0008
    return group << 16 | block if is_private and _FIRST_BLOCK <= block <= _LAST_BLOCK else None


def _is_as_listed(element: Element, vrs: frozenset[str]) -> bool:
    """Tell whether a value can be what the table means; what cannot be checked goes."""
    if element.items is not None:
        return "SQ" in vrs
    # In implicit files the table alone tells what a value is.
    actual = vrs if element.vr == "UN" else {element.vr}
    if vrs & _NEVER_SAFE_VRS or not actual <= vrs or element.value.startswith(_ITEM_BYTES):
        return False
    is_text_of_numbers = bool(vrs) and vrs <= {"DS", "IS", "UN"} and vrs != {"UN"}
    return not (is_text_of_numbers and element.value.translate(None, _NUMERALS))
