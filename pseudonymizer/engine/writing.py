"""Write elements as bytes, always in ascending order and with defined lengths."""

from struct import pack

from pseudonymizer.engine.dictionary import LONG_LENGTH_VRS, TEXT_VRS
from pseudonymizer.engine.elements import (
    IMPLICIT_LITTLE,
    ITEM,
    SEQUENCE_END,
    UNDEFINED_LENGTH,
    Dataset,
    Element,
    Encoding,
)

_LONGEST_SHORT_VALUE = 0xFFFF
_PADDED_WITH_SPACE = TEXT_VRS - {"UI"}  # PS3.5 6.2
_LONGEST_KEPT = 1024  # of the values whose written bytes are kept for the next file


def write_dataset(dataset: Dataset, encoding: Encoding) -> bytes:
    """Return the bytes of a dataset, without pixel data or delimiters around it."""
    elements = [dataset[tag] for tag in sorted(dataset)]
    return b"".join(
        [
            one.written if one.written_in is encoding else _bytes_of(one, encoding)
            for one in elements
        ]
    )


def write_head(element: Element, length: int, encoding: Encoding) -> bytes:
    """Return tag, VR and length (PS3.5 7.1)."""
    order, tag = encoding.order, element.tag
    if not encoding.is_explicit:
        return pack(order + "HHL", tag >> 16, tag & 0xFFFF, length)
    vr = element.vr
    if vr in LONG_LENGTH_VRS:
        return pack(order + "HH2sHL", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    if length > _LONGEST_SHORT_VALUE:  # PS3.5 6.2.2: too long for its VR is written as UN
        return pack(order + "HH2sHL", tag >> 16, tag & 0xFFFF, b"UN", 0, length)
    return pack(order + "HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), length)


def write_delimiter(encoding: Encoding) -> bytes:
    """Return the element that ends encapsulated frames."""
    return pack(encoding.order + "HHL", SEQUENCE_END >> 16, SEQUENCE_END & 0xFFFF, 0)


def _bytes_of(element: Element, encoding: Encoding) -> bytes:
    written = _write_element(element, encoding)
    if len(element.value) <= _LONGEST_KEPT:
        element.written, element.written_in = written, encoding
    return written


def _write_element(element: Element, encoding: Encoding) -> bytes:
    if element.items is not None:
        inner = IMPLICIT_LITTLE if element.vr == "UN" and encoding.is_explicit else encoding
        content = b"".join(_write_item(item, inner) for item in element.items)
        return write_head(element, len(content), encoding) + content
    if element.is_encapsulated:
        head = write_head(element, UNDEFINED_LENGTH, encoding)
        return head + element.value + write_delimiter(encoding)
    padding = b" " if element.vr in _PADDED_WITH_SPACE else b"\0"
    value = element.value + padding * (len(element.value) % 2)
    return write_head(element, len(value), encoding) + value


def _write_item(item: Dataset, encoding: Encoding) -> bytes:
    content = write_dataset(item, encoding)
    return pack(encoding.order + "HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content
