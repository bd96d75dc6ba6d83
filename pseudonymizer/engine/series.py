"""What the headers of a series have in common is read and treated once.

The slices of a series differ in a few elements; the hundreds around them are the same bytes. Equal
bytes at the top of a dataset are equal elements, and a profile makes the same of equal elements.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from pseudonymizer.engine.collecting import Raw, collect
from pseudonymizer.engine.dataset import Walk, pseudonymize_dataset
from pseudonymizer.engine.elements import EXPLICIT_LITTLE, LAYOUTS, Buffer, Dataset, Encoding
from pseudonymizer.engine.gathering import Terms, terms_of
from pseudonymizer.engine.reading import PIXEL_TAGS, Reader, Span

_LONGEST_PIECE = 4096  # what is longer is read anew in every file instead of kept
_MOST_PIECES = 4096
_LAST_TAG = 0xFFFFFFFF
_NO_PIECES = PIXEL_TAGS | {0, _LAST_TAG}  # where a header ends: pixels, zeros, the file's end


@dataclass(repr=False)
class Stretch:
    """One or more elements side by side, as bytes and as they were read."""

    first_tag: int
    raw: bytes
    elements: Dataset
    _walk: Walk | None = None
    _treated: Dataset = field(default_factory=dict)
    _terms: Terms | None = None
    _named: frozenset[Raw] = frozenset()

    def treated(self, walk: Walk) -> Dataset:
        """Return what becomes of the elements; the caller leaves it as it is."""
        if self._walk != walk:
            self._walk, self._treated = walk, pseudonymize_dataset(self.elements, walk)
        return self._treated

    def named(self, terms: Terms) -> frozenset[Raw]:
        """Return whom the elements name, read in the character sets `terms`."""
        if self._terms != terms:
            self._terms, self._named = terms, collect(self.elements, terms)
        return self._named


@dataclass(frozen=True, repr=False)
class SeriesHeader:
    """A dataset up to its pixel data: what it shares with others of its series, and the rest."""

    dataset: Dataset
    position: int  # behind the dataset
    shared: Sequence[Stretch]
    others: Dataset

    def treated(self, walk: Walk) -> Dataset:
        """Return the dataset as the profile leaves it."""
        # Safe private elements depend on others; of two with the same tag the last one counts.
        if walk.profile.keeps_safe_private or self._has_twins:
            return pseudonymize_dataset(self.dataset, walk)
        output = pseudonymize_dataset(self.others, walk)
        for stretch in self.shared:
            output.update(stretch.treated(walk))
        return output

    @property
    def named(self) -> frozenset[Raw]:
        """Whom the dataset names."""
        terms = terms_of(self.dataset, ())
        return collect(self.others, terms).union(*(one.named(terms) for one in self.shared))

    @property
    def _has_twins(self) -> bool:
        parted = len(self.others) + sum(len(stretch.elements) for stretch in self.shared)
        return len(self.dataset) != parted


class Series:
    """Reads the headers of one series; remembers the last patient's values, so never shared.

    Headers are read up to `last_tag`.
    """

    def __init__(self, last_tag: int = _LAST_TAG) -> None:
        self._last_tag = last_tag
        self._is_begun = False
        # By tag: an element as most files have it, or None where they differ.
        self._pieces: dict[int, Stretch | None] = {}
        self._stretches: Sequence[Stretch] = ()

    def read(self, buffer: Buffer, start: int, declared: Encoding) -> SeriesHeader:
        """Return the header that begins at `start`, equal to what `Reader.read_dataset` reads."""
        reader, span = Reader(buffer), Span(start, len(buffer))
        is_usual = declared == EXPLICIT_LITTLE == reader.actual_encoding(span, declared)
        if not (is_usual and self._is_begun):
            self._is_begun = True  # nothing is learned of a series with one file
            dataset, position = reader.read_dataset(span, declared, self._last_tag)
            return SeriesHeader(dataset, position, (), dataset)
        if not self._pieces:
            self._pieces = _pieces(reader, buffer, span, self._last_tag)
            self._stretches = list(_joined(self._pieces))
        header = self._read(reader, buffer, span)
        if len(header.shared) < len(self._stretches):
            self._learn(header)
        return header

    def _read(self, reader: Reader, buffer: Buffer, span: Span) -> SeriesHeader:
        dataset: Dataset = {}
        others: Dataset = {}
        shared = []
        position = span.start
        for stretch in self._stretches:
            if _tag_at(buffer, position) < stretch.first_tag:
                between = Span(position, span.end)
                last = stretch.first_tag - 1
                position = _read_on(reader, between, last, dataset, others)
            end = position + len(stretch.raw)
            if buffer[position:end] == stretch.raw:
                dataset |= stretch.elements
                shared.append(stretch)
                position = end
        position = _read_on(reader, Span(position, span.end), self._last_tag, dataset, others)
        return SeriesHeader(dataset, position, shared, others)

    def _learn(self, header: SeriesHeader) -> None:
        """Cut the stretches where this header differs."""
        pieces = self._pieces
        for tag, element in header.others.items():
            known = pieces.get(tag)
            if known is None or known.elements != {tag: element}:
                pieces[tag] = None
        for tag in pieces.keys() - header.dataset.keys():
            pieces[tag] = None
        if len(pieces) > _MOST_PIECES:
            pieces = {}
        self._pieces = dict(sorted(pieces.items()))
        self._stretches = list(_joined(self._pieces))


def _read_on(reader: Reader, span: Span, last_tag: int, dataset: Dataset, others: Dataset) -> int:
    found: Dataset = {}
    position = reader.read_elements(found, span, EXPLICIT_LITTLE, last_tag)
    dataset |= found
    others |= found
    return position


def _pieces(reader: Reader, buffer: Buffer, span: Span, last_tag: int) -> dict[int, Stretch | None]:
    """Return the elements of a header one by one, as far as they ascend."""
    pieces: dict[int, Stretch | None] = {}
    position = span.start
    while len(pieces) < _MOST_PIECES:
        tag = _tag_at(buffer, position)
        if tag in pieces or tag in _NO_PIECES or tag > last_tag:
            break
        element, end = reader.read_element(Span(position, span.end), EXPLICIT_LITTLE)
        is_kept = end - position <= _LONGEST_PIECE
        pieces[tag] = Stretch(tag, buffer[position:end], {tag: element}) if is_kept else None
        position = end
    return pieces


def _joined(pieces: Mapping[int, Stretch | None]) -> Iterator[Stretch]:
    """Yield the longest stretches without a piece in which files differ."""
    for _, group in groupby(pieces.values(), lambda piece: piece is not None):
        members = [piece for piece in group if piece is not None]
        if members:
            elements: Dataset = {}
            for piece in members:
                elements |= piece.elements
            raw = b"".join(piece.raw for piece in members)
            yield Stretch(members[0].first_tag, raw, elements)


def _tag_at(buffer: Buffer, position: int) -> int:
    if position + 4 > len(buffer):
        return _LAST_TAG
    group, number = LAYOUTS[False].tag(buffer, position)
    return group << 16 | number
