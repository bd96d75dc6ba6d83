"""Show what a profile makes of one file, attribute by attribute; nothing is written."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import islice
from struct import iter_unpack

from pseudonymizer.engine.checks import hold_back
from pseudonymizer.engine.dictionary import NUMBER_VRS, TEXT_VRS
from pseudonymizer.engine.elements import Dataset, Element, Encoding, text_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.identity import SOP_CLASS_UID, SPECIFIC_CHARACTER_SET, decode, header_of
from pseudonymizer.engine.last_look import last_look
from pseudonymizer.engine.options import ONLY_IOD, SAFE_PRIVATE
from pseudonymizer.engine.outlines import Outline, outline_of
from pseudonymizer.engine.part10 import Part10, read_part10
from pseudonymizer.engine.pipeline import Context, pseudonymize_header
from pseudonymizer.engine.profile import Action, Profile, Why
from pseudonymizer.engine.reading import Reader, Span
from pseudonymizer.engine.subject import written_tags

MOST_ROWS = 3000
_LONGEST_TEXT = 160
_MOST_NUMBERS = 12
_NUMBER_FORMATS = {
    "AT": "HH",
    "FD": "d",
    "FL": "f",
    "SL": "l",
    "SS": "h",
    "SV": "q",
    "UL": "L",
    "US": "H",
    "UV": "Q",
}


class Change(Enum):
    """What became of an attribute."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class PreviewRow:
    """One attribute before and after; values are patient data and never shown by repr()."""

    tag: int
    vr: str
    depth: int
    item: int  # which item of its sequence, from 1; 0 outside sequences
    before: str = field(repr=False)
    after: str = field(repr=False)
    change: Change
    why: str  # a value of `Why`, or the name of an option's switch


@dataclass(frozen=True)
class Preview:
    """The rows of a file, and why it would be held back, if so."""

    rows: tuple[PreviewRow, ...] = field(repr=False)
    held: HeldBack | None
    is_cut: bool


@dataclass(frozen=True)
class _Place:
    """Where in the file a dataset stands."""

    profile: Profile
    encoding: Encoding
    terms: tuple[str, ...]
    written: frozenset[int]
    outline: Outline | None = None
    path: tuple[int, ...] = ()
    depth: int = 0
    item: int = 0
    rule_above: str = ""  # what removed or wrote the whole sequence around
    rule_of_texts: str = ""  # what changes free text in the sequences around


def preview_file(content: bytes, context: Context) -> Preview:
    """Return what the profile makes of a DICOM file.

    Parameters
    ----------
    content : bytes
        The whole file.
    context : Context
        As for `pseudonymize_file`; subject and keys may be examples.

    Returns
    -------
    Preview
        At most 3000 rows, in the order of the file, sequences followed by their items.

    Raises
    ------
    PseudonymizationError
        If the content is no complete DICOM file.
    """
    part10 = read_part10(content)
    reader = Reader(part10.buffer)
    span = Span(part10.start, len(part10.buffer))
    before, _position = reader.read_dataset(span, part10.encoding)
    header = header_of(before)
    after = pseudonymize_header(before, header.sop_class_uid, context)
    place = _top(part10, context.profile, header.sop_class_uid)
    rows = tuple(islice(_rows(before, after, place), MOST_ROWS + 1))
    held = _held_back(part10, before, after, context)
    return Preview(rows[:MOST_ROWS], held, len(rows) > MOST_ROWS)


def _held_back(
    part10: Part10, before: Dataset, after: Dataset, context: Context
) -> HeldBack | None:
    try:
        hold_back(before, text_of(before.get(SOP_CLASS_UID)), is_video=part10.is_video)
        last_look(before, after, context.known)
    except HeldBack as held:
        return held
    return None


def _top(part10: Part10, profile: Profile, sop_class_uid: str) -> _Place:
    outline = outline_of(sop_class_uid) if profile.only_iod else None
    return _Place(profile, part10.encoding, ("",), written_tags(profile), outline)


def _rows(before: Dataset, after: Dataset | None, place: _Place) -> Iterator[PreviewRow]:
    place = _with_terms(before, place)
    for tag in sorted(before.keys() | (after or {}).keys()):
        old, new = before.get(tag), (after or {}).get(tag)
        element = old or new
        if element is None:
            continue
        why = _why(old, new, place)
        yield PreviewRow(
            tag=tag,
            vr=element.vr,
            depth=place.depth,
            item=place.item,
            before=_shown(old, place),
            after=_shown(new, place),
            change=_change(old, new),
            why=why,
        )
        yield from _rows_of_items(old, new, why, place)


def _keeps(element: Element, profile: Profile) -> bool:
    return profile.rule_for(element.tag, element.vr).action is Action.KEEP


def _rows_of_items(
    old: Element | None, new: Element | None, why: str, place: _Place
) -> Iterator[PreviewRow]:
    element = old or new
    if element is None or element.items is None:
        return
    old_items, new_items = (old and old.items) or [], (new and new.items) or []
    inner = replace(
        place,
        written=frozenset(),
        path=(*place.path, element.tag),
        depth=place.depth + 1,
        rule_above=place.rule_above or ("" if old_items and new_items else why),
        rule_of_texts=place.rule_of_texts if _keeps(element, place.profile) else why,
    )
    for number in range(max(len(old_items), len(new_items))):
        item = replace(inner, item=number + 1)
        old_item = old_items[number] if number < len(old_items) else {}
        new_item = new_items[number] if number < len(new_items) else None
        yield from _rows(old_item, new_item, item)


def _with_terms(dataset: Dataset, place: _Place) -> _Place:
    if SPECIFIC_CHARACTER_SET not in dataset:
        return place
    terms = tuple(text_of(dataset[SPECIFIC_CHARACTER_SET]).split("\\"))
    return replace(place, terms=terms)


def _why(old: Element | None, new: Element | None, place: _Place) -> str:
    element = old or new
    if place.rule_above or element is None:
        return place.rule_above
    if element.tag in place.written:
        return Why.ENGINE.value
    rule = place.profile.rule_for(element.tag, element.vr)
    if rule.why == Why.NEVER.value:
        return rule.why if new is None else SAFE_PRIVATE.name
    is_misplaced = place.outline is not None and not place.outline.holds(place.path, element.tag)
    if is_misplaced and new is None:
        return ONLY_IOD
    is_text_of_sequence = rule.action is Action.KEEP and _change(old, new) is Change.CHANGED
    return place.rule_of_texts if is_text_of_sequence and place.rule_of_texts else rule.why


def _change(old: Element | None, new: Element | None) -> Change:
    if new is None:
        return Change.REMOVED
    if old is None:
        return Change.ADDED
    if old.items is not None and new.items is not None:
        return Change.SAME if len(old.items) == len(new.items) else Change.CHANGED
    return Change.SAME if old.value == new.value else Change.CHANGED


def _shown(element: Element | None, place: _Place) -> str:
    """Return a value as a person reads it, shortened."""
    if element is None:
        return ""
    if element.items is not None:
        return f"[{len(element.items)}]"
    if element.vr in TEXT_VRS:
        text = decode(element, list(place.terms))
    elif element.vr in NUMBER_VRS:
        text = _numbers(element, place.encoding)
    else:
        text = f"({len(element.value)} B)" if element.value else ""
    return text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…"


def _numbers(element: Element, encoding: Encoding) -> str:
    form = encoding.order + _NUMBER_FORMATS[element.vr]
    size = {"h": 2, "H": 2, "l": 4, "L": 4, "f": 4}.get(form[-1], 8) * (len(form) - 1)
    usable = element.value[: len(element.value) // size * size]
    values = list(islice(iter_unpack(form, usable), _MOST_NUMBERS + 1))
    is_tag = element.vr == "AT"
    texts = ["({:04X},{:04X})".format(*v) if is_tag else f"{v[0]:g}" for v in values]
    return "\\".join(texts[:_MOST_NUMBERS]) + ("\\…" if len(texts) > _MOST_NUMBERS else "")
