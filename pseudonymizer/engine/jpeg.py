"""JPEG and JPEG-LS frames without what is not image: application segments and comments."""

import re
from dataclasses import dataclass, field

from pseudonymizer.engine.jpeg_segments import is_sound
from pseudonymizer.engine.streams import Piece, Stream, Stretch, cut_short, join, not_understood

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP8, _APP14 = 0xE0, 0xE8, 0xEE
_APPLICATION = frozenset(range(0xE0, 0xF0))
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}  # SOF, without DHT, JPG, DAC
_JPEG_IMAGE = _JPEG_FRAMES | {0xC4, 0xCC, _SOS, 0xDB, 0xDC, 0xDD, 0xDE, 0xDF}
_LS_FRAMES = frozenset({0xF7})
_LS_IMAGE = _LS_FRAMES | {_SOS, 0xDC, 0xDD, 0xF8}
# What ends entropy-coded data: a marker but a restart; zeros (JPEG) and bits (JPEG-LS) are stuffed.
# Without a repeat in front, which takes twelve times as long; fill bytes are looked for behind.
_JPEG_SCAN_END = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_LS_SCAN_END = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
_FILL = 0xFF
_END = bytes((0xFF, _EOI))
_ADOBE_BYTES = 12
_NO_TRANSFORM, _YCBCR = 0, 1
_RGB_IDS = b"RGB"
_HP_TRANSFORM = re.compile(rb"mrfx[\x00-\x05]", re.DOTALL)


@dataclass
class _Colors:
    """What decoders learn about colors beside the components themselves."""

    component_ids: bytes = b""
    has_jfif: bool = False
    adobe_transform: int | None = None
    segments: list[bytes] = field(default_factory=list)  # kept, of JPEG-LS


class JpegCleaner:
    """Cleans the frames of one file; of frames that start alike, as tiles do, one is parsed."""

    def __init__(self, is_ls: bool = False) -> None:
        self._is_ls = is_ls
        self._head = b""  # of a frame up to its only scan, as it came
        self._clean_head = b""

    def __call__(self, stream: Stream) -> list[Piece]:
        """Return what stays of a frame; see `clean_jpeg`."""
        start = stream.start + len(self._head)
        if self._head and stream.data[stream.start : min(start, stream.stop)] == self._head:
            pattern = _LS_SCAN_END if self._is_ls else _JPEG_SCAN_END
            match = pattern.search(stream.data, start, stream.stop)
            is_last = match is not None and match.group() == _END
            if match and is_last and stream.data[match.start() - 1] != _FILL:
                return [self._clean_head, Stretch(start, match.start()), _END]
        return self._parsed(stream)

    def _parsed(self, stream: Stream) -> list[Piece]:
        scans: list[Stretch] = []
        pieces = clean_jpeg(stream, self._is_ls, scans)
        last = pieces[-2]
        if len(scans) == 1 and isinstance(last, Stretch) and last.stop == scans[0].stop:
            before = [*pieces[:-2], Stretch(last.start, scans[0].start)]
            self._clean_head = b"".join(join(stream.data, before))
            self._head = stream.data[stream.start : scans[0].start]
        return pieces


def clean_jpeg(
    stream: Stream, is_ls: bool = False, scans: list[Stretch] | None = None
) -> list[Piece]:
    """Return what stays of a frame: all but application segments, comments and what follows.

    Of the application segments only the bare number of a color transform stays: Adobe's in
    frames of three and more components, where decoders rely on it, and HP's of JPEG-LS.

    Parameters
    ----------
    stream : Stream
        One whole frame.
    is_ls : bool
        Whether the frame is JPEG-LS.
    scans : list, optional
        Takes where entropy-coded data stands.

    Returns
    -------
    list of Stretch or bytes

    Raises
    ------
    HeldBack
        If the frame does not follow the standard to its end marker.

    References
    ----------
    ITU-T T.81 Annex B; ITU-T T.87 Annex C; ITU-T T.872 6.5.3; DICOM PS3.5 8.2.1, 8.2.3.
    """
    if stream.part(stream.start, 2) != bytes((0xFF, _SOI)):
        raise not_understood()
    colors = _Colors()
    kept: list[Stretch] = []
    scans = [] if scans is None else scans
    position = stream.start + 2
    while True:
        marker, position = _marker(stream, position)
        if marker == _EOI:
            return _assemble(colors, kept, has_scan=bool(scans))
        end = _segment_end(stream, position)
        content = stream.part(position + 2, end - position - 2)
        if marker in _APPLICATION or marker in (_LS_FRAMES if is_ls else _JPEG_FRAMES):
            _learn(colors, marker, content, is_ls)
        if marker == _SOS:
            scan = Stretch(end, _scan_end(stream, end, is_ls))
            end = scan.stop
            scans.append(scan)
        if _is_kept(marker, content, is_ls):
            kept.append(Stretch(position - 2, end))
        position = end


def _is_kept(marker: int, content: bytes, is_ls: bool) -> bool:
    """Tell whether a segment belongs to the image; one that nobody knows may be anything."""
    if marker in (_LS_IMAGE if is_ls else _JPEG_IMAGE) and is_sound(marker, content):
        return True
    if marker != _COM and marker not in _APPLICATION:
        raise not_understood()
    return False


def _marker(stream: Stream, position: int) -> tuple[int, int]:
    """Return the marker at `position`, which fill bytes may precede, and where it ends."""
    if stream.part(position, 1) != b"\xff":
        raise not_understood()
    while stream.part(position, 1) == b"\xff":
        position += 1
    return stream.data[position], position + 1


def _segment_end(stream: Stream, position: int) -> int:
    length = stream.number(position, 2)
    if length < 2:
        raise not_understood()
    return stream.within(position + length)


def _scan_end(stream: Stream, position: int, is_ls: bool) -> int:
    pattern = _LS_SCAN_END if is_ls else _JPEG_SCAN_END
    match = pattern.search(stream.data, position, stream.stop)
    if match is None:
        raise cut_short()
    end = match.start()
    while end > position and stream.data[end - 1] == _FILL:
        end -= 1
    return end


def _learn(colors: _Colors, marker: int, content: bytes, is_ls: bool) -> None:
    """Note what an application segment or the frame's head says about colors."""
    if marker not in _APPLICATION:
        colors.component_ids = content[6::3]
    elif marker == _APP0 and content[:5] == b"JFIF\0":
        colors.has_jfif = True
    elif marker == _APP14 and content[:5] == b"Adobe" and len(content) >= _ADOBE_BYTES:
        colors.adobe_transform = content[_ADOBE_BYTES - 1]
    elif is_ls and marker == _APP8 and _HP_TRANSFORM.fullmatch(content):
        colors.segments.append(_segment(_APP8, content))


def _assemble(colors: _Colors, kept: list[Stretch], has_scan: bool) -> list[Piece]:
    if not (has_scan and colors.component_ids):
        raise not_understood()
    pieces: list[Piece] = [bytes((0xFF, _SOI))]
    pieces += _color_segments(colors)
    for stretch in kept:
        last = pieces[-1]
        if isinstance(last, Stretch) and last.stop == stretch.start:
            pieces[-1] = Stretch(last.start, stretch.stop)
        else:
            pieces.append(stretch)
    return [*pieces, _END]


def _color_segments(colors: _Colors) -> list[bytes]:
    """Return the segments without which a decoder would take colors for others."""
    count = len(colors.component_ids)
    transform = colors.adobe_transform
    if colors.has_jfif and count == 3:
        # A JFIF segment says YCbCr, against Adobe's and against component names.
        transform = _YCBCR if transform is not None or colors.component_ids == _RGB_IDS else None
    if transform is None or count < 3:
        return colors.segments
    if transform not in (_NO_TRANSFORM, _YCBCR, 2):
        raise not_understood()
    adobe = b"Adobe" + b"\0\x64" + b"\0" * 4 + bytes((transform,))
    return [*colors.segments, _segment(_APP14, adobe)]


def _segment(marker: int, content: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content
