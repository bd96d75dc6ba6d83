"""What the last look searches in: the texts of an output, at every depth, by how they are read."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from pseudonymizer.engine.dictionary import BULK_VRS, NUMBER_VRS
from pseudonymizer.engine.elements import Dataset, Element, text_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.finding import TagPath
from pseudonymizer.engine.identity import SPECIFIC_CHARACTER_SET
from pseudonymizer.engine.reading import PIXEL_TAGS
from pseudonymizer.engine.spellings import (
    ESCAPE,
    LONGEST_BETWEEN,
    decoded,
    folded,
    old_ages,
    possible_readings,
    text_between,
)
from pseudonymizer.engine.traces import Traces

Terms = tuple[str, ...]

TEXT_VRS = frozenset({"AE", "CS", "LO", "LT", "OB", "PN", "SH", "ST", "UC", "UN", "UR", "UT"})
DECIMAL_VRS = frozenset({"DS", "IS"})
BINARY_VRS = (NUMBER_VRS | BULK_VRS) - TEXT_VRS
FEWEST_BINARY_BYTES = 8  # less than four letters in two bytes each name nobody
_NO_LETTERS = b"\1\1"


@dataclass
class Gathered:
    """The values of an output, by how they are searched."""

    plain: list[bytes] = field(default_factory=list)
    others: list[tuple[bytes, Terms]] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)
    binary: list[bytes] = field(default_factory=list)
    names: set[bytes] = field(default_factory=set)
    _free_of: Traces | None = None

    def may_hold(self, traces: Traces, uids: Collection[str]) -> bool:
        """Tell whether a closer look is worth it; nothing that it would find is missed."""
        if self._free_of is not traces:
            if self._may_name(traces):
                return True
            self._free_of = traces
        return any(uid in text for uid in uids for text in self._folded)

    def _may_name(self, traces: Traces) -> bool:
        if traces.number_stands_in(b"\\".join(self.numbers)):
            return True
        if any(traces.may_stand_in(text) for text in self._folded):
            return True
        hidden = [text for reading in self._readings for _, text in decoded(reading)]
        return any(traces.tells(text) for one in hidden for text in folded(one))

    @cached_property
    def says_old_age(self) -> bool:
        """Whether somebody is said to be 90 years old or older."""
        return any(any(old_ages(text)) for text in self._folded)

    @cached_property
    def _readings(self) -> list[str]:
        read = [b"\n".join(self.plain).decode("ascii")]
        if self.binary:
            read.append(text_between(_NO_LETTERS.join(self.binary)))
        for value, terms in self.others:
            read += possible_readings(value, terms)
        return read

    @cached_property
    def _folded(self) -> list[str]:
        return [text for reading in self._readings for text in folded(reading)]


def gather(dataset: Dataset, terms: Terms, left_out: frozenset[int] = frozenset()) -> Gathered:
    """Return the values of a dataset and of the items in it, but for some at its top.

    Raises
    ------
    HeldBack
        If pixel data lies in a sequence, or frames in another attribute: nothing looks at them.
    """
    gathered = Gathered()
    _gather(dataset, terms, gathered, left_out)
    return gathered


def _gather(
    dataset: Dataset, terms: Terms, into: Gathered, left_out: frozenset[int] = frozenset()
) -> None:
    for tag, element in dataset.items():
        if tag in left_out:
            continue
        for item in element.items or ():
            _gather(item, terms_of(item, terms), into)
        if element.value:
            _gather_value(element, terms, into)


def _gather_value(element: Element, terms: Terms, into: Gathered) -> None:
    value, vr = element.value, element.vr
    if element.is_encapsulated or element.tag in PIXEL_TAGS:
        raise _hidden_frames()
    if vr in TEXT_VRS:
        _gather_text(element, terms, into)
    elif vr in DECIMAL_VRS:
        into.numbers.append(value)
    elif FEWEST_BINARY_BYTES <= len(value) <= LONGEST_BETWEEN and vr in BINARY_VRS:
        into.binary.append(value)


def _gather_text(element: Element, terms: Terms, into: Gathered) -> None:
    value = element.value
    if value.isascii() and ESCAPE not in value and b"\0" not in value[:-1]:
        into.plain.append(value)
    else:
        into.others.append((value, terms))
    if element.vr == "PN":
        into.names.add(value)


def walk(
    dataset: Dataset, terms: Terms, path: TagPath, left_out: frozenset[int] = frozenset()
) -> Iterator[tuple[TagPath, Element, Terms]]:
    """Yield each element that is searched, with where it stands."""
    for tag, element in dataset.items():
        if tag in left_out:
            continue
        if element.items is None:
            yield (*path, tag), element, terms
            continue
        for number, item in enumerate(element.items, start=1):
            yield from walk(item, terms_of(item, terms), (*path, tag, number))


def terms_of(dataset: Dataset, outer: Terms) -> Terms:
    """Return the character sets of a dataset; an item without any has those around it."""
    element = dataset.get(SPECIFIC_CHARACTER_SET)
    return tuple(text_of(element).split("\\")) if element else outer


def _hidden_frames() -> HeldBack:
    return HeldBack(
        "nested-frames",
        _("A sequence holds an image of its own. A data steward has to look at the file."),
    )
