"""Pass pixel data through; compressed frames lose what is not image, and nothing follows."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pseudonymizer.engine.elements import (
    ITEM,
    UNDEFINED_LENGTH,
    Buffer,
    Dataset,
    Element,
    Encoding,
    text_element,
    text_of,
)
from pseudonymizer.engine.errors import truncated
from pseudonymizer.engine.frames import (
    CleanFrames,
    Fragments,
    clean_frames,
    cleaner_of,
    rebuild_extended_table,
)
from pseudonymizer.engine.overlays import clear_unused_bits, unused_bits_mask
from pseudonymizer.engine.part10 import EXPLICIT_SYNTAX, Part10
from pseudonymizer.engine.reading import Head, Reader, Span
from pseudonymizer.engine.streams import Stretch, join, not_understood
from pseudonymizer.engine.surplus import refuse_surplus
from pseudonymizer.engine.video import keep_video
from pseudonymizer.engine.writing import write_delimiter, write_head

_PIXEL_DATA = 0x7FE00010
_OFFSET_TABLES = (0x7FE00001, 0x7FE00002)
_PHOTOMETRIC, _PLANAR = 0x00280004, 0x00280006
_LOSSY = 0x00282110
_LOSSLESS_SYNTAXES = frozenset(
    {"1.2.840.10008.1.2.5", *(f"1.2.840.10008.1.2.4.{arc}" for arc in (57, 70, 80, 90, 92, 201))}
)
_NATIVE_SYNTAXES = frozenset(f"1.2.840.10008.1.2{arc}" for arc in ("", ".1", ".1.99", ".2"))


@dataclass(frozen=True)
class Drawn:
    """Native pixel data that takes the place of a file's own, because something is painted in it.

    `decoded_to` is the Photometric Interpretation of frames that were compressed before.
    """

    size: int
    chunks: Callable[[], Iterator[bytes]]
    decoded_to: str = ""


@dataclass(frozen=True)
class Pixels:
    """The pixel data element of a file, found and checked, ready to be written."""

    head: Head
    buffer: Buffer
    stop: int
    mask: bytes | None = None  # native: which bits of a cell are pixel, if others are in use
    frames: CleanFrames | None = None  # compressed: what stays of them
    drawn: Drawn | None = None

    @property
    def is_integer(self) -> bool:
        return self.head.tag == _PIXEL_DATA

    @property
    def is_decoded(self) -> bool:
        return self.drawn is not None and bool(self.drawn.decoded_to)


def find_pixels(part10: Part10, position: int, header: Dataset) -> Pixels | None:
    """Return the pixel data at `position`, checked whole before anything is written.

    Parameters
    ----------
    part10 : Part10
        The open file.
    position : int
        Where the element starts, or the end of the file.
    header : dict of int to Element
        The dataset as it was read.

    Returns
    -------
    Pixels or None
        None for a file without pixel data.

    Raises
    ------
    HeldBack
        If frames are damaged or cannot be checked.
    PseudonymizationError
        If the file ends too early.
    """
    buffer, end = part10.buffer, len(part10.buffer)
    if position >= end:
        return None
    reader = Reader(buffer)
    encoding = reader.actual_encoding(Span(part10.start, end), part10.encoding)
    head = reader.read_head(position, end, encoding)
    is_native = head.length != UNDEFINED_LENGTH and head.tag == _PIXEL_DATA
    mask = unused_bits_mask(header, encoding, is_native)
    if head.length != UNDEFINED_LENGTH:
        if head.start + head.length > end:
            raise truncated()
        if head.tag == _PIXEL_DATA and part10.transfer_syntax_uid not in _NATIVE_SYNTAXES:
            raise not_understood()  # a compressed frame has to lie in fragments
        value = range(head.start, head.start + head.length)
        refuse_surplus(header, encoding, buffer, value)
        return Pixels(head, buffer, head.start + head.length, mask)
    stop = reader.end_of_fragments(head.start, end, encoding)
    if part10.is_video:
        fragments = _fragments(reader, buffer, Stretch(head.start, stop), encoding)
        return Pixels(head, buffer, stop, frames=keep_video(fragments))
    clean = cleaner_of(part10.transfer_syntax_uid, header)
    fragments = _fragments(reader, buffer, Stretch(head.start, stop), encoding)
    return Pixels(head, buffer, stop, frames=clean_frames(fragments, header, clean))


def _fragments(reader: Reader, buffer: Buffer, inside: Stretch, encoding: Encoding) -> Fragments:
    parts, position = [], inside.start
    while True:
        head = reader.read_head(position, len(buffer), encoding)
        if head.tag != ITEM:
            break
        position = head.start + head.length
        parts.append(Stretch(head.start, position))
    if not parts:
        raise not_understood()
    table = parts[0]
    return Fragments(buffer, buffer[table.start : table.stop], tuple(parts[1:]))


def syntax_of(part10: Part10, pixels: Pixels | None) -> str:
    """Return the transfer syntax of the output; what was compressed as a whole is so no more."""
    is_decoded = pixels is not None and pixels.is_decoded
    return EXPLICIT_SYNTAX if is_decoded or part10.is_deflated else part10.transfer_syntax_uid


def prepare_header(output: Dataset, pixels: Pixels, syntax: str) -> None:
    """Adapt the header of the output to its pixel data, which came in transfer syntax `syntax`."""
    if pixels.frames is not None:
        rebuild_extended_table(output, pixels.frames)
    if pixels.drawn is not None and pixels.is_decoded:
        for tag in _OFFSET_TABLES:
            output.pop(tag, None)
        output[_PHOTOMETRIC] = text_element(_PHOTOMETRIC, "CS", pixels.drawn.decoded_to)
        if pixels.drawn.decoded_to == "RGB":
            output[_PLANAR] = Element(_PLANAR, "US", b"\0\0")
        if syntax not in _LOSSLESS_SYNTAXES and not text_of(output.get(_LOSSY)):
            output[_LOSSY] = text_element(_LOSSY, "CS", "01")  # what is lost stays lost


def write_pixels(pixels: Pixels, encoding: Encoding) -> Iterator[bytes | memoryview]:
    """Yield the pixel data element; what is pixel stays byte for byte.

    A view must not be kept: it ends at the next chunk, or when the iterator is closed.
    """
    head = pixels.head
    if pixels.drawn is not None:
        yield from _write_drawn(pixels, pixels.drawn, encoding)
        return
    yield write_head(Element(head.tag, head.vr), _written_length(head.length), encoding)
    if pixels.frames is not None:
        yield from pixels.frames.items()
        yield write_delimiter(encoding)
        return
    if pixels.mask:
        chunks = join(pixels.buffer, [Stretch(head.start, pixels.stop)])
        yield from clear_unused_bits(chunks, pixels.mask)
    else:
        # A view, so that the system copies from file to file and nothing lies in memory twice.
        with memoryview(pixels.buffer) as whole, whole[head.start : pixels.stop] as value:
            yield value
    if head.length % 2:
        yield b"\0"


def _write_drawn(pixels: Pixels, drawn: Drawn, encoding: Encoding) -> Iterator[bytes]:
    head = pixels.head
    vr = "OW" if drawn.decoded_to else head.vr  # in OW of big endian every two bytes are swapped
    yield write_head(Element(head.tag, vr), _written_length(drawn.size), encoding)
    chunks = drawn.chunks()
    yield from clear_unused_bits(chunks, pixels.mask) if pixels.mask else chunks
    if drawn.size % 2:
        yield b"\0"


def _written_length(length: int) -> int:
    """Return the even length that PS3.5 7.1.1 asks for."""
    return length if length == UNDEFINED_LENGTH else length + length % 2
