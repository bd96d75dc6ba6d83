"""Pass pixel data through as it is; nothing after it is copied."""

import zlib
from collections.abc import Iterable, Iterator

from pseudonymizer.engine.elements import UNDEFINED_LENGTH, Element
from pseudonymizer.engine.errors import truncated
from pseudonymizer.engine.part10 import Part10
from pseudonymizer.engine.reading import Reader, Span
from pseudonymizer.engine.writing import write_head

_CHUNK_BYTES = 1 << 20
_COMPRESSION_LEVEL = 6


def copy_pixels(part10: Part10, position: int) -> Iterator[bytes]:
    """Yield the pixel data element at `position`, its value byte for byte."""
    buffer, end = part10.buffer, len(part10.buffer)
    reader = Reader(buffer)
    encoding = reader.actual_encoding(Span(part10.start, end), part10.encoding)
    head = reader.read_head(position, end, encoding)
    is_open = head.length == UNDEFINED_LENGTH
    stop = (
        reader.end_of_fragments(head.start, end, encoding) if is_open else head.start + head.length
    )
    if stop > end:
        raise truncated()
    yield write_head(Element(head.tag, head.vr), _written_length(head.length), part10.encoding)
    for start in range(head.start, stop, _CHUNK_BYTES):
        yield buffer[start : min(start + _CHUNK_BYTES, stop)]
    if not is_open and head.length % 2:
        yield b"\0"


def _written_length(length: int) -> int:
    """Return the even length that PS3.5 7.1.1 asks for."""
    return length if length == UNDEFINED_LENGTH else length + length % 2


def deflate(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Compress a dataset as PS3.5 A.5 says: raw deflate, padded to even length."""
    compressor = zlib.compressobj(_COMPRESSION_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    size = 0
    for chunk in chunks:
        compressed = compressor.compress(chunk)
        size += len(compressed)
        yield compressed
    rest = compressor.flush()
    yield rest + b"\0" * ((size + len(rest)) % 2)
