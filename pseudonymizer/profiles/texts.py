"""What the profile's page says of switches, actions and rules, and of how two versions differ."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pseudonymizer.engine import ProfileSpec
from pseudonymizer.engine.attributes import attribute_of
from pseudonymizer.engine.options import ONLY_IOD
from pseudonymizer.engine.profile import Why
from pseudonymizer.engine.spec import RuleAction, TagRule


@dataclass(frozen=True)
class SwitchText:
    """A switch in a person's words."""

    name: str
    label: Promise
    sentence: Promise


DATE_CHOICES = (
    SwitchText(
        "modified_dates",
        gettext_lazy("Shift dates"),
        gettext_lazy(
            "Every date of a patient moves by the same secret number of days; times stay, so "
            "the course over time can be studied."
        ),
    ),
    SwitchText(
        "full_dates",
        gettext_lazy("Keep dates"),
        gettext_lazy("All dates and times stay as they are; the birth date goes all the same."),
    ),
    SwitchText(
        "",
        gettext_lazy("Remove dates"),
        gettext_lazy("Dates and times go, or are emptied where the format asks for them."),
    ),
)
STAYS = (
    SwitchText(
        "four_characteristics",
        gettext_lazy("Sex, age, size and weight"),
        gettext_lazy("These four stay; an age of 90 years or more becomes 90."),
    ),
    SwitchText(
        "characteristics",
        gettext_lazy("All patient characteristics"),
        gettext_lazy(
            "Sex, age (also above 90), size, weight, ethnic group, smoking and pregnancy stay; "
            "of allergies, patient state and premedication the listed words."
        ),
    ),
    SwitchText(
        "device",
        gettext_lazy("Device identity"),
        gettext_lazy(
            "Names, serial numbers and stations of the devices stay; their own dates only where "
            "dates are kept or removed, since next to shifted dates they would betray the shift."
        ),
    ),
    SwitchText(
        "institution",
        gettext_lazy("Institution identity"),
        gettext_lazy("Name, address and department of the institution stay."),
    ),
    SwitchText(
        "uids",
        gettext_lazy("Original UIDs"),
        gettext_lazy(
            "The UIDs of study, series and images stay: whoever has access to the clinic's "
            "archive can find the patient by them, and many hold the date and time."
        ),
    ),
    SwitchText(
        "safe_private",
        gettext_lazy("Safe private attributes"),
        gettext_lazy(
            "Private attributes that a public list calls safe stay, such as diffusion weights; "
            "all others go."
        ),
    ),
    SwitchText(
        "descriptors",
        gettext_lazy("Cleaned descriptions"),
        gettext_lazy(
            "Of descriptions and comments those words stay that stand in a fixed list of body "
            "parts, sequences and sides; everything else goes."
        ),
    ),
    SwitchText(
        "structured_content",
        gettext_lazy("Cleaned reports"),
        gettext_lazy(
            "Structured reports keep their tree, codes and numbers; of their texts the listed "
            "words, and no names."
        ),
    ),
    SwitchText(
        "graphics",
        gettext_lazy("Cleaned graphics"),
        gettext_lazy("Drawn annotations stay without their texts; overlays and curves go."),
    ),
)
GOES = (
    SwitchText(
        ONLY_IOD,
        gettext_lazy("Only attributes of the kind of object"),
        gettext_lazy(
            "Whatever the standard does not give this kind of object goes, wherever it stands, "
            "such as an echo time in a CT image; rules for single attributes come first."
        ),
    ),
)
SWITCH_TEXTS = (*STAYS, *GOES)
ACTION_LABELS = {
    RuleAction.KEEP: gettext_lazy("keep"),
    RuleAction.REMOVE: gettext_lazy("remove"),
    RuleAction.EMPTY: gettext_lazy("empty"),
    RuleAction.REPLACE: gettext_lazy("replace with"),
    RuleAction.SHIFT: gettext_lazy("shift the date"),
    RuleAction.MAP_UID: gettext_lazy("map the UID"),
}
WHY_LABELS = {
    Why.TABLE.value: gettext_lazy("Basic Profile"),
    Why.PORTAL.value: gettext_lazy("Portal's addition to the Basic Profile"),
    Why.OWN.value: gettext_lazy("Rule of this project"),
    Why.UNLISTED.value: gettext_lazy("Not listed: by kind of value"),
    Why.NEVER.value: gettext_lazy("Private, overlay or curve: always goes"),
    Why.ENGINE.value: gettext_lazy("Written by the pseudonymizer"),
    **{text.name: text.label for text in (*DATE_CHOICES[:2], *SWITCH_TEXTS)},
}


def differences(new: ProfileSpec, old: ProfileSpec) -> list[str]:
    """Say in short sentences what the new version does otherwise."""
    return [*_switch_differences(new, old), *_rule_differences(new, old)]


def _switch_differences(new: ProfileSpec, old: ProfileSpec) -> Iterator[str]:
    for text in (*DATE_CHOICES[:2], *SWITCH_TEXTS):
        was, is_now = text.name in old.switches, text.name in new.switches
        if is_now and not was:
            yield _("%(name)s: on") % {"name": text.label}
        elif was and not is_now:
            yield _("%(name)s: off") % {"name": text.label}


def _rule_differences(new: ProfileSpec, old: ProfileSpec) -> Iterator[str]:
    before, after = ({rule.tag: rule for rule in spec.rules} for spec in (old, new))
    for tag in sorted(before.keys() | after.keys()):
        was, is_now = before.get(tag), after.get(tag)
        if was != is_now:
            attribute = attribute_of(tag)
            name = f"{attribute.name} ({attribute.number})"
            yield f"{name}: {_say(was)} → {_say(is_now)}"


def _say(rule: TagRule | None) -> str:
    if rule is None:
        return _("by the options")
    label = str(ACTION_LABELS[rule.action])
    return f"{label} “{rule.text}”" if rule.text else label
