"""Read a JPEG bitstream segment by segment, without decoding it."""

import re
from dataclasses import dataclass, field

from converter.engine.errors import damaged, truncated

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_DHT, _DAC, _DQT, _DRI = 0xC4, 0xCC, 0xDB, 0xDD
_APP0, _APP1, _APP14 = 0xE0, 0xE1, 0xEE
_LOSSLESS = 0xC3
_HIERARCHICAL = frozenset({0xDE, 0xDF})
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {_DHT, 0xC8, _DAC}
_KEPT = _FRAME_HEADERS | {_DHT, _DAC, _DQT, _DRI, _SOS}
"""What decoders need; every other segment may hold text."""
_MOST_CONDITIONED = 8  # tables of arithmetic coding
_ANY_MARKER = re.compile(rb"\xff[^\x00\xff]")
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RGB_IDS = (ord("R"), ord("G"), ord("B"))


@dataclass(frozen=True)
class Frame:
    """What the frame header says; `sampling` is (horizontal, vertical) per component."""

    is_baseline: bool
    precision: int
    rows: int
    columns: int
    component_ids: tuple[int, ...]
    sampling: tuple[tuple[int, int], ...]
    is_lossless: bool = False


@dataclass
class JpegStream:
    """A JPEG of what decoders need alone; what APPn said about color is kept beside it."""

    clean: bytearray = field(default_factory=bytearray)
    frame: Frame | None = None
    has_jfif: bool = False
    adobe_transform: int | None = None
    exif: bytes = b""
    scan_bytes: int = 0
    scan_spans: list[tuple[int, int]] = field(default_factory=list)
    """Where entropy-coded data starts and stops in the source, one pair for each scan."""
    source_bytes: int = 0
    """Length up to and with the end marker: what follows it is not the image."""


def read_stream(data: bytes) -> JpegStream:
    """Split a JPEG file into its parts.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    JpegStream
        Its `clean` bytes keep tables, frame and scans byte for byte.

    Raises
    ------
    ConversionError
        Code "truncated", or "damaged" (a kept segment longer than its own numbers say, too).

    References
    ----------
    ISO/IEC 10918-1 Annex B; DICOM PS3.5 8.2.1.
    """
    stream = JpegStream(clean=bytearray(data[:2]))
    position = 2
    while True:
        marker, position = _next_marker(data, position)
        if marker in _STANDALONE:
            continue
        if marker == _EOI:
            stream.clean += b"\xff\xd9"
            stream.source_bytes = position
            break
        segment = _segment(data, position)
        position += len(segment)
        _take(stream, marker, segment)
        if marker == _SOS:
            position = _take_scan(stream, data, position)
    _check_scans(stream)
    return stream


def _next_marker(data: bytes, position: int) -> tuple[int, int]:
    """Return the marker and the position behind it.

    Fill bytes are skipped, and what else may stand before it: decoders do so, too.
    """
    found = _ANY_MARKER.search(data, position)
    if found is None:
        raise truncated()
    marker = data[found.end() - 1]
    if marker < 0xC0 and marker not in _STANDALONE:
        raise damaged()
    return marker, found.end()


def _segment(data: bytes, position: int) -> bytes:
    length = int.from_bytes(data[position : position + 2])
    if position + max(length, 2) > len(data):
        raise truncated()
    if length < 2:
        raise damaged()
    return data[position : position + length]


def _take(stream: JpegStream, marker: int, segment: bytes) -> None:
    _take_application(stream, marker, segment)
    if marker in _HIERARCHICAL or marker == _SOI:
        raise damaged()
    if marker not in _KEPT:
        return
    if len(segment) != _told_length(marker, segment):
        raise damaged()
    if marker in _FRAME_HEADERS:
        if stream.frame is not None:
            raise damaged()
        stream.frame = _frame(marker, segment)
    stream.clean += bytes((0xFF, marker)) + segment


def _take_application(stream: JpegStream, marker: int, segment: bytes) -> None:
    """Note what an APPn segment says of color, and its EXIF data."""
    if marker == _APP0 and segment[2:7] == b"JFIF\0":
        stream.has_jfif = True
    elif marker == _APP14 and segment[2:7] == b"Adobe" and len(segment) >= 14:
        stream.adobe_transform = segment[13]
    elif marker == _APP1 and segment[2:8] == b"Exif\0\0":
        stream.exif = segment[2:]


def _told_length(marker: int, segment: bytes) -> int:
    """Return the length that the numbers in a segment ask for: behind it text could hide."""
    if marker == _DRI:
        return 4
    if marker == _DAC:
        return min(len(segment) // 2, 1 + _MOST_CONDITIONED) * 2
    if marker == _SOS:
        return 6 + 2 * segment[2] if len(segment) > 2 else 0
    if marker in _FRAME_HEADERS:
        return 8 + 3 * segment[7] if len(segment) > 7 else 0
    position = 2
    while position < len(segment):
        if marker == _DQT:
            position += 65 if segment[position] < 16 else 129
        else:
            position += 17 + sum(segment[position + 1 : position + 17])
    return position


def _frame(marker: int, segment: bytes) -> Frame:
    count = segment[7]
    if count == 0:
        raise damaged()
    components = [segment[8 + 3 * n : 11 + 3 * n] for n in range(count)]
    sampling = tuple((component[1] >> 4, component[1] & 15) for component in components)
    frame = Frame(
        is_baseline=marker == 0xC0,
        precision=segment[2],
        rows=int.from_bytes(segment[3:5]),
        columns=int.from_bytes(segment[5:7]),
        component_ids=tuple(component[0] for component in components),
        sampling=sampling,
        is_lossless=marker == _LOSSLESS,
    )
    if not frame.rows or not frame.columns or any(0 in factors for factors in sampling):
        raise damaged()
    return frame


def _take_scan(stream: JpegStream, data: bytes, start: int) -> int:
    """Copy entropy-coded data up to the next marker that is not a restart."""
    found = NEXT_MARKER.search(data, start)
    if found is None:
        raise truncated()
    stream.clean += memoryview(data)[start : found.start()]
    stream.scan_bytes += found.start() - start
    stream.scan_spans.append((start, found.start()))
    return found.start()


def _check_scans(stream: JpegStream) -> None:
    """Refuse a stream too short for its dimensions: a block takes two bits at the very least."""
    if stream.frame is None or stream.scan_bytes == 0:
        raise truncated()
    if stream.frame.is_baseline and stream.scan_bytes * 8 < 2 * _blocks(stream.frame):
        raise truncated()


def _blocks(frame: Frame) -> int:
    widest = max(horizontal for horizontal, _vertical in frame.sampling)
    tallest = max(vertical for _horizontal, vertical in frame.sampling)
    return sum(
        -(-frame.columns * horizontal // (8 * widest)) * -(-frame.rows * vertical // (8 * tallest))
        for horizontal, vertical in frame.sampling
    )


def photometric_interpretation(stream: JpegStream) -> str | None:
    """Name the color space in which a stream may be passed through.

    Returns
    -------
    str or None
        None for RGB and CMYK, which have to be decoded: without its Adobe marker an RGB stream
        is taken for YCbCr by some readers, and a VL Photographic Image may not hold it. None
        too where the component ids would say RGB of a YCbCr stream.

    References
    ----------
    DICOM PS3.5 8.2.1 (YBR_FULL_422 whatever the subsampling); PS3.3 C.7.6.3.1.2, C.8.12.1.
    """
    ids = stream.frame.component_ids if stream.frame else ()
    if len(ids) == 1:
        return "MONOCHROME2"
    if len(ids) != 3 or ids == _RGB_IDS or _adobe_says_rgb(stream):
        return None
    return "YBR_FULL_422"


def _adobe_says_rgb(stream: JpegStream) -> bool:
    """A JFIF marker means YCbCr whatever the Adobe marker says; libjpeg decides alike."""
    return not stream.has_jfif and stream.adobe_transform == 0
