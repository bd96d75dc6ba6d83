"""Pass pixel data through; compressed frames lose what is not image, and nothing follows."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pseudonymizer.engine.elements import (
    ITEM,
    UNDEFINED_LENGTH,
    Buffer,
    Dataset,
    Element,
    Encoding,
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
from pseudonymizer.engine.part10 import Part10
from pseudonymizer.engine.reading import Head, Reader, Span
from pseudonymizer.engine.streams import Stretch, join, not_understood
from pseudonymizer.engine.writing import write_delimiter, write_head

_PIXEL_DATA = 0x7FE00010
_NATIVE_SYNTAXES = frozenset(f"1.2.840.10008.1.2{arc}" for arc in ("", ".1", ".1.99", ".2"))
_COMPRESSION_LEVEL = 6


@dataclass(frozen=True)
class Pixels:
    """The pixel data element of a file, found and checked, ready to be written."""

    head: Head
    buffer: Buffer
    stop: int
    mask: bytes | None = None  # native: which bits of a cell are pixel, if others are in use
    frames: CleanFrames | None = None  # compressed: what stays of them; None for RLE

    @property
    def is_open(self) -> bool:
        return self.head.length == UNDEFINED_LENGTH


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
        return Pixels(head, buffer, head.start + head.length, mask)
    stop = reader.end_of_fragments(head.start, end, encoding)
    clean = cleaner_of(part10.transfer_syntax_uid)
    if clean is None:
        return Pixels(head, buffer, stop)
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


def prepare_header(output: Dataset, pixels: Pixels | None) -> None:
    """Adapt the header of the output to its pixel data."""
    if pixels is not None and pixels.frames is not None:
        rebuild_extended_table(output, pixels.frames)


def write_pixels(pixels: Pixels, encoding: Encoding) -> Iterator[bytes | memoryview]:
    """Yield the pixel data element; what is pixel stays byte for byte.

    A view must not be kept: it ends at the next chunk, or when the iterator is closed.
    """
    head = pixels.head
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
    if not pixels.is_open and head.length % 2:
        yield b"\0"


def _written_length(length: int) -> int:
    """Return the even length that PS3.5 7.1.1 asks for."""
    return length if length == UNDEFINED_LENGTH else length + length % 2


def deflate(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Compress a dataset as PS3.5 A.5 says: raw deflate, padded to even length."""
    compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    size = 0
    for chunk in chunks:
        compressed = compressor.compress(chunk)
        size += len(compressed)
        yield compressed
    rest = compressor.flush()
    yield rest + b"\0" * ((size + len(rest)) % 2)
