"""What a person chose for a profile: switches, and rules for single attributes."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from pseudonymizer.engine.attributes import attribute_of, known_attributes, tag_named
from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.options import DEFAULT_SWITCHES, EXCLUSIVE, SWITCHES

FORMAT = "pacs2go-profile"
FORMAT_VERSION = 1
MOST_RULES = 500

# What the engine itself writes; no rule reaches it.
WRITTEN_BY_ENGINE = frozenset(
    {0x00080005, 0x00080016, 0x00080018, 0x0020000D, 0x0020000E, 0x00100010, 0x00100020}
    | {0x00120010, 0x00120020, 0x00120021, 0x00120030, 0x00120031, 0x00120040}
    | {0x00120062, 0x00120063, 0x00120064, 0x00280303}
)
_DESCRIBE_PIXELS = frozenset(
    0x00280000 | number
    for number in (0x02, 0x04, 0x06, 0x08, 0x10, 0x11, 0x100, 0x101, 0x102, 0x103)
)
_TEXT_FORMS = {
    "AE": r".{1,16}",
    "AS": r"\d{3}[DWMY]",
    "CS": r"[A-Z0-9_ ]{1,16}",
    "DA": r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])",
    "DS": r"(?=.{1,16}$)[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?",
    "DT": r"\d{4}(\d\d){0,5}(\.\d{1,6})?([+-]\d{4})?",
    "IS": r"[+-]?\d{1,10}",
    "LO": r".{1,64}",
    "LT": r".{1,1024}",
    "PN": r".{1,64}",
    "SH": r".{1,16}",
    "ST": r".{1,1024}",
    "TM": r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?",
    "UC": r".{1,1024}",
    "UT": r".{1,1024}",
}
_PLAIN = re.compile(r"[ -\[\]-~]*")  # printable ASCII but the backslash, which separates values

NOT_A_PROFILE = _("The file is no profile of this portal. Export one to see how it looks.")
UNKNOWN_SWITCH = _("There is no such option.")
TWO_DATES = _("Full and modified dates exclude each other. Choose one.")
UNKNOWN_ATTRIBUTE = _("There is no such attribute. Give its keyword or its number.")
UNKNOWN_ACTION = _("There is no such action.")
TWICE = _("There are two rules for this attribute. Keep one.")
BY_ENGINE = _("The pseudonymizer writes this attribute itself; a rule cannot change it.")
FOR_PIXELS = _("This attribute tells how the pixels are read; a rule would break the image.")
NEVER_KEPT = _("Private attributes, overlays, curves and pixel data take no rule of their own.")
NO_DATE = _("Only dates can be shifted.")
NO_UID = _("Only UIDs can be mapped.")
NO_TEXT = _("This attribute holds no text that could be replaced.")
WRONG_TEXT = _("The text does not fit this attribute. Use plain letters, in its form and length.")
TEXT_UNUSED = _("Only “replace” takes a text.")
TOO_MANY = _("There are more than 500 rules.")


class RuleAction(Enum):
    """What a rule of the project does with one attribute, wherever it stands."""

    KEEP = "keep"
    REMOVE = "remove"
    EMPTY = "empty"
    REPLACE = "replace"
    SHIFT = "shift"
    MAP_UID = "map UID"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a part of a profile; `where` names the part, never a value."""

    sentence: str
    where: str = ""


class SpecError(PseudonymizationError):
    """A profile that cannot be; `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("profile", "; ".join(each.sentence for each in problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type, tuple[Any, ...]]:
        return type(self), (self.problems,)


@dataclass(frozen=True)
class TagRule:
    """One attribute's own rule; `text` is what stands there after “replace”."""

    tag: int
    action: RuleAction
    text: str = ""


@dataclass(frozen=True)
class ProfileSpec:
    """Switches by name and rules in the order of their tags; always consistent.

    Raises
    ------
    SpecError
        If switches exclude each other or a rule does not fit its attribute.
    """

    switches: frozenset[str] = DEFAULT_SWITCHES
    rules: tuple[TagRule, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(sorted(self.rules, key=lambda rule: rule.tag)))
        problems = (*_problems_of_switches(self.switches), *_problems_of_rules(self.rules))
        if problems:
            raise SpecError(problems)

    def as_json(self) -> dict[str, Any]:
        """Return what `parse_spec` reads."""
        return {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "options": sorted(self.switches),
            "rules": [_rule_as_json(rule) for rule in self.rules],
        }


def spec_from_text(text: str | bytes) -> ProfileSpec:
    """Return the profile of an exported file, or raise SpecError."""
    try:
        return parse_spec(json.loads(text))
    except (ValueError, RecursionError):
        raise SpecError((Problem(NOT_A_PROFILE),)) from None


def parse_spec(content: object) -> ProfileSpec:
    """Return the profile that JSON values describe.

    Raises
    ------
    SpecError
        With every problem found, each naming the option or attribute.
    """
    if not isinstance(content, dict) or set(content) != {"format", "version", "options", "rules"}:
        raise SpecError((Problem(NOT_A_PROFILE),))
    is_known = content["format"] == FORMAT and content["version"] == FORMAT_VERSION
    switches, rules = content["options"], content["rules"]
    if not is_known or not _is_list_of(switches, str) or not _is_list_of(rules, dict):
        raise SpecError((Problem(NOT_A_PROFILE),))
    if len(rules) > MOST_RULES:
        raise SpecError((Problem(TOO_MANY),))
    return ProfileSpec(frozenset(switches), parse_rules(rules))


def parse_rules(rows: Sequence[Mapping[str, Any]]) -> tuple[TagRule, ...]:
    """Return rules given as mappings with tag, action and text."""
    rules, problems = [], []
    actions = {action.value: action for action in RuleAction}
    for number, row in enumerate(rows, start=1):
        given, action, text = row.get("tag"), row.get("action"), row.get("text", "")
        tag = tag_named(given) if isinstance(given, str) else None
        if tag is None:
            problems.append(Problem(UNKNOWN_ATTRIBUTE, f"#{number}"))
        elif not isinstance(action, str) or action not in actions or not isinstance(text, str):
            problems.append(Problem(UNKNOWN_ACTION, _name(tag)))
        else:
            rules.append(TagRule(tag, actions[action], text))
    if problems:
        raise SpecError(tuple(problems))
    return tuple(rules)


def allowed_actions(tag: int) -> tuple[RuleAction, ...]:
    """Return what a rule may do with this attribute."""
    return tuple(
        action for action in RuleAction if not _misfit(TagRule(tag, action), with_text=False)
    )


def _is_list_of(value: object, kind: type) -> bool:
    return isinstance(value, list) and all(isinstance(each, kind) for each in value)


def _rule_as_json(rule: TagRule) -> dict[str, str]:
    tag = attribute_of(rule.tag)
    row = {"tag": tag.number, "keyword": tag.keyword, "action": rule.action.value}
    return row | ({"text": rule.text} if rule.text else {})


def _problems_of_switches(switches: frozenset[str]) -> list[Problem]:
    problems = [Problem(UNKNOWN_SWITCH, name[:40]) for name in sorted(switches - SWITCHES)]
    if switches >= EXCLUSIVE:
        problems.append(Problem(TWO_DATES))
    return problems


def _problems_of_rules(rules: tuple[TagRule, ...]) -> list[Problem]:
    problems = [Problem(TOO_MANY)] if len(rules) > MOST_RULES else []
    seen: set[int] = set()
    for rule in rules:
        sentence = TWICE if rule.tag in seen else _misfit(rule)
        if sentence:
            problems.append(Problem(sentence, _name(rule.tag)))
        seen.add(rule.tag)
    return problems


def _misfit(rule: TagRule, with_text: bool = True) -> str:
    """Return why a rule does not fit its attribute, or nothing."""
    vr = attribute_of(rule.tag).vr
    if rule.tag in WRITTEN_BY_ENGINE:
        return BY_ENGINE
    if rule.tag in _DESCRIBE_PIXELS:
        return FOR_PIXELS
    if _takes_no_rule(rule.tag):
        return NEVER_KEPT
    if rule.tag not in known_attributes():
        return UNKNOWN_ATTRIBUTE
    if rule.action is RuleAction.SHIFT and vr not in ("DA", "DT"):
        return NO_DATE
    if rule.action is RuleAction.MAP_UID and vr != "UI":
        return NO_UID
    if rule.action is RuleAction.REPLACE and vr not in _TEXT_FORMS:
        return NO_TEXT
    return _text_misfit(rule, vr) if with_text else ""


def _text_misfit(rule: TagRule, vr: str) -> str:
    if rule.action is not RuleAction.REPLACE:
        return TEXT_UNUSED if rule.text else ""
    fits = re.fullmatch(_TEXT_FORMS[vr], rule.text, re.ASCII) and _PLAIN.fullmatch(rule.text)
    return "" if fits else WRONG_TEXT


def _takes_no_rule(tag: int) -> bool:
    group = tag >> 16
    is_plane = group >> 8 in (0x50, 0x60)
    is_structure = group < 0x0008 or group >= 0x7F00 or not tag & 0xFFFF or tag == 0x00080001
    return bool(group & 1) or is_plane or is_structure


def _name(tag: int) -> str:
    attribute = attribute_of(tag)
    return attribute.name or attribute.number


DEFAULT_SPEC = ProfileSpec()
