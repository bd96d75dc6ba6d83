"""What the DICOM data dictionary (PS3.6) says of a tag, by number."""

from functools import cache, lru_cache

from pydicom.datadict import DicomDictionary, get_entry
from pydicom.uid import UID_dictionary

FREE_TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
TEXT_VRS = FREE_TEXT_VRS | {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI"}
NUMBER_VRS = frozenset({"AT", "FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"})
BULK_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW"})
LONG_LENGTH_VRS = BULK_VRS | {"SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
KNOWN_VRS = TEXT_VRS | NUMBER_VRS | BULK_VRS | {"SQ", "UN"}


@lru_cache(maxsize=8192)
def dictionary_vr(tag: int) -> str | None:
    """Return the VR of a standard attribute; the first one where several are allowed.

    Retired tags whose name is blank mean nothing, and may hold anything: they are unknown.
    """
    if tag >> 16 & 1:
        return None
    try:
        vr, *_, keyword = get_entry(tag)
    except KeyError:
        return None
    return vr.split(" or ")[0] if keyword else None


@cache
def keyword_tags() -> dict[str, int]:
    """Return the tag of each keyword."""
    return {entry[4]: tag for tag, entry in DicomDictionary.items()}


def family(vr: str) -> str:
    """Return the kind of value that a VR holds: text, binary or sequence."""
    if vr in TEXT_VRS:
        return "text"
    return "sequence" if vr == "SQ" else "binary"


def is_listed_uid(uid: str) -> bool:
    """Tell whether PS3.6 registers this UID."""
    return uid in UID_dictionary


def is_storage_class(uid: str) -> bool:
    """Tell whether PS3.6 registers this UID as a class of stored objects."""
    name, kind, *_ = UID_dictionary.get(uid, ("", ""))
    return kind == "SOP Class" and "Storage" in name and "Commitment" not in name


def is_transfer_syntax(uid: str) -> bool:
    """Tell whether PS3.6 registers this UID as a transfer syntax."""
    return UID_dictionary.get(uid, ("", ""))[1] == "Transfer Syntax"
