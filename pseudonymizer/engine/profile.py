"""The rules of de-identification as data: which action each attribute gets."""

import hashlib
from collections.abc import Mapping
from csv import DictReader
from dataclasses import dataclass, field
from enum import Enum
from functools import cache, lru_cache
from pathlib import Path

from pseudonymizer.engine.dictionary import NUMBER_VRS, dictionary_vr

TABLES = Path(__file__).parent / "tables"
ENGINE_RULES = "2"  # raise it when code changes what comes out for an equal table


class Action(Enum):
    """What happens to one attribute; the last four fall back to a basic action."""

    KEEP = "keep"
    BASIC = "basic"
    MAP_UID = "map instance UID"
    MAP_PRIVATE_UID = "map UID unless it is public"
    SHIFT = "shift the date"
    KEEP_TIME = "keep a time"
    KEEP_OFFSET = "keep an offset from UTC"
    KEEP_CHARACTERISTIC = "keep sex, age, size or weight"


@dataclass(frozen=True, slots=True)
class Rule:
    """An action, and the basic action of Table E.1-1 where it does not apply."""

    action: Action
    basic: str = "X"


@dataclass(frozen=True)
class Option:
    """An option of PS3.15 E.3 that is applied wholly, with its code from CID 7050."""

    code: str
    meaning: str


@dataclass(frozen=True)
class Profile:
    """The rules of one project.

    Attributes
    ----------
    version : str
        Digest over tables, options and engine rules; equal versions give equal outputs.
    """

    version: str
    options: tuple[Option, ...]
    method: tuple[str, ...]
    rules: Mapping[int, Rule] = field(repr=False)

    def __hash__(self) -> int:
        return hash(self.version)

    def rule_for(self, tag: int, vr: str) -> Rule:
        """Return the rule for an attribute with the VR that its file gives it."""
        return _rule_for(self, tag, vr)


REMOVE = Rule(Action.BASIC, "X")
BASIC_PROFILE = Option("113100", "Basic Application Confidentiality Profile")
MODIFIED_DATES = Option("113107", "Retain Longitudinal Temporal Information Modified Dates Option")
KEPT_CHARACTERISTICS = frozenset({0x00100040, 0x00101010, 0x00101020, 0x00101030})
_TIMEZONE_OFFSET = 0x00080201
_URN_CODE_VALUE = 0x00080120
_BY_DATE_VR = {"DA": Action.SHIFT, "DT": Action.SHIFT, "TM": Action.KEEP_TIME}
_METHOD = (
    "PS3.15 Basic Profile with Modified Dates",
    "Sex, size, weight and age (90 years and more as 090Y) kept",
    "Dates of devices and documents by the Basic Profile",
)


@cache
def default_profile() -> Profile:
    """Return the profile of a new project.

    The Basic Profile with Modified Dates; sex, age, size and weight stay, an age of 90
    years or more becomes 090Y.

    References
    ----------
    DICOM PS3.15 E.2 and Table E.1-1; CID 7050.
    """
    options = (BASIC_PROFILE, MODIFIED_DATES)
    rules = _table_rules() | _project_rules()
    rules |= {
        tag: Rule(Action.KEEP_CHARACTERISTIC, rules[tag].basic) for tag in KEPT_CHARACTERISTICS
    }
    return Profile(_digest(options), options, _METHOD, rules)


def _table_rules() -> dict[int, Rule]:
    """Return the rules of the concrete attributes of Table E.1-1."""
    rules = {}
    for row in _rows("ps3.15-e1-1.csv"):
        number = row["tag"].strip("()").replace(",", "")
        if len(number) == 8 and "x" not in number:
            rules[int(number, 16)] = _table_rule(int(number, 16), row)
    return rules


def _table_rule(tag: int, row: dict[str, str]) -> Rule:
    basic = row["basic"]
    if basic == "U" or (basic == "D" and row["vr"] == "UI"):
        return Rule(Action.MAP_UID, basic)
    if row["rtn_long_modif_dates"] == "C":
        if tag == _TIMEZONE_OFFSET:
            return Rule(Action.KEEP_OFFSET, basic)
        return Rule(_BY_DATE_VR.get(row["vr"], Action.BASIC), basic)
    return Rule(Action.BASIC, basic)


def _project_rules() -> dict[int, Rule]:
    table = _table_rules()
    rules = {}
    for row in _rows("project-rules.csv"):
        tag, action = int(row["tag"], 16), row["action"]
        basic = table[tag].basic if action == "basic" else action
        rules[tag] = Rule(Action.BASIC, basic)
    return rules


def _rows(name: str) -> list[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as table:
        return list(DictReader(line for line in table if not line.startswith("#")))


def _digest(options: tuple[Option, ...]) -> str:
    digest = hashlib.sha256(f"{ENGINE_RULES} {options}".encode())
    for name in ("ps3.15-e1-1.csv", "project-rules.csv", "iod-types.json"):
        digest.update((TABLES / name).read_bytes())
    return digest.hexdigest()[:12]


@lru_cache(maxsize=16384)
def _rule_for(profile: Profile, tag: int, vr: str) -> Rule:
    if _is_never_kept(tag):
        return REMOVE
    rule = profile.rules.get(tag)
    if rule is not None:
        return rule
    known = dictionary_vr(tag)
    return _known_rule(tag, known) if known else _unknown_rule(vr)


def _is_never_kept(tag: int) -> bool:
    """Tell whether a tag is private, retired bookkeeping, a curve or an overlay plane."""
    group, number = tag >> 16, tag & 0xFFFF
    if group & 1 or group < 0x0008 or number == 0 or tag == 0x00080001:
        return True
    return group >> 8 in (0x50, 0x60)  # without its data the rest of a plane is invalid


def _known_rule(tag: int, vr: str) -> Rule:
    """Return the rule for a standard attribute that no table lists."""
    if vr in _BY_DATE_VR:
        return Rule(_BY_DATE_VR[vr], "Z")
    if vr == "UI":
        return Rule(Action.MAP_PRIVATE_UID)
    if vr == "PN":
        return Rule(Action.BASIC, "Z")
    if vr == "UR" and tag != _URN_CODE_VALUE:
        return REMOVE
    return Rule(Action.KEEP)


def _unknown_rule(vr: str) -> Rule:
    """Return the rule for an attribute newer than the dictionary: no text survives."""
    if vr in _BY_DATE_VR:
        return Rule(_BY_DATE_VR[vr], "Z")
    if vr == "UI":
        return Rule(Action.MAP_UID)
    return Rule(Action.KEEP) if vr in NUMBER_VRS | {"SQ", "UN"} else REMOVE
