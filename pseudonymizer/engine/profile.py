"""The rules of de-identification: which action each attribute gets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from pseudonymizer.engine.dictionary import NUMBER_VRS, dictionary_vr
from pseudonymizer.engine.options import ONLY_IOD, Option
from pseudonymizer.engine.reading import PIXEL_TAGS
from pseudonymizer.engine.spec import DEFAULT_SPEC, ProfileSpec

ENGINE_RULES = "8"  # raise it when code changes what comes out for an equal table


class Action(Enum):
    """What happens to one attribute; where an action does not fit, the basic one does."""

    KEEP = "keep"
    MAP_UID = "map instance UID"
    MAP_PRIVATE_UID = "map UID unless it is public"
    SHIFT = "shift the date"
    KEEP_TIME = "keep a time"
    KEEP_OFFSET = "keep an offset from UTC"
    KEEP_CHARACTERISTIC = "keep sex, age, size or weight"
    CLEAN = "keep listed words"
    BASIC = "basic"
    REPLACE = "replace"


class Why(Enum):
    """Which rule spoke; options speak by the names of their switches."""

    TABLE = "table"
    PORTAL = "portal"
    OWN = "own"
    UNLISTED = "unlisted"
    NEVER = "never"
    ENGINE = "engine"


class DateMode(Enum):
    """What happens to dates that no table lists."""

    REMOVED = "removed"
    MODIFIED = "modified"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Rule:
    """An action, and the basic action of Table E.1-1 where it does not apply."""

    action: Action
    basic: str = "X"
    text: str = field(default="", repr=False)
    why: str = Why.TABLE.value


@dataclass(frozen=True)
class Profile:
    """The rules of one project.

    Attributes
    ----------
    version : str
        Digest over tables, options and engine rules; equal versions give equal outputs.
    options : tuple of Option
        What is applied wholly, for DeidentificationMethodCodeSequence.
    method : tuple of str
        The rest in words, for DeidentificationMethod.
    """

    version: str
    options: tuple[Option, ...]
    method: tuple[str, ...]
    rules: Mapping[int, Rule] = field(repr=False)
    spec: ProfileSpec = field(default=DEFAULT_SPEC, repr=False)
    dates: DateMode = DateMode.MODIFIED
    keeps_uids: bool = False
    keeps_safe_private: bool = False

    def __hash__(self) -> int:
        return hash(self.version)

    def rule_for(self, tag: int, vr: str) -> Rule:
        """Return the rule for an attribute with the VR that its file gives it."""
        return _rule_for(self, tag, vr)

    def has_option(self, option: Option) -> bool:
        """Tell whether the switch of `option` is on, applied wholly or not."""
        return option.name in self.spec.switches

    @property
    def only_iod(self) -> bool:
        """Whether attributes go that the IOD of a file does not have."""
        return ONLY_IOD in self.spec.switches

    def has_own_rule(self, tag: int) -> bool:
        """Tell whether the project has a rule of its own for this attribute."""
        rule = self.rules.get(tag)
        return rule is not None and rule.why == Why.OWN.value


REMOVE = Rule(Action.BASIC, "X", why=Why.UNLISTED.value)
NEVER = Rule(Action.BASIC, "X", why=Why.NEVER.value)
_URN_CODE_VALUE = 0x00080120
# Where classes, transfer syntaxes, coding schemes and the like stand; other UIDs name instances.
_NAME_NO_INSTANCE = frozenset(
    {
        *(0x00080016, 0x0008001A, 0x0008001B, 0x00080062, 0x00081150, 0x0008115A),
        *(0x0008040E, 0x00083002, 0x00340003, 0x04000010, 0x04000510),
        *(0x0008010C, 0x0008010D, 0x00080117, 0x00080118, 0x00089123),
        *(0x0072007F, 0x3010001F, 0x30100052, 0x30100053),
    }
)
_FIRST_PIXEL_GROUP = 0x7F00  # retired forms of pixel data, which nobody looks at, and padding
_UNLISTED_DATES = {
    DateMode.REMOVED: {},
    DateMode.MODIFIED: {"DA": Action.SHIFT, "DT": Action.SHIFT, "TM": Action.KEEP_TIME},
    DateMode.FULL: {"DA": Action.KEEP, "DT": Action.KEEP, "TM": Action.KEEP},
}
_DATE_VRS = frozenset({"DA", "DT", "TM"})


@lru_cache(maxsize=16384)
def _rule_for(profile: Profile, tag: int, vr: str) -> Rule:
    if _is_never_kept(tag):
        return NEVER
    rule = profile.rules.get(tag)
    if rule is not None:
        return rule
    known = dictionary_vr(tag)
    return _known_rule(profile, tag, known) if known else _unknown_rule(profile, vr)


def _is_never_kept(tag: int) -> bool:
    """Tell whether a tag is private, bookkeeping, a curve, an overlay plane or a hidden image."""
    group, number = tag >> 16, tag & 0xFFFF
    if group & 1 or group < 0x0008 or number == 0 or tag == 0x00080001:
        return True
    if group >= _FIRST_PIXEL_GROUP:
        return tag not in PIXEL_TAGS  # tables of offsets are made anew (frames.py)
    return group >> 8 in (0x50, 0x60)  # without its data the rest of a plane is invalid


def _known_rule(profile: Profile, tag: int, vr: str) -> Rule:
    """Return the rule for a standard attribute that no table lists."""
    if vr in _DATE_VRS:
        return _date_rule(profile, vr)
    if vr == "UI":
        mapping = Action.MAP_PRIVATE_UID if tag in _NAME_NO_INSTANCE else Action.MAP_UID
        return _unlisted(Action.KEEP if profile.keeps_uids else mapping)
    if vr == "PN":
        return _unlisted(Action.BASIC, "Z")
    if vr == "UR" and tag != _URN_CODE_VALUE:
        return REMOVE
    return _unlisted(Action.KEEP)


def _unknown_rule(profile: Profile, vr: str) -> Rule:
    """Return the rule for an attribute newer than the dictionary: no text survives."""
    if vr in _DATE_VRS:
        return _date_rule(profile, vr)
    if vr == "UI":
        return _unlisted(Action.KEEP if profile.keeps_uids else Action.MAP_UID)
    return _unlisted(Action.KEEP) if vr in NUMBER_VRS | {"SQ", "UN"} else REMOVE


def _date_rule(profile: Profile, vr: str) -> Rule:
    return _unlisted(_UNLISTED_DATES[profile.dates].get(vr, Action.BASIC), "Z")


def _unlisted(action: Action, basic: str = "X") -> Rule:
    return Rule(action, basic, why=Why.UNLISTED.value)
