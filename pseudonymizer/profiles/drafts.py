"""A profile on its way between the page's form and the engine, valid or not."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from pseudonymizer.engine import ProfileSpec, SpecError
from pseudonymizer.engine.attributes import Attribute, attribute_of, tag_named
from pseudonymizer.engine.spec import RuleAction, allowed_actions, parse_rules
from pseudonymizer.profiles.texts import ACTION_LABELS

LONGEST_REASON = 500


@dataclass(frozen=True)
class RuleRow:
    """A row of the table of rules; `actions` are (value, label) pairs."""

    attribute: Attribute
    action: str
    text: str
    actions: tuple[tuple[str, Promise], ...]


@dataclass(frozen=True)
class Draft:
    """What stands in the form, and the version it began from."""

    switches: frozenset[str]
    rows: tuple[RuleRow, ...]
    based_on: int
    reason: str = ""

    @property
    def dates(self) -> str:
        """The chosen way with dates, by the name of its switch."""
        return next(
            (name for name in ("full_dates", "modified_dates") if name in self.switches), ""
        )

    def spec(self) -> ProfileSpec:
        """Return the profile, or raise SpecError."""
        rows = [
            {"tag": row.attribute.number, "action": row.action, "text": row.text}
            for row in self.rows
        ]
        return ProfileSpec(self.switches, parse_rules(rows))


def draft_of(spec: ProfileSpec, based_on: int) -> Draft:
    """Return a form filled with a profile."""
    rows = tuple(rule_row(rule.tag, rule.action.value, rule.text) for rule in spec.rules)
    return Draft(spec.switches, rows, based_on)


def posted_draft(posted: QueryDict) -> Draft:
    """Return what a person sent; rows of attributes that do not exist are left out."""
    columns = (posted.getlist(name) for name in ("rule_tag", "rule_action", "rule_text"))
    rows = []
    for tag_text, action, text in zip(*columns, strict=False):
        tag = tag_named(tag_text)
        if tag is not None:
            is_replaced = action == RuleAction.REPLACE.value
            rows.append(rule_row(tag, action, text if is_replaced else ""))
    chosen = {*posted.getlist("option"), posted.get("dates", "")} - {""}
    based_on = posted.get("based_on", "")
    return Draft(
        switches=frozenset(chosen),
        rows=tuple(rows),
        based_on=int(based_on) if based_on.isdecimal() and len(based_on) < 10 else -1,
        reason=posted.get("reason", "").strip()[:LONGEST_REASON],
    )


def rule_row(tag: int, action: str = "", text: str = "") -> RuleRow:
    """Return a row for an attribute, with the actions that fit it."""
    allowed = allowed_actions(tag)
    chosen = action or (allowed[0].value if allowed else "")
    labels = tuple((each.value, ACTION_LABELS[each]) for each in allowed)
    return RuleRow(attribute_of(tag), chosen, text, labels)


def sentences_of(error: SpecError) -> list[str]:
    """Say each problem of a profile in the person's language, and where it is."""
    return [
        f"{problem.where}: {_(problem.sentence)}" if problem.where else _(problem.sentence)
        for problem in error.problems
    ]
