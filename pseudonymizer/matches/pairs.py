"""Two patients side by side for a data steward: field by field, differences marked."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pacs_portal.jobs.steps import GivenIdentity
from pseudonymizer.matching.agreement import NameLevel
from pseudonymizer.matching.comparison import compare
from pseudonymizer.matching.dates import DateLevel
from pseudonymizer.matching.exact import plain_text
from pseudonymizer.matching.ids import IdLevel
from pseudonymizer.matching.people import Person, person_of

Text = str | Promise
LEAST_ALIKE = 0.5  # else single letters that happen to agree would stand out


class Grade(StrEnum):
    SAME = "same"
    ALIKE = "alike"
    DIFFERENT = "different"
    UNKNOWN = "unknown"  # missing on one side, or says nothing


GRADE_LABELS: Mapping[Grade, Text] = {
    Grade.SAME: _("same"),
    Grade.ALIKE: _("alike"),
    Grade.DIFFERENT: _("different"),
    Grade.UNKNOWN: _("not known"),
}
_IDS: Mapping[IdLevel, tuple[Grade, Text]] = {
    IdLevel.QUALIFIED: (Grade.SAME, ""),
    IdLevel.PADDED: (Grade.ALIKE, _("but for zeros and separators")),
    IdLevel.LONG: (Grade.SAME, _("but not of one issuer for sure")),
    IdLevel.SHORT: (Grade.SAME, _("but short, and not of one issuer for sure")),
    IdLevel.LOOK_ALIKE: (Grade.ALIKE, _("but for letters that look like digits")),
    IdLevel.NEAR: (Grade.ALIKE, _("one character apart, as neighbors are")),
    IdLevel.DIFFERENT: (Grade.DIFFERENT, ""),
    IdLevel.UNRELATED: (Grade.DIFFERENT, _("perhaps of two issuers")),
    IdLevel.MISSING: (Grade.UNKNOWN, ""),
}
_DATES: Mapping[DateLevel, tuple[Grade, Text]] = {
    DateLevel.EQUAL: (Grade.SAME, ""),
    DateLevel.NEW_YEAR: (Grade.SAME, _("but the first of January also stands for “not known”")),
    DateLevel.SWAPPED: (Grade.ALIKE, _("day and month changed over")),
    DateLevel.DAY_SLIP: (Grade.ALIKE, _("one slip in day or month")),
    DateLevel.YEAR_SLIP: (Grade.ALIKE, _("one slip in the year")),
    DateLevel.YEAR: (Grade.ALIKE, _("only the year is known on one side")),
    DateLevel.DIFFERENT: (Grade.DIFFERENT, ""),
    DateLevel.MISSING: (Grade.UNKNOWN, ""),
}
_NAMES: Mapping[NameLevel, Grade] = {
    NameLevel.EQUAL: Grade.SAME,
    NameLevel.PART: Grade.ALIKE,
    NameLevel.VARIANT: Grade.ALIKE,
    NameLevel.INITIAL: Grade.ALIKE,
    NameLevel.SIMILAR: Grade.ALIKE,
    NameLevel.DIFFERENT: Grade.DIFFERENT,
    NameLevel.MISSING: Grade.UNKNOWN,
}


@dataclass(frozen=True, repr=False)
class Piece:
    """A piece of a value; what the other value has not is marked."""

    text: str
    is_marked: bool


@dataclass(frozen=True, repr=False)
class FieldPair:
    """One field of two patients."""

    label: Text
    first: tuple[Piece, ...]
    second: tuple[Piece, ...]
    grade: Grade
    note: Text = ""

    @property
    def grade_label(self) -> Text:
        """The grade in words."""
        return GRADE_LABELS[self.grade]


def field_pairs(first: GivenIdentity, second: GivenIdentity) -> list[FieldPair]:
    """Return the fields of two patients beside each other, and how far the matching sees them."""
    one, other = person_of(first), person_of(second)
    graded = _graded(one, other) if one and other else {}
    values = {
        "name": (_("Name"), first.name, second.name),
        "patient_id": (_("Patient ID"), first.patient_id, second.patient_id),
        "issuer": (_("Issuer"), first.issuer, second.issuer),
        "birth_date": (
            _("Birth date"),
            readable_date(first.birth_date),
            readable_date(second.birth_date),
        ),
        "sex": (_("Sex"), first.sex, second.sex),
    }
    return [
        FieldPair(label, *_marked(mine, yours), *graded.get(field, _plainly(mine, yours)))
        for field, (label, mine, yours) in values.items()
    ]


def _graded(one: Person, other: Person) -> dict[str, tuple[Grade, Text]]:
    """Return what the matching makes of the fields that it compares in its own way."""
    agreement = compare(one, other)
    family, given = _NAMES[agreement.family], _NAMES[agreement.given]
    known = [grade for grade in (family, given) if grade != Grade.UNKNOWN]
    name = max(known, key=list(Grade).index, default=Grade.UNKNOWN)
    note: Text = ""
    if agreement.is_turned:
        note = _("family and given name changed over")
    elif family != given:
        note = _("family name %(family)s, given name %(given)s") % {
            "family": GRADE_LABELS[family],
            "given": GRADE_LABELS[given],
        }
    return {
        "name": (name, note),
        "patient_id": _IDS[agreement.patient_id],
        "birth_date": _DATES[agreement.birth_date],
    }


def _plainly(mine: str, yours: str) -> tuple[Grade, Text]:
    if not (mine.strip() and yours.strip()):
        return Grade.UNKNOWN, ""
    is_same = plain_text(mine) == plain_text(yours)
    return (Grade.SAME if is_same else Grade.DIFFERENT), ""


def _marked(mine: str, yours: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both values in pieces; capital and small letters make no difference."""
    matcher = SequenceMatcher(None, _small(mine), _small(yours), autojunk=False)
    if mine and yours and matcher.ratio() < LEAST_ALIKE:
        return (Piece(mine, is_marked=True),), (Piece(yours, is_marked=True),)
    steps = matcher.get_opcodes()
    return (
        tuple(Piece(mine[a:b], kind != "equal") for kind, a, b, _c, _d in steps if b > a),
        tuple(Piece(yours[c:d], kind != "equal") for kind, _a, _b, c, d in steps if d > c),
    )


def _small(text: str) -> list[str]:
    return [letter.lower() for letter in text]


def readable_date(date: str) -> str:
    """Return a date of DICOM as people write it, and anything else as it is."""
    if len(date) == len("YYYYMMDD") and date.isdecimal():
        return f"{date[:4]}-{date[4:6]}-{date[6:]}"
    return date
