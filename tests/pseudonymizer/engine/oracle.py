"""A second de-identifier, written after PS3.15 Annex E and docs/decisions.md, to compare with.

It reads Table E.1-1 itself, works on what pydicom parsed, and is neither fast nor careful.
Only UIDs are mapped by the engine's own function, which has tests of its own.
"""

import re
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache

from oracle_rules import NUMBERS, TABLES, URN_CODE, rule_of, safe_private
from pydicom.uid import UID, UID_dictionary
from raw_values import Values, known_vr

from pseudonymizer.engine import Context, map_uid
from pseudonymizer.engine.iod_types import types_in
from pseudonymizer.engine.outlines import outline_of

FREE_TEXT = ("LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
TEXT = (*FREE_TEXT, "AE", "AS", "CS", "DA", "DT", "TM", "DS", "IS", "UI")
TELLING = ("AE", "DA", "DT", "PN", "UI", "UR")
FORMS = {
    "DS": r"[\d+\-.eE\\ \0]*",
    "IS": r"[\d+\-.eE\\ \0]*",
    "DA": r"[\d.\-\\ \0]*",
    "DT": r"[\d.+\-\\ \0]*",
    "TM": r"[\d.:\-\\ \0]*",
    "AS": r"[\dDWMY\\ \0]*",
}
DUMMIES = {"AS": "000Y", "DA": "19000101", "DT": "19000101000000", "TM": "000000"} | {
    "DS": "0",
    "IS": "0",
    "UI": "2.25.0",
    "UR": "about:blank",
}
SENTINELS = ("19000101", "19010101", "19700101", "19800101", "99991231")
DECIMAL = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
CHARACTERISTIC = {"CS": r"[MFO]", "AS": r"\d{1,3}[DWMY]", "DS": DECIMAL}
DAYS = {"D": 1, "W": 7, "M": 30, "Y": 365}
PUBLIC_SCHEMES = [
    "DCM",
    "SCT",
    "SRT",
    "SNM3",
    "LN",
    "UCUM",
    "RADLEX",
    "FMA",
    "NCIt",
    "UMLS",
    "I10",
    "I9C",
]
CODES = (0x00080100, 0x00080102, 0x00080103, 0x00080104, 0x00080119, 0x00080120)
SCHEME = 0x00080102
ICC_PROFILE = 0x00282000

Value = tuple[str, bytes] | list[Values] | None


@dataclass(frozen=True)
class Place:
    """The rules, and where in a file they are applied."""

    context: Context
    sop_class_uid: str
    path: tuple[int, ...] = ()
    in_dummy: bool = False
    in_cleaned: bool = False
    scheme: str = field(default="", repr=False)

    @property
    def switches(self) -> frozenset[str]:
        return self.context.profile.spec.switches


def expected(values: Values, place: Place) -> Values:
    """Return what must be left of a dataset, before the new identity is put in."""
    scheme = _text(values.get(SCHEME))
    here = replace(place, scheme=scheme)
    is_safe = "safe_private" in place.switches and not place.in_dummy
    safe = safe_private(values) if is_safe else frozenset[int]()
    private = {
        tag: _items(tag, value, here) if isinstance(value, list) else value
        for tag, value in values.items()
        if tag in safe
    }
    kept = private | {
        tag: _treated(tag, value, here)
        for tag, value in values.items()
        if not (tag >> 16 & 1 or tag >> 24 in (0x50, 0x60) or tag < 0x00080002 or not tag & 0xFFFF)
        if tag < 0x7F000000
    }
    return {tag: value for tag, value in kept.items() if value is not None}


def _treated(tag: int, value: Value, place: Place) -> Value:
    said = "SQ" if isinstance(value, list) else value[0]
    vr = known_vr(tag) or said
    action, basic = rule_of(tag, said, place.switches)
    if "only_iod" in place.switches and not _belongs(tag, place):
        return None
    if (action == "basic" and basic == "X") or not _is_possible(value, said, vr):
        return None
    if action == "basic":
        return _basic(tag, value, vr, basic, place)
    if isinstance(value, list):
        return _items(tag, value, replace(place, in_cleaned=place.in_cleaned or action == "clean"))
    if not value[1]:
        return value
    if action == "keep":
        return None if tag == ICC_PROFILE else _kept(tag, value, vr, place)  # no value is one
    if action in ("map", "map private"):
        return "UI", _mapped(value[1], place.context.uid_key, only_private=action == "map private")
    changed = _changed(tag, value, vr, action, place)
    return _basic(tag, value, vr, basic, place) if changed is None else changed


def _belongs(tag: int, place: Place) -> bool:
    outline = outline_of(place.sop_class_uid)  # test_outlines.py asks dciodvfy about it
    return outline is None or outline.holds(place.path, tag)


def _is_possible(value: Value, said: str, vr: str) -> bool:
    """Tell whether a value can be what the dictionary says of it."""
    if isinstance(value, list):
        return vr in ("SQ", "UN")
    if vr in ("SQ", "UN"):
        return not value[1]
    return vr == "UI" or said == "UN" or (said in TEXT) == (vr in TEXT)


def _items(tag: int, items: list[Values], place: Place) -> list[Values]:
    inner = replace(place, path=(*place.path, tag))
    return [expected(item, inner) for item in items]


def _basic(tag: int, value: Value, vr: str, basic: str, place: Place) -> Value:
    action = _resolved(basic, types_in(place.sop_class_uid).get((*place.path, tag), "3"))
    if action == "X":
        return None
    if action == "Z":
        return [] if vr == "SQ" else (vr, b"")
    if vr == "UI":
        return "UI", _mapped(value[1], place.context.uid_key, only_private=False)
    if isinstance(value, list):
        return _items(tag, value, replace(place, in_dummy=place.in_dummy or action == "D"))
    return _dummy(vr, is_empty=not value[1], is_text=vr in TEXT)


def _resolved(basic: str, type_: str) -> str:
    """Return the one action of X, Z, D, U (PS3.15 Table E.1-1a)."""
    if "/" not in basic:
        return basic
    needs_value, needs_attribute = type_[0] == "1", type_[0] in "12"
    if basic == "X/Z/U*":
        return "U" if needs_attribute else "X"
    if basic == "Z/D":
        return "D" if needs_value else "Z"
    if not needs_attribute:
        return "X"
    if basic == "X/Z":
        return "Z"
    return "Z" if basic == "X/Z/D" and not needs_value else "D"


def _dummy(vr: str, is_empty: bool, is_text: bool) -> Value:
    if is_empty:
        return [] if vr == "SQ" else (vr, b"")
    return vr, DUMMIES.get(vr, "REMOVED").encode() if is_text else bytes(8)


def _kept(tag: int, value: tuple[str, bytes], vr: str, place: Place) -> Value:
    content = value[1]
    if vr == "UI" and re.search(rb"[^\d.\\ \0]", content):
        return "UI", _mapped(content, place.context.uid_key, only_private=False)
    if vr not in TELLING and value[0] in TELLING:
        return vr, b""
    if vr == "CS" and value[0] not in ("CS", "UN") and re.search(rb"[^A-Z0-9_\\ \0]", content):
        return vr, b""
    if tag == URN_CODE and content[:4].lower() != b"urn:":
        return _dummy(vr, is_empty=False, is_text=True)
    if vr in FORMS and not re.fullmatch(FORMS[vr], content.decode("latin-1"), re.ASCII):
        return vr, b""
    is_word = re.fullmatch(rb"([A-Za-z0-9_^=,.'/ -]{8,}|[\x20-\x7e]{16,})\0*", content)
    is_text = is_word and re.search(rb"[A-Za-z]{4}", content)
    if vr in NUMBERS and (len(content) % NUMBERS[vr] or is_text):
        return vr, b""
    is_open = vr in FREE_TEXT and (place.in_dummy or place.in_cleaned)
    if not is_open or (place.scheme in PUBLIC_SCHEMES and tag in CODES):
        return value
    cleaned = None if place.in_dummy else _cleaned(vr, content)
    return cleaned or _dummy(vr, is_empty=False, is_text=True)


def _changed(tag: int, value: tuple[str, bytes], vr: str, action: str, place: Place) -> Value:
    content = value[1]
    texts = [text.strip(" \0") for text in content.decode("latin-1").split("\\")]
    if action == "shift":
        moved = [_shifted(text, vr, place.context) for text in texts]
        return None if None in moved else (vr, "\\".join(moved).encode())
    if action == "time":
        return value if all(map(_is_time, texts)) else None
    if action == "offset":
        return value if re.fullmatch(r"[+-](0\d|1[0-4])[0-5]\d", "\\".join(texts)) else None
    if action == "characteristic":
        return _characteristic(tag, value)
    return None if place.in_dummy else _cleaned(vr, content)


def _characteristic(tag: int, value: tuple[str, bytes]) -> Value:
    text = _text(value)
    if not re.fullmatch(CHARACTERISTIC[known_vr(tag)], text, re.ASCII):
        return None
    if tag != 0x00101010:
        return value
    text = "090Y" if int(text[:-1]) * DAYS[text[-1]] >= 90 * 365 else text.zfill(4)
    return "AS", text.encode()


def _cleaned(vr: str, content: bytes) -> Value:
    if b"\x1b" in content:
        return None
    found = [
        b" ".join(w for w in re.findall(rb"[0-9A-Za-z\x80-\xff]+", part) if w.lower() in _words())
        for part in content.split(b"\\")
    ]
    cleaned = b"\\".join(part for part in found if part)
    return (vr, cleaned) if cleaned else None


def _shifted(text: str, vr: str, context: Context) -> str | None:
    day, rest = (text[:8], text[8:]) if vr == "DT" else (text, "")
    if vr == "DT":
        time = re.sub(r"[+-]\d{4}$", "", rest, count=1)
        if time and (":" in time or not _is_time(time)):
            return None
    elif re.fullmatch(r"\d{4}\.\d\d\.\d\d", text, re.ASCII):
        day = text.replace(".", "")
    if not re.fullmatch(r"\d{8}", day, re.ASCII) or day in SENTINELS:
        return None
    try:
        found = date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")
    except ValueError:
        return None
    if not date(1895, 11, 8) <= found <= context.now.date() + timedelta(days=1):
        return None
    return (found + timedelta(days=context.subject.date_shift_days)).strftime("%Y%m%d") + rest


def _is_time(text: str) -> bool:
    form = r"([01]\d|2[0-3])(:?[0-5]\d(:?([0-5]\d|60)(\.\d{1,6})?)?)?"
    return bool(re.fullmatch(form, text, re.ASCII))


def _mapped(content: bytes, key: bytes, only_private: bool) -> bytes:
    uids = [uid.strip(" \0") for uid in content.decode("latin-1").split("\\")]
    return "\\".join(_successor(uid, key, only_private) for uid in uids).encode()


def _successor(uid: str, key: bytes, only_private: bool) -> str:
    is_standard = uid.startswith("1.2.840.10008.") and UID(uid).is_valid
    is_scheme = uid.startswith(("2.16.840.1.113883.6.", "2.16.840.1.113883.3.26.1.1"))
    is_public = uid in UID_dictionary or (only_private and (is_standard or is_scheme))
    return uid if not uid or is_public else map_uid(uid, key)


def _text(value: Value) -> str:
    return value[1].decode("latin-1").strip(" \0") if isinstance(value, tuple) else ""


@cache
def _words() -> frozenset[bytes]:
    lines = (TABLES / "vocabulary.txt").read_text().splitlines()
    return frozenset(w.encode() for line in lines if line[:1] != "#" for w in line.split())
