"""The directories of a TIFF: their tags, bounded and unread until somebody asks.

Lists of tiles are the bulk of a slide's header; they stay packed numbers, eight bytes each.
"""

import os
import struct
import sys
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from converter.engine.errors import damaged, too_large, truncated

NEW_SUBFILE_TYPE, IMAGE_WIDTH, IMAGE_LENGTH, BITS_PER_SAMPLE = 254, 256, 257, 258
COMPRESSION, PHOTOMETRIC, IMAGE_DESCRIPTION, ORIENTATION = 259, 262, 270, 274
SAMPLES_PER_PIXEL, ROWS_PER_STRIP, PLANAR_CONFIGURATION = 277, 278, 284
X_RESOLUTION, Y_RESOLUTION, RESOLUTION_UNIT, SOFTWARE = 282, 283, 296, 305
STRIP_OFFSETS, STRIP_BYTE_COUNTS = 273, 279
PREDICTOR, TILE_WIDTH, TILE_LENGTH, TILE_OFFSETS, TILE_BYTE_COUNTS = 317, 322, 323, 324, 325
SUB_DIRECTORIES, SAMPLE_FORMAT, JPEG_TABLES = 330, 339, 347
IMAGE_DEPTH, ICC_PROFILE, NDPI_SOURCE, XMP = 32997, 34675, 65420, 700

_MOST_DIRECTORIES = 100_000
_MOST_ENTRIES = 4096
_MOST_NUMBERS = 1 << 24
_INTEGER_CODES = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_SIZES |= {16: 8, 17: 8, 18: 8}
_RATIONAL = 5
_ARRAY_OF_SIZE = {array(code).itemsize: code for code in "BHILQ"}


@dataclass(frozen=True)
class _Form:
    """How numbers and directories are laid out in classic TIFF or BigTIFF."""

    order: str
    is_big: bool

    @property
    def entry_bytes(self) -> int:
        return 20 if self.is_big else 12

    def unpack(self, code: str, raw: bytes) -> int:
        """Return one number; missing bytes mean that the file ends too early."""
        try:
            return int(struct.unpack(self.order + code, raw)[0])
        except struct.error:
            raise truncated() from None

    @property
    def pointer(self) -> tuple[str, int]:
        return ("Q", 8) if self.is_big else ("I", 4)


@dataclass(frozen=True)
class _Tag:
    kind: int
    count: int
    position: int  # of its value in the file

    @property
    def size(self) -> int:
        return self.count * _SIZES.get(self.kind, 1)


class TiffStructure:
    """An open TIFF: bytes anywhere in it, and its directories."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        head = self.read(0, 16)
        order = {b"II": "<", b"MM": ">"}.get(head[:2])
        version = int.from_bytes(head[2:4], "little" if order == "<" else "big")
        if order is None or version not in (42, 43):
            raise damaged()
        self.form = _Form(order, version == 43)
        self._first = (8, "Q") if self.form.is_big else (4, "I")

    def read(self, position: int, size: int) -> bytes:
        """Return `size` bytes, which must lie in the file."""
        if size < 0 or position < 0 or position + size > self.size:
            raise truncated()
        found = os.pread(self.descriptor, size, position)
        if len(found) != size:
            raise truncated()
        return found

    def directories(self) -> Iterator["Directory"]:
        """Yield the directories of the main chain.

        Raises
        ------
        ConversionError
            Code "damaged", if they point back to each other; "truncated".
        """
        code, width = self.form.pointer
        start, _code = self._first
        position = self.form.unpack(code, self.read(start, width))
        seen: set[int] = set()
        while position:
            if position in seen or len(seen) >= _MOST_DIRECTORIES:
                raise damaged()
            seen.add(position)
            directory, position = self._directory_and_next(position)
            yield directory

    def directory_at(self, position: int) -> "Directory":
        """Return the directory at a place that another one names."""
        return self._directory_and_next(position)[0]

    def _directory_and_next(self, position: int) -> tuple["Directory", int]:
        form = self.form
        width = 8 if form.is_big else 2
        count = form.unpack("Q" if form.is_big else "H", self.read(position, width))
        if not 0 < count <= _MOST_ENTRIES:
            raise damaged()
        start = position + width
        raw = self.read(start, count * form.entry_bytes)
        tags: dict[int, _Tag] = {}
        for index in range(count):
            code, tag = self._tag(raw, start, index * form.entry_bytes)
            tags.setdefault(code, tag)
        pointer_code, pointer_bytes = form.pointer
        after = self.read(start + len(raw), pointer_bytes)
        return Directory(self, position, tags), form.unpack(pointer_code, after)

    def _tag(self, raw: bytes, start: int, place: int) -> tuple[int, _Tag]:
        form = self.form
        layout = form.order + ("HHQ" if form.is_big else "HHI")
        code, kind, count = struct.unpack_from(layout, raw, place)
        field = place + struct.calcsize(layout)
        pointer_code, pointer_bytes = form.pointer
        tag = _Tag(kind, count, start + field)
        if tag.size > pointer_bytes:
            position = form.unpack(pointer_code, raw[field : field + pointer_bytes])
            tag = _Tag(kind, count, position)
        return code, tag


@dataclass(frozen=True)
class Directory:
    """One image of a TIFF by its tags."""

    structure: TiffStructure
    position: int
    tags: Mapping[int, _Tag]

    def numbers(self, code: int, most: int = _MOST_NUMBERS) -> array:
        """Return the whole numbers of a tag, the first `most`; none where it is missing.

        Raises
        ------
        ConversionError
            Code "damaged", if the tag holds something else; "bomb", if it holds too many.
        """
        tag = self.tags.get(code)
        if tag is None:
            return array("Q")
        if tag.kind not in _INTEGER_CODES:
            raise damaged()
        if tag.count > _MOST_NUMBERS:
            raise too_large()
        size = _SIZES[tag.kind]
        found = array(_ARRAY_OF_SIZE[size])
        found.frombytes(self.structure.read(tag.position, size * min(tag.count, most)))
        if (self.structure.form.order == ">") != (sys.byteorder == "big"):
            found.byteswap()
        return found

    def number(self, code: int, otherwise: int = 0) -> int:
        """Return the first whole number of a tag."""
        found = self.numbers(code, most=1)
        return int(found[0]) if found else otherwise

    def ratio(self, code: int) -> float:
        """Return a rational, 0 where there is none."""
        tag = self.tags.get(code)
        if tag is None or tag.kind != _RATIONAL or not tag.count:
            return 0.0
        raw = self.structure.read(tag.position, 8)
        above, below = struct.unpack(f"{self.structure.form.order}II", raw)
        return above / below if below else 0.0

    def blob(self, code: int, longest: int) -> bytes:
        """Return the bytes of a tag; nothing where it is missing or longer than `longest`."""
        tag = self.tags.get(code)
        if tag is None or tag.size > longest:
            return b""
        return self.structure.read(tag.position, tag.size)

    @property
    def columns(self) -> int:
        return self.number(IMAGE_WIDTH)

    @property
    def rows(self) -> int:
        return self.number(IMAGE_LENGTH)

    @property
    def size(self) -> tuple[int, int]:
        return self.columns, self.rows

    @property
    def is_tiled(self) -> bool:
        return TILE_WIDTH in self.tags and TILE_OFFSETS in self.tags

    @property
    def is_reduced(self) -> bool:
        return bool(self.number(NEW_SUBFILE_TYPE) & 1)

    @property
    def description(self) -> bytes:
        return self.blob(IMAGE_DESCRIPTION, 1 << 22)
