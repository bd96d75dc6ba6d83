"""Which action each attribute gets: Table E.1-1, the portal's own table, and the options."""

import csv
import re
from functools import cache
from pathlib import Path

from pydicom.datadict import keyword_for_tag
from raw_values import ITEM, Values, known_vr

TABLES = Path("pseudonymizer/engine/tables")
COLUMNS = {
    "modified_dates": "rtn_long_modif_dates",
    "full_dates": "rtn_long_full_dates",
    "characteristics": "rtn_pat_chars",
    "device": "rtn_dev_id",
    "institution": "rtn_inst_id",
    "uids": "rtn_uids",
    "descriptors": "clean_desc",
    "structured_content": "clean_struct_cont",
    "graphics": "clean_graph",
}
DATES = ("DA", "DT", "TM")
NUMBERS = {"US": 2, "SS": 2, "AT": 4, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "SV": 8, "UV": 8}
CHARACTERISTICS = (0x00100040, 0x00101010, 0x00101020, 0x00101030)
CLASSES = r"SOPClass|TransferSyntaxUID"
SCHEMES = r"^(CodingScheme|Context|ContextGroupExtensionCreator|CreatorVersion|MappingResource)UID"
NO_INSTANCE = rf"{CLASSES}|{SCHEMES}|^SegmentationTemplateUID|^SelectorUIValue"
OFFSET, TEXT_VALUE, URN_CODE = 0x00080201, 0x0040A160, 0x00080120


def rule_of(tag: int, vr: str, switches: frozenset[str]) -> tuple[str, str]:
    """Return what to do with an attribute, and the action of the Basic Profile."""
    row, portal = _table().get(tag), _portal_table().get(tag)
    basic = row["basic"] if row else "X"
    named = _by_options(row, switches) if row else ""
    if tag == TEXT_VALUE and "structured_content" in switches:
        return "clean", "D"
    if portal == "clean" and not named:
        return "clean", "D"
    if portal and (not named or named == "date"):
        return "basic", basic if portal == "basic" else portal
    if named == "date":
        dated = {"DA": "shift", "DT": "shift", "TM": "time"}.get(row["vr"], "basic")
        return ("offset" if tag == OFFSET else dated), basic
    if tag in CHARACTERISTICS and not named and "four_characteristics" in switches:
        return "characteristic", basic
    if row:
        is_uid = basic == "U" or (basic == "D" and row["vr"] == "UI")
        return named or ("map" if is_uid else "basic"), basic
    return _unlisted(tag, vr, switches)


def _by_options(row: dict[str, str], switches: frozenset[str]) -> str:
    chosen = [COLUMNS[name] for name in COLUMNS if name in switches]
    if "modified_dates" in switches and row[COLUMNS["modified_dates"]] == "C":
        return "date"
    if any(row[column] == "K" for column in chosen):
        return "keep"
    is_cleanable = row["vr"] in ("CS", "LO", "LT", "SH", "SQ", "ST", "UC", "UT")
    return "clean" if is_cleanable and any(row[column] == "C" for column in chosen) else ""


def _unlisted(tag: int, vr: str, switches: frozenset[str]) -> tuple[str, str]:
    known = known_vr(tag)
    vr = known or vr
    if vr in DATES:
        if "full_dates" in switches:
            return "keep", "Z"
        is_time = vr == "TM"
        is_moved = "modified_dates" in switches
        return ("basic" if not is_moved else "time" if is_time else "shift"), "Z"
    if vr == "UI":
        names_class = bool(known) and re.search(NO_INSTANCE, keyword_for_tag(tag))
        return "keep" if "uids" in switches else "map private" if names_class else "map", "X"
    if known:
        if vr == "PN":
            return "basic", "Z"
        return ("basic" if vr == "UR" and tag != URN_CODE else "keep"), "X"
    is_harmless = vr in (*NUMBERS, "SQ", "UN")
    return ("keep" if is_harmless else "basic"), "X"


def safe_private(values: Values) -> frozenset[int]:
    """Return the private attributes of a dataset that may stay, with their creators (E.3.10)."""
    safe: set[int] = set()
    for tag, value in values.items():
        creator = tag & 0xFFFF0000 | tag >> 8 & 0xFF
        named = values.get(creator)
        if tag >> 16 < 9 or not tag >> 16 & 1 or creator & 0xFF < 0x10 or not _is_block(tag, named):
            continue
        name = named[1].decode("latin-1").strip(" \0")
        if _is_as_listed(value, _safe_vrs().get((tag >> 16, name, tag & 0xFF), frozenset())):
            safe |= {tag, creator}
    return frozenset(safe)


def _is_block(tag: int, named: object) -> bool:
    return tag & 0xFFFF >= 0x1000 and isinstance(named, tuple)


def _is_as_listed(value: tuple[str, bytes] | list[Values], vrs: frozenset[str]) -> bool:
    if isinstance(value, list):
        return "SQ" in vrs
    said, content = value
    possible = vrs if said == "UN" else {said}
    if not vrs or not possible <= vrs or vrs & {"PN", "DA", "DT", "UI", "UR", "AE"}:
        return False
    is_number = vrs != {"UN"} and vrs <= {"DS", "IS", "UN"}
    is_hidden = content.startswith(ITEM)
    return not is_hidden and not (is_number and re.search(rb"[^\d+\-.eE\\ \0]", content))


@cache
def _safe_vrs() -> dict[tuple[int, str, int], frozenset[str]]:
    found: dict[tuple[int, str, int], set[tuple[str, str]]] = {}
    for row in _rows("tcia-private-tags.csv"):
        key = int(row["group"], 16), row["creator"].strip(), int(row["element"], 16)
        found.setdefault(key, set()).add((row["disposition"], row["vr"]))
    telling = {
        (int(row["group"], 16), row["creator"].strip(), int(row["element"], 16))
        for row in _rows("private-not-safe.csv")
    }
    return {
        key: frozenset(vr for _, vr in rows)
        for key, rows in found.items()
        if key[1] and {disposition for disposition, _ in rows} == {"k"} and key not in telling
    }


@cache
def _table() -> dict[int, dict[str, str]]:
    rows = [(re.sub(r"[(),]", "", row["tag"]), row) for row in _rows("ps3.15-e1-1.csv")]
    return {int(tag, 16): row for tag, row in rows if re.fullmatch("[0-9A-F]{8}", tag)}


@cache
def _portal_table() -> dict[int, str]:
    return {int(row["tag"], 16): row["action"] for row in _rows("project-rules.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open() as table:
        return list(csv.DictReader(line for line in table if not line.startswith("#")))
