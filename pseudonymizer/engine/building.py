"""Build a profile from Table E.1-1, the portal's own table and what a person chose."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, lru_cache

from pseudonymizer.engine.attributes import E1_1, TABLES, concrete_rows, rows_of
from pseudonymizer.engine.content_items import NUMERIC_VALUE
from pseudonymizer.engine.dictionary import FREE_TEXT_VRS, dictionary_vr
from pseudonymizer.engine.icc_profiles import ICC_PROFILE
from pseudonymizer.engine.options import (
    BASIC_PROFILE,
    CHARACTERISTICS,
    FOUR_CHARACTERISTICS,
    FULL_DATES,
    MODIFIED_DATES,
    ONLY_IOD,
    OPTIONS,
    SAFE_PRIVATE,
    STRUCTURED_CONTENT,
    UIDS,
    Option,
)
from pseudonymizer.engine.outlines import IOD_ATTRIBUTES
from pseudonymizer.engine.profile import ENGINE_RULES, Action, DateMode, Profile, Rule, Why
from pseudonymizer.engine.safe_private import NOT_SAFE_TABLE, SAFE_PRIVATE_TABLE
from pseudonymizer.engine.spec import DEFAULT_SPEC, ProfileSpec, RuleAction, TagRule
from pseudonymizer.engine.vocabulary import VOCABULARY

Row = dict[str, str]
Rules = dict[int, Rule]

KEPT_CHARACTERISTICS = frozenset({0x00100040, 0x00101010, 0x00101020, 0x00101030})
_PROJECT_RULES = "project-rules.csv"
_TIMEZONE_OFFSET = 0x00080201
_TEXT_VALUE = 0x0040A160
_BY_DATE_VR = {"DA": Action.SHIFT, "DT": Action.SHIFT, "TM": Action.KEEP_TIME}
_CLEANED_VRS = frozenset({"CS", "LO", "LT", "SH", "SQ", "ST", "UC", "UT"})
_OWN_ACTIONS = {
    RuleAction.KEEP: Action.KEEP,
    RuleAction.REPLACE: Action.REPLACE,
    RuleAction.SHIFT: Action.SHIFT,
    RuleAction.MAP_UID: Action.MAP_UID,
}
_OWN_BASICS = {RuleAction.REMOVE: "X", RuleAction.EMPTY: "Z"}
_OPENNESS = {
    Action.REPLACE: 0,
    Action.BASIC: 0,
    Action.CLEAN: 2,
    Action.MAP_UID: 2,
    Action.MAP_PRIVATE_UID: 3,
    Action.SHIFT: 3,
    Action.KEEP_TIME: 3,
    Action.KEEP_OFFSET: 3,
    Action.KEEP_CHARACTERISTIC: 3,
    Action.KEEP: 4,
}
_KEPT_IN_PART = frozenset({ICC_PROFILE, NUMERIC_VALUE})
_SEQUENCE_OF_DUMMIES = 1  # its tree stays, with numbers and public codes
_RETAINED = frozenset({Action.KEEP})


@cache
def default_profile() -> Profile:
    """Return the profile of a new project.

    The Basic Profile with Modified Dates and Clean Descriptors; sex, age, size and weight stay,
    an age of 90 years or more becomes 090Y.

    References
    ----------
    DICOM PS3.15 E.2 and Table E.1-1; CID 7050.
    """
    return build_profile(DEFAULT_SPEC)


@lru_cache(maxsize=64)
def build_profile(spec: ProfileSpec) -> Profile:
    """Return the rules that follow from switches and rules for single attributes.

    Where several speak, the project's own rule counts before the options, an option that
    changes dates before one that keeps them, one that keeps a value before one that cleans
    it, and the basic action of Table E.1-1 last. Attributes whose options are not known
    get their basic action under every option.

    Parameters
    ----------
    spec : ProfileSpec

    Returns
    -------
    Profile
        Its `options` are those that are applied wholly; an own rule that loosens one, or
        takes what it should keep, takes its code away.

    References
    ----------
    DICOM PS3.15 E.2, E.3 and Table E.1-1; CID 7050.
    """
    chosen = tuple(option for option in OPTIONS if option.name in spec.switches)
    by_options = Profile(
        version="",
        options=(),
        method=(),
        rules=_table_rules(spec, chosen),
        spec=spec,
        dates=_date_mode(chosen),
        keeps_uids=UIDS in chosen,
        keeps_safe_private=SAFE_PRIVATE in chosen,
    )
    own = {rule.tag: _own_rule(rule, by_options.rules) for rule in spec.rules}
    rules = {**by_options.rules, **own}
    whole = tuple(option for option in chosen if _is_whole(option, rules))
    if not _is_loosened(by_options, own):
        whole = (BASIC_PROFILE, *whole)
    return replace(
        by_options,
        version=_digest(spec, whole),
        options=whole,
        method=_method(spec, chosen, whole),
        rules=rules,
    )


def is_looser(new: ProfileSpec, old: ProfileSpec) -> bool:
    """Tell whether the new profile lets anything through that the old one did not."""
    after, before = build_profile(new), build_profile(old)
    modes = list(DateMode)
    if modes.index(after.dates) > modes.index(before.dates):
        return True
    if after.only_iod < before.only_iod:
        return True
    if after.keeps_uids > before.keeps_uids:
        return True
    if after.keeps_safe_private > before.keeps_safe_private:
        return True
    return any(
        _openness(tag, after.rule_for(tag, "UN"), after.only_iod)
        > _openness(tag, before.rule_for(tag, "UN"), before.only_iod)
        for tag in after.rules.keys() | before.rules.keys()
    )


def _table_rules(spec: ProfileSpec, chosen: tuple[Option, ...]) -> Rules:
    rules = {tag: _row_rule(tag, row, chosen) for tag, row in concrete_rows()}
    options = {option.name for option in chosen if option is not MODIFIED_DATES}
    rules |= {
        tag: rule
        for tag, rule in _portal_rules().items()
        if tag not in rules or rules[tag].why not in options
    }
    if FOUR_CHARACTERISTICS in spec.switches and CHARACTERISTICS not in chosen:
        rules |= {
            tag: Rule(Action.KEEP_CHARACTERISTIC, rules[tag].basic, why=FOUR_CHARACTERISTICS)
            for tag in KEPT_CHARACTERISTICS
        }
    if STRUCTURED_CONTENT in chosen:
        rules[_TEXT_VALUE] = Rule(Action.CLEAN, "D", why=STRUCTURED_CONTENT.name)
    return rules


def _row_rule(tag: int, row: Row, chosen: tuple[Option, ...]) -> Rule:
    basic = row["basic"]
    if MODIFIED_DATES in chosen and row[MODIFIED_DATES.column] == "C":
        return _modified_date_rule(tag, row)
    for option in chosen:
        if row[option.column] == "K":
            return Rule(Action.KEEP, basic, why=option.name)
    for option in chosen:
        if row[option.column] == "C" and row["vr"] in _CLEANED_VRS:
            return Rule(Action.CLEAN, basic, why=option.name)
    if basic == "U" or (basic == "D" and row["vr"] == "UI"):
        return Rule(Action.MAP_UID, basic)
    return Rule(Action.BASIC, basic)


def _modified_date_rule(tag: int, row: Row) -> Rule:
    action = _BY_DATE_VR.get(row["vr"], Action.BASIC)
    if tag == _TIMEZONE_OFFSET:
        action = Action.KEEP_OFFSET
    return Rule(action, row["basic"], why=MODIFIED_DATES.name)


@cache
def _portal_rules() -> Rules:
    """Return what Table E.1-1 leaves out or says too little about."""
    basics = {tag: row["basic"] for tag, row in concrete_rows()}
    rules = {}
    for row in rows_of(_PROJECT_RULES):
        tag, action = int(row["tag"], 16), row["action"]
        if action == "clean":
            rules[tag] = Rule(Action.CLEAN, "D", why=Why.PORTAL.value)
            continue
        basic = basics[tag] if action == "basic" else action
        rules[tag] = Rule(Action.BASIC, basic, why=Why.PORTAL.value)
    return rules


def _own_rule(rule: TagRule, by_options: Mapping[int, Rule]) -> Rule:
    basic = by_options[rule.tag].basic if rule.tag in by_options else "Z"
    if rule.action in _OWN_BASICS:
        return Rule(Action.BASIC, _OWN_BASICS[rule.action], why=Why.OWN.value)
    return Rule(_OWN_ACTIONS[rule.action], basic, rule.text, Why.OWN.value)


def _openness(tag: int, rule: Rule, only_iod: bool = False) -> tuple[int, bool]:
    """Return how much of a value gets through, and whether it always does.

    Only under an own rule do free text in sequences of dummies, ages in reports, texts of ICC
    profiles, and what the kind of object does not have.
    """
    amount = _OPENNESS[rule.action]
    if rule.action is Action.BASIC and dictionary_vr(tag) == "SQ" and {"D", "U"} & {*rule.basic}:
        amount = _SEQUENCE_OF_DUMMIES
    is_own = rule.why == Why.OWN.value
    is_partly = only_iod or tag in _KEPT_IN_PART or dictionary_vr(tag) in FREE_TEXT_VRS
    return amount, amount > 0 and (is_own or not is_partly)


def _is_whole(option: Option, rules: Rules) -> bool:
    """Tell whether every row of an option is done as its column says.

    What is to be cleaned may also go; what is to be kept must stay.
    """
    for tag, row in concrete_rows():
        action = rules[tag].action
        if tag >> 16 < 0x0008:  # bookkeeping that no file of an instance holds
            continue
        if row[option.column] == "K" and action not in _RETAINED:
            return False
        if row[option.column] == "C" and action is Action.KEEP:
            return False
    return True


def _is_loosened(by_options: Profile, own: Rules) -> bool:
    """Tell whether an own rule lets through what the profile with its options would not."""
    return any(
        _openness(tag, rule) > _openness(tag, by_options.rule_for(tag, "UN"))
        for tag, rule in own.items()
    )


def _date_mode(chosen: tuple[Option, ...]) -> DateMode:
    if FULL_DATES in chosen:
        return DateMode.FULL
    return DateMode.MODIFIED if MODIFIED_DATES in chosen else DateMode.REMOVED


def _method(
    spec: ProfileSpec, chosen: tuple[Option, ...], whole: tuple[Option, ...]
) -> tuple[str, ...]:
    """Return in words, each at most 64 letters, what the codes do not say."""
    dates = {MODIFIED_DATES: " with Modified Dates", FULL_DATES: " with Full Dates"}
    lines = ["PS3.15 Basic Profile" + "".join(dates.get(option, "") for option in chosen)]
    if FOUR_CHARACTERISTICS in spec.switches and CHARACTERISTICS not in chosen:
        lines.append("Sex, size, weight and age (90 years and more as 090Y) kept")
    if MODIFIED_DATES in chosen:
        lines.append("Dates of devices and documents by the Basic Profile")
    for option in chosen:
        if option not in dates:
            lines.append(option.meaning if option in whole else f"In part: {option.meaning}")
        elif option not in whole:
            lines.append(f"In part:{dates[option].replace(' with', '')}")
    if ONLY_IOD in spec.switches:
        lines.append("Attributes that the kind of object does not have removed")
    if spec.rules:
        lines.append(f"Own rules for {len(spec.rules)} attributes")
    return tuple(lines)


def _digest(spec: ProfileSpec, options: tuple[Option, ...]) -> str:
    named = ", ".join(f"Option(code={o.code!r}, meaning={o.meaning!r})" for o in options)
    trailing = "," if len(options) == 1 else ""
    digest = hashlib.sha256(f"{ENGINE_RULES} ({named}{trailing})".encode())
    tables = [E1_1, _PROJECT_RULES, "iod-types.json", VOCABULARY]
    if spec != DEFAULT_SPEC:
        digest.update(json.dumps(spec.as_json(), sort_keys=True).encode())
        tables += [SAFE_PRIVATE_TABLE, NOT_SAFE_TABLE]
    if ONLY_IOD in spec.switches:
        tables.append(IOD_ATTRIBUTES)
    for name in tables:
        digest.update((TABLES / name).read_bytes())
    return digest.hexdigest()[:12]
