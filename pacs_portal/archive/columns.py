"""The columns of the study list and the links that sort by them."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LABELS: tuple[tuple[str, str | Promise], ...] = (
    ("patient", _("Patient")),
    ("date", _("Study date")),
    ("", _("Modality")),
    ("description", _("Description")),
    ("instances", _("Series / images")),
    ("added", _("Added")),
)
FALLING_FIRST = frozenset({"added", "date", "instances"})


@dataclass(frozen=True)
class Column:
    """A column: what it is called, how it is sorted now, and what a click on it asks for."""

    label: str | Promise
    next_order: str  # "" for a column that does not sort
    sorted_as: str  # "ascending", "descending" or ""


def columns_of(order: str) -> list[Column]:
    """Return the columns of a list in this order ("-date": newest first)."""
    return [
        Column(label, _next_order(name, order), _sorted_as(name, order)) for name, label in LABELS
    ]


def _next_order(name: str, order: str) -> str:
    if not name:
        return ""
    if order.removeprefix("-") == name:
        return name if order.startswith("-") else f"-{name}"
    return f"-{name}" if name in FALLING_FIRST else name


def _sorted_as(name: str, order: str) -> str:
    if not name or order.removeprefix("-") != name:
        return ""
    return "descending" if order.startswith("-") else "ascending"
