"""Tell what becomes a slide before anything is converted."""

import struct
from pathlib import Path
from typing import BinaryIO

from converter.engine.errors import ConversionError
from converter.engine.sources.limits import LARGE_SIDE
from converter.engine.sources.slide.directories import TiffStructure
from converter.engine.sources.slide.layout import is_left_to_openslide, slide_layout

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_SQLITE = b"SQLite format 3\0"
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_SEGMENTS = 1000
_NO_SIZES = frozenset({0xC4, 0xC8, 0xCC})  # among the markers of frames: tables


def is_slide(path: Path) -> bool:
    """Tell whether a file becomes the levels of a slide; what cannot be read is none."""
    try:
        with path.open("rb") as file:
            head = file.read(32)
            if head.startswith(_TIFF_STARTS):
                structure = TiffStructure(file.fileno())
                return is_left_to_openslide(structure) or slide_layout(structure) is not None
            return head.startswith(_SQLITE) or max(_size(head, file)) > LARGE_SIDE
    except (ConversionError, OSError, struct.error):
        return False


def _size(head: bytes, file: BinaryIO) -> tuple[int, int]:
    """Return columns and rows of a picture of 8 bits or fewer, 0 where they are not known."""
    if head.startswith(_PNG):
        columns, rows, bits = struct.unpack_from(">IIB", head, 16)
        return (columns, rows) if bits <= 8 else (0, 0)
    if head.startswith(b"BM") and len(head) >= 26:
        columns, rows = struct.unpack_from("<ii", head, 18)
        return columns, abs(rows)
    if head.startswith(b"\xff\xd8"):
        return _jpeg_size(file)
    return 0, 0


def _jpeg_size(file: BinaryIO) -> tuple[int, int]:
    """Return what the frame header says; scans are not read."""
    position = 2
    for _segment in range(_MOST_SEGMENTS):
        file.seek(position)
        head = file.read(9)
        if len(head) < 9 or head[0] != 0xFF:
            break
        marker, length = head[1], int.from_bytes(head[2:4])
        if 0xC0 <= marker <= 0xCF and marker not in _NO_SIZES:
            rows, columns = struct.unpack_from(">HH", head, 5)
            return (columns, rows) if head[4] == 8 else (0, 0)
        position += 2 + length
    return 0, 0
