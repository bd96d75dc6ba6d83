"""Read the elements of a dataset from bytes, at every depth, distrusting every length."""

from dataclasses import dataclass
from struct import Struct

from pseudonymizer.engine.dictionary import KNOWN_VRS, LONG_LENGTH_VRS, dictionary_vr
from pseudonymizer.engine.elements import (
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    ITEM,
    ITEM_END,
    LAYOUTS,
    SEQUENCE_END,
    UNDEFINED_LENGTH,
    Buffer,
    Dataset,
    Element,
    Encoding,
)
from pseudonymizer.engine.errors import PseudonymizationError, damaged, truncated
from pseudonymizer.engine.errors import gettext_noop as _

DEEPEST_NESTING = 64
PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
_ITEM_BYTES = b"\xfe\xff\x00\xe0"
_VR_CODES = {vr.encode(): vr for vr in KNOWN_VRS}
_SHORT_VRS = {vr.encode(): vr for vr in KNOWN_VRS - LONG_LENGTH_VRS}
_SHORT_HEAD = Struct("<HH2sH").unpack_from
_FIRST_OTHER = 0x7FE0  # pixel data, and behind it padding, items and delimiters


@dataclass(frozen=True, slots=True)
class Head:
    """The tag, VR and length of an element, and where its value starts."""

    tag: int
    vr: str
    length: int
    start: int


@dataclass(frozen=True)
class Span:
    """The part of a buffer that a dataset may use, and how deep it is nested."""

    start: int
    end: int
    depth: int = 0


class Reader:
    """Reads datasets from one buffer; where only some tags are wanted, most others are left out."""

    def __init__(self, buffer: Buffer, wanted: frozenset[int] | None = None) -> None:
        self._buffer = buffer
        self._wanted = wanted

    def actual_encoding(self, span: Span, declared: Encoding) -> Encoding:
        """Return the encoding that the first element shows, since some writers mix them."""
        code = self._buffer[span.start + 4 : span.start + 6]
        if code in _VR_CODES:
            is_implicit = not declared.is_explicit and span.depth and self._fits_implicit(span)
            return declared if is_implicit else Encoding(True, declared.is_big_endian)
        if len(code) == 2 and not code.isalpha() and not declared.is_big_endian:
            return IMPLICIT_LITTLE
        return declared

    def _fits_implicit(self, span: Span) -> bool:
        """Tell whether letters in place of a VR may be a length; in an item they often may."""
        if span.start + 8 > span.end:
            return False
        (length,) = LAYOUTS[False].long(self._buffer, span.start + 4)
        return span.start + 8 + length <= span.end

    def read_dataset(
        self, span: Span, declared: Encoding, last_tag: int = 0xFFFFFFFF
    ) -> tuple[Dataset, int]:
        """Return the elements of a dataset and the position after it.

        Reading ends at the end of `span`, behind an item delimiter, or, outside
        sequences, before pixel data and before the first tag above `last_tag`.
        """
        if span.depth > DEEPEST_NESTING:
            raise damaged(_("The file is damaged: sequences nest too deeply. Export it again."))
        dataset: Dataset = {}
        encoding = self.actual_encoding(span, declared)
        return dataset, self.read_elements(dataset, span, encoding, last_tag)

    def read_elements(self, dataset: Dataset, span: Span, encoding: Encoding, last_tag: int) -> int:
        """Add the elements that `span` begins with to `dataset`; return the position after them."""
        is_usual = encoding == EXPLICIT_LITTLE
        position = span.start
        while position < span.end:
            if is_usual:
                position = self.read_short_elements(dataset, Span(position, span.end), last_tag)
                if position >= span.end:
                    break
            if span.depth == 0 and self._is_padding(position, span.end):
                return span.end
            head = self.read_head(position, span.end, encoding)
            if head.tag == ITEM_END and span.depth:
                return head.start
            if span.depth == 0 and (head.tag in PIXEL_TAGS or head.tag > last_tag):
                return position
            element, position = self._read_element(head, Span(0, span.end, span.depth), encoding)
            dataset[head.tag] = element
        return position

    def read_element(self, span: Span, encoding: Encoding) -> tuple[Element, int]:
        """Return the element that `span` begins with, and the position after it."""
        head = self.read_head(span.start, span.end, encoding)
        return self._read_element(head, Span(0, span.end, span.depth), encoding)

    def read_short_elements(self, dataset: Dataset, span: Span, last_tag: int) -> int:
        """Read on over plain elements, most of every file; return where one needs more care."""
        buffer, position, last_head = self._buffer, span.start, span.end - 8
        wanted = self._wanted
        while position <= last_head:
            group, number, code, length = _SHORT_HEAD(buffer, position)
            vr = _SHORT_VRS.get(code)
            tag = group << 16 | number
            end = position + 8 + length
            if vr is None or not 0 < tag <= last_tag or group >= _FIRST_OTHER or end > span.end:
                break
            if wanted is None or tag in wanted:
                dataset[tag] = Element(tag, vr, buffer[position + 8 : end])
            position = end
        return position

    def _is_padding(self, position: int, end: int) -> bool:
        """Tell whether only zeros follow, which some writers leave at the end."""
        if any(self._buffer[position : min(position + 8, end)]):
            return False
        if self._buffer[position:end].strip(b"\0"):
            raise damaged(_("The file is damaged: zeros stand between elements. Export it again."))
        return True

    def read_head(self, position: int, end: int, encoding: Encoding) -> Head:
        """Return the head of the element at `position`."""
        layout = LAYOUTS[encoding.is_big_endian]
        if position + 8 > end:
            raise self._too_short(end)
        group, number = layout.tag(self._buffer, position)
        tag = group << 16 | number
        if not encoding.is_explicit or group == 0xFFFE:
            return Head(
                tag,
                dictionary_vr(tag) or "UN",
                layout.long(self._buffer, position + 4)[0],
                position + 8,
            )
        code = self._buffer[position + 4 : position + 6]
        vr = _VR_CODES.get(code, "UN")
        if vr not in LONG_LENGTH_VRS:
            return Head(tag, vr, layout.short(self._buffer, position + 6)[0], position + 8)
        if not code.isalpha():
            raise damaged(_("The file is damaged: an element has no VR. Export it again."))
        if position + 12 > end:
            raise self._too_short(end)
        return Head(tag, vr, layout.long(self._buffer, position + 8)[0], position + 12)

    def _read_element(self, head: Head, within: Span, encoding: Encoding) -> tuple[Element, int]:
        if head.tag >> 16 == 0xFFFE:
            raise damaged(
                _("The file is damaged: a delimiter stands outside a sequence. Export it again.")
            )
        if head.length == UNDEFINED_LENGTH:
            return self._read_undefined(head, within, encoding)
        end = head.start + head.length
        if end > within.end:
            raise self._too_short(within.end)
        if head.vr == "SQ":
            span = Span(head.start, end, within.depth)
            return Element(head.tag, "SQ", items=self._read_items(span, encoding)[0]), end
        items = self._items_in_unknown(head, within.depth) if head.vr == "UN" else None
        value = b"" if items is not None else self._buffer[head.start : end]
        return Element(head.tag, head.vr, value, items), end

    def _read_undefined(self, head: Head, within: Span, encoding: Encoding) -> tuple[Element, int]:
        if head.vr in ("SQ", "UN"):
            inner = IMPLICIT_LITTLE if head.vr == "UN" and encoding.is_explicit else encoding
            span = Span(head.start, within.end, within.depth)
            items, end = self._read_items(span, inner, is_delimited=True)
            return Element(head.tag, head.vr, items=items), end
        end = self.end_of_fragments(head.start, within.end, encoding)
        value = self._buffer[head.start : end - 8]
        return Element(head.tag, head.vr, value, is_encapsulated=True), end

    def _read_items(
        self, span: Span, encoding: Encoding, is_delimited: bool = False
    ) -> tuple[list[Dataset], int]:
        items: list[Dataset] = []
        position = span.start
        while position < span.end:
            head = self.read_head(position, span.end, encoding)
            if head.tag == SEQUENCE_END:
                return items, head.start
            if head.tag != ITEM:
                raise damaged(
                    _("The file is damaged: a sequence holds what is no item. Export it again.")
                )
            is_open = head.length == UNDEFINED_LENGTH
            end = span.end if is_open else head.start + head.length
            if end > span.end:
                raise self._too_short(span.end)
            inner = Span(head.start, end, span.depth + 1)
            dataset, position = self.read_dataset(inner, encoding)
            items.append(dataset)
        if is_delimited:
            raise self._too_short(span.end)
        return items, position

    def _items_in_unknown(self, head: Head, depth: int) -> list[Dataset] | None:
        """Return the items of a sequence that was stored as UN (PS3.5 6.2.2, implicit)."""
        if head.tag >> 16 & 1 or dictionary_vr(head.tag) not in (None, "SQ", "UN"):
            return None
        if self._buffer[head.start : head.start + 4] != _ITEM_BYTES:
            return None
        try:
            span = Span(head.start, head.start + head.length, depth)
            return self._read_items(span, IMPLICIT_LITTLE)[0]
        except PseudonymizationError:
            return None  # not a sequence after all; an unknown value does not survive

    def end_of_fragments(self, position: int, end: int, encoding: Encoding) -> int:
        """Return the position behind the delimiter of encapsulated frames (PS3.5 A.4)."""
        while True:
            head = self.read_head(position, end, encoding)
            if head.tag == SEQUENCE_END:
                return head.start
            if head.tag != ITEM or head.length == UNDEFINED_LENGTH:
                raise damaged(
                    _("The file is damaged: compressed frames are no fragments. Export it again.")
                )
            position = head.start + head.length
            if position > end:
                raise self._too_short(end)

    def _too_short(self, end: int) -> PseudonymizationError:
        if end == len(self._buffer):
            return truncated()
        return damaged(_("The file is damaged: an element outgrows its sequence. Export it again."))
