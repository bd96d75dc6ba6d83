"""JPEG 2000 frames without what is not image: comments, and boxes of XML, UUIDs and others."""

from dataclasses import dataclass, field

from pseudonymizer.engine.streams import (
    Piece,
    Stream,
    Stretch,
    cut_short,
    not_understood,
    size_of,
)

CODESTREAM_START = b"\xff\x4f\xff\x51"  # SOC and SIZ
FILE_START = b"\0\0\0\x0cjP  \r\n\x87\n"
_SOT, _SOD, _EOC, _COM, _TLM = 0xFF90, 0xFF93, 0xFFD9, 0xFF64, 0xFF55
_EOC_BYTES = b"\xff\xd9"
_SIZ, _COD, _QCD = 0xFF51, 0xFF52, 0xFF5C
_SHORTEST = {_SIZ: 39, _COD: 10, _QCD: 2}  # bytes after the length
_SOT_BYTES = 12
# Parts 1, 2 and 15: size, coding, quantization, lengths, packed headers, transforms, capabilities.
_SEGMENTS = frozenset(
    (*range(0xFF50, 0xFF5E), *range(0xFF60, 0xFF64), *range(0xFF70, 0xFF7A))
)  # fmt: skip
_FILE_TYPE = b"\0\0\0\x14ftypjp2 \0\0\0\0jp2 "
_HEADER_BOXES = frozenset((b"ihdr", b"bpcc", b"colr", b"pclr", b"cmap", b"cdef", b"res "))
_ENUMERATED, _SRGB, _GREY = 1, 16, 17


@dataclass
class _Header:
    """The marker segments before tile-parts or before a tile-part's data."""

    kept: list[Piece] = field(default_factory=list)
    end: int = 0
    lost: int = 0
    lengths: list[Piece] = field(default_factory=list)  # of tile-parts: TLM
    levels: int | None = None  # of decomposition

    def check(self, marker: int, content: bytes) -> None:
        """Refuse a segment that is longer than what it says of itself (T.800 A.5, A.6)."""
        if len(content) < _SHORTEST.get(marker, 0):
            raise not_understood()
        expected = len(content)
        if marker == _SIZ:
            expected = 36 + 3 * int.from_bytes(content[34:36], "big")
        elif marker == _COD:
            self.levels = content[5]
            expected = 10 + (self.levels + 1 if content[0] & 1 else 0)
        elif marker == _QCD and self.levels is not None:
            bands, style = 3 * self.levels + 1, content[0] & 31
            expected = {0: 1 + bands, 1: 3, 2: 1 + 2 * bands}.get(style, expected)
        if len(content) != expected:
            raise not_understood()


def clean_jpeg2000(stream: Stream) -> list[Piece]:
    """Return what stays of a frame: a codestream without comments, of a file its image boxes.

    Parameters
    ----------
    stream : Stream
        One whole frame, a bare codestream as DICOM asks for or a JP2 file.

    Returns
    -------
    list of Stretch or bytes

    Raises
    ------
    HeldBack
        If the frame does not follow the standard to its end marker.

    References
    ----------
    ITU-T T.800 Annexes A and I; DICOM PS3.5 8.2.4 and A.4.4.
    """
    if stream.data[stream.start : stream.start + len(FILE_START)] == FILE_START:
        return _clean_file(stream)
    return _clean_codestream(stream)


def _clean_codestream(stream: Stream) -> list[Piece]:
    if stream.part(stream.start, 4) != CODESTREAM_START:
        raise not_understood()
    header = _read_header(stream, stream.start + 2, _SOT)
    parts: list[Piece] = []
    position, has_lost = header.end, False
    while True:
        if _is_over(stream, position):
            break
        part, lost, position = _tile_part(stream, position)
        parts += part
        has_lost = has_lost or bool(lost)
    if not parts:
        raise cut_short()
    lengths = [] if has_lost else header.lengths  # they are a convenience, and wrong now
    return [CODESTREAM_START[:2], *header.kept, *lengths, *parts, _EOC_BYTES]


def _is_over(stream: Stream, position: int) -> bool:
    """Tell whether the end marker stands here, or would, had the writer not forgotten it."""
    rest = stream.data[position : min(position + 2, stream.stop)]
    return rest in (_EOC_BYTES, b"", b"\0")


def _read_header(stream: Stream, position: int, last: int) -> _Header:
    """Return the marker segments from `position` up to the marker `last`."""
    header = _Header()
    while (marker := stream.number(position, 2)) != last:
        end = stream.within(position + 2 + stream.number(position + 2, 2))
        if marker == _COM:
            header.lost += end - position
        elif marker == _TLM:
            header.lengths.append(Stretch(position, end))
        elif marker in _SEGMENTS:
            header.check(marker, stream.part(position + 4, end - position - 4))
            header.kept.append(Stretch(position, end))
        else:
            raise not_understood()
        position = end
    header.end = position
    return header


def _tile_part(stream: Stream, start: int) -> tuple[list[Piece], int, int]:
    """Return what stays of a tile-part, the bytes it lost, and where it ends."""
    if stream.number(start, 4) != _SOT << 16 | _SOT_BYTES - 2:
        raise not_understood()
    header = _read_header(stream, start + _SOT_BYTES, _SOD)
    length = stream.number(start + 6, 4)
    end = stream.within(start + length) if length else _end_of_last(stream, header.end)
    if end < header.end + 2:
        raise not_understood()
    new_length = (length - header.lost if length else 0).to_bytes(4, "big")
    head = stream.part(start, 6) + new_length + stream.part(start + 10, 2)
    return [head, *header.kept, Stretch(header.end, end)], header.lost, end


def _end_of_last(stream: Stream, position: int) -> int:
    """Return where a tile-part of unknown length ends: no marker stands inside its data."""
    end = stream.data.find(_EOC_BYTES, position, stream.stop)
    if end < 0:
        raise cut_short()
    return end


@dataclass(frozen=True)
class _Box:
    kind: bytes
    start: int
    content: int
    end: int


def _boxes(stream: Stream, position: int, stop: int) -> list[_Box]:
    boxes = []
    while position < stop:
        if stop - position < 8:
            break  # padding
        length, kind, content = stream.number(position, 4), stream.part(position + 4, 4), 8
        if length == 1:
            length, content = stream.number(position + 8, 8), 16
        end = position + length if length else stop
        if end > stop or end < position + content:
            raise not_understood()
        boxes.append(_Box(kind, position, position + content, end))
        position = end
    return boxes


def _clean_file(stream: Stream) -> list[Piece]:
    boxes = _boxes(stream, stream.start, stream.stop)
    codestreams = [box for box in boxes if box.kind == b"jp2c"]
    if len(codestreams) != 1:
        raise not_understood()
    pieces: list[Piece] = [FILE_START, _FILE_TYPE]
    for box in boxes:
        if box.kind == b"jp2h":
            pieces += _header_box(stream, box)
    (found,) = codestreams
    inner = _clean_codestream(Stream(stream.data, found.content, found.end))
    return [*pieces, _box_head(b"jp2c", size_of(inner)), *inner]


def _header_box(stream: Stream, box: _Box) -> list[Piece]:
    inner = [b for b in _boxes(stream, box.content, box.end) if b.kind in _HEADER_BOXES]
    if [b.kind for b in inner[:1]] != [b"ihdr"]:
        raise not_understood()
    count = stream.number(inner[0].content + 8, 2)
    kept = [_color_box(stream, b, count) if b.kind == b"colr" else _stretch(b) for b in inner]
    return [_box_head(b"jp2h", size_of(kept)), *kept]


def _color_box(stream: Stream, box: _Box, component_count: int) -> Piece:
    """Return an enumerated color space; an ICC profile in its place may name a person.

    Samples are read as Photometric Interpretation says, so none of them changes.
    """
    if stream.number(box.content, 1) == _ENUMERATED:
        return _stretch(box)
    space = _GREY if component_count < 3 else _SRGB
    content = bytes((_ENUMERATED, 0, 0)) + space.to_bytes(4, "big")
    return _box_head(b"colr", len(content)) + content


def _stretch(box: _Box) -> Stretch:
    return Stretch(box.start, box.end)


def _box_head(kind: bytes, size: int) -> bytes:
    return (size + 8).to_bytes(4, "big") + kind
