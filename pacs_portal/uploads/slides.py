"""Tell slides among TIFF files by their first directories, without reading a pixel."""

import struct
from pathlib import Path
from typing import BinaryIO

WIDTH, LENGTH, DESCRIPTION, TILE_WIDTH, SUB_DIRECTORIES = 256, 257, 270, 322, 330
NEW_SUBFILE_TYPE, XMP, NDPI_SOURCE = 254, 700, 65420
SCANNERS = (b"Aperio", b"DPUfsImport", b"leica-microsystems.com/scn", b"<iScan")
LARGE_SIDE = 16_384  # a longer side becomes a pyramid, tiled or not
MOST_ENTRIES = 4096
LOOKED_AT_BYTES = 4096  # of a description
NUMBER_CODES = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}

Entry = tuple[int, int, int]  # kind, count, and the value, or the place where it lies


class _Tiff:
    """The directories of an open TIFF or BigTIFF."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        head = file.read(16)
        self.order = "<" if head[:2] == b"II" else ">"
        self.is_big = struct.unpack(f"{self.order}H", head[2:4])[0] == 43
        at, code = (8, "Q") if self.is_big else (4, "I")
        (self.first,) = struct.unpack_from(self.order + code, head, at)

    def directory(self, position: int) -> tuple[dict[int, Entry], int]:
        """Return the tags of a directory, and where the next one starts."""
        count_code, entry, pointer = ("Q", "HHQQ", "Q") if self.is_big else ("H", "HHII", "I")
        (count,) = self._read(position, count_code)
        if count > MOST_ENTRIES:
            return {}, 0
        place = position + struct.calcsize(self.order + count_code)
        tags = {}
        for number in range(count):
            at = place + number * struct.calcsize(self.order + entry)
            code, kind, many, value = self._read(at, entry)
            if many == 1 and kind in NUMBER_CODES:
                field = at + struct.calcsize(self.order + entry[:3])
                (value,) = self._read(field, NUMBER_CODES[kind])
            tags[code] = (kind, many, value)
        end = place + count * struct.calcsize(self.order + entry)
        return tags, self._read(end, pointer)[0]

    def text(self, tags: dict[int, Entry], code: int) -> bytes:
        """Return the start of a long text."""
        _kind, count, place = tags.get(code, (0, 0, 0))
        if count <= 8:
            return b""
        self.file.seek(place)
        return self.file.read(min(count, LOOKED_AT_BYTES))

    def _read(self, position: int, codes: str) -> tuple[int, ...]:
        self.file.seek(position)
        layout = self.order + codes
        return struct.unpack(layout, self.file.read(struct.calcsize(layout)))


def is_slide_tiff(path: Path) -> bool:
    """Tell whether a TIFF is a slide: of a known scanner, or in tiles with smaller levels.

    A large one becomes the levels of a slide too. What cannot be read is none.
    """
    try:
        with path.open("rb") as file:
            tiff = _Tiff(file)
            first, following = tiff.directory(tiff.first)
            return _is_of_scanner(tiff, first) or _is_pyramid(tiff, first, following)
    except (struct.error, OSError, OverflowError, ValueError):
        return False


def _is_of_scanner(tiff: _Tiff, first: dict[int, Entry]) -> bool:
    told = tiff.text(first, DESCRIPTION) + tiff.text(first, XMP)
    return NDPI_SOURCE in first or any(scanner in told for scanner in SCANNERS)


def _is_pyramid(tiff: _Tiff, first: dict[int, Entry], following: int) -> bool:
    sides = [first.get(code, (0, 0, 0))[2] for code in (WIDTH, LENGTH)]
    if max(sides) > LARGE_SIDE:
        return True
    if TILE_WIDTH not in first:
        return False
    if SUB_DIRECTORIES in first:
        return True
    second = tiff.directory(following)[0] if following else {}
    return TILE_WIDTH in second and bool(second.get(NEW_SUBFILE_TYPE, (0, 0, 0))[2] & 1)
