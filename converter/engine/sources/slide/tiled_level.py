"""One tiled directory of a TIFF as a level whose tiles are copied as they are."""

from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydicom.uid import JPEGBaseline8Bit

from converter.engine.errors import ConversionError, damaged, too_large, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Options
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.coding import (
    Coding,
    Matrix,
    empty_tile,
    jpeg_2000_coding,
    jpeg_coding,
)
from converter.engine.sources.slide.directories import Directory
from converter.engine.sources.slide.encoding import (
    codestream_of,
    decode_codestream,
    decode_jpeg,
    decode_jpeg_reduced,
    jpeg_of,
    shrink,
)
from converter.engine.sources.slide.jpeg2000_tiles import (
    CodestreamForm,
    clean_codestream,
    codestream_form,
)
from converter.engine.sources.slide.jpeg_tiles import JpegTiles
from converter.engine.sources.slide.layout import APERIO_YCBCR

_JPEG = 7
_APERIO_RGB, _JPEG_2000 = 33005, 34712
_JPEG_2000_KINDS = frozenset({APERIO_YCBCR, _APERIO_RGB, _JPEG_2000})
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _YCBCR = 0, 1, 2, 6
_CODESTREAM = b"\xff\x4f\xff\x51"
_LONGEST_TABLES = 1 << 16
_MOST_OVERLAID = 50  # how many times the bytes of a file may stand in its levels
_LARGEST_TILE = 1 << 26  # pixels of one tile, which is decoded as a whole
_READ_BYTES = 1 << 19  # of neighboring tiles at once
_WIDEST_HOLE = 1 << 9  # bytes between two neighbors
Spans = Sequence[tuple[int, int]]  # where tiles start and stop in some bytes


@dataclass(frozen=True)
class TileList:
    """Where the tiles of a directory lie; one of 0 bytes is not there."""

    directory: Directory
    matrix: Matrix
    offsets: array = field(repr=False)
    byte_counts: array = field(repr=False)

    def tile(self, index: int) -> bytes:
        """Return a tile as it lies in the file."""
        return self.directory.structure.read(self.offsets[index], self.byte_counts[index])

    def runs(self) -> Iterator[range]:
        """Yield the numbers of neighbors, to be read at once; a tile that is not there has none."""
        first = stop = 0
        for index, (start, size) in enumerate(zip(self.offsets, self.byte_counts, strict=True)):
            are_there = size and self.byte_counts[first]
            is_near = 0 <= start - stop <= _WIDEST_HOLE
            stop = start + size
            if index and not (are_there and is_near and stop - self.offsets[first] <= _READ_BYTES):
                yield range(first, index)
                first = index
        yield range(first, len(self.offsets))

    def read(self, run: range) -> tuple[bytes, Spans]:
        """Return a piece of the file, and where in it the tiles of `run` lie."""
        begin = self.offsets[run.start]
        starts = [start - begin for start in self.offsets[run.start : run.stop]]
        sizes = self.byte_counts[run.start : run.stop]
        spans = [(start, start + size) for start, size in zip(starts, sizes, strict=True)]
        return self.directory.structure.read(begin, spans[-1][1]), spans

    def first(self) -> bytes:
        """Return the first tile that is there; a level without any is damaged."""
        for index, size in enumerate(self.byte_counts):
            if size:
                return self.tile(index)
        raise damaged()


@dataclass(frozen=True)
class CopiedLevel:
    """A level whose frames are the tiles of the source, `clean` of what is not image."""

    tiles: TileList
    coding: Coding
    clean: Callable[[bytes, Spans], Iterator[bytes]] = field(repr=False)
    empty: bytes = field(repr=False)

    @property
    def matrix(self) -> Matrix:
        return self.tiles.matrix

    @property
    def coded_bytes(self) -> int:
        return sum(self.tiles.byte_counts)

    def frames(self) -> Iterator[bytes]:
        """Yield the frames; a tile that is not there is empty."""
        for run in self.tiles.runs():
            if self.tiles.byte_counts[run.start]:
                yield from self.clean(*self.tiles.read(run))
            else:
                yield self.empty

    def reduced(self, index: int, factor: int) -> np.ndarray:
        """Return a tile `factor` times smaller; whole JPEG is decoded at this size at once."""
        size = self.tiles.byte_counts[index]
        frame = next(self.clean(self.tiles.tile(index), [(0, size)])) if size else self.empty
        is_jpeg = self.coding.transfer_syntax_uid == JPEGBaseline8Bit
        rows, columns = self.matrix.extent(index)
        if is_jpeg and (rows, columns) == (self.matrix.tile_rows, self.matrix.tile_columns):
            return decode_jpeg_reduced(frame, self.coding.samples, factor)
        decoded = decode_jpeg(frame) if is_jpeg else decode_codestream(frame)
        return shrink(decoded[:rows, :columns], factor)


def tile_list(directory: Directory, options: Options) -> TileList:
    """Return the tiles of a directory, checked by what its tags claim.

    Raises
    ------
    ConversionError
        Code "damaged", "truncated" or "bomb".
    """
    matrix = Matrix(
        directory.columns,
        directory.rows,
        directory.number(tiff.TILE_WIDTH),
        directory.number(tiff.TILE_LENGTH),
    )
    check_matrix(matrix, options)
    planes = directory.number(tiff.SAMPLES_PER_PIXEL, 1) if is_planar(directory) else 1
    count = matrix.tile_count * planes
    offsets = directory.numbers(tiff.TILE_OFFSETS, count + 1)
    byte_counts = directory.numbers(tiff.TILE_BYTE_COUNTS, count + 1)
    if not len(offsets) == len(byte_counts) == count:
        raise damaged()
    file_bytes = directory.structure.size
    if any(start + size > file_bytes for start, size in zip(offsets, byte_counts, strict=True)):
        raise truncated()
    # Tiles may lie on top of each other, as many writers store a white one once; but a small
    # file must not fill the disk.
    if sum(byte_counts) > min(options.max_slide_bytes, _MOST_OVERLAID * file_bytes):
        raise too_large()
    return TileList(directory, matrix, offsets, byte_counts)


def is_planar(directory: Directory) -> bool:
    return directory.number(tiff.PLANAR_CONFIGURATION, 1) == 2


def check_matrix(matrix: Matrix, options: Options) -> None:
    """Refuse a level by what its header claims."""
    sides = (matrix.columns, matrix.rows, matrix.tile_columns, matrix.tile_rows)
    if min(sides) < 1 or max(matrix.tile_columns, matrix.tile_rows) > 65535:
        raise damaged()
    if (
        matrix.columns * matrix.rows > options.max_slide_pixels
        or matrix.frame_bytes > _LARGEST_TILE
    ):
        raise too_large()
    if matrix.tile_count > options.max_slide_tiles:
        raise too_large()
    # Frames that are there only to fill the matrix must not outweigh the picture by much.
    if matrix.tile_count * matrix.frame_bytes > 4 * matrix.columns * matrix.rows + _LARGEST_TILE:
        raise damaged()


def copied_level(tiles: TileList) -> CopiedLevel | None:
    """Return a level that DICOM can hold tile by tile as it is; None for any other."""
    directory = tiles.directory
    if is_planar(directory):
        return None
    compression = directory.number(tiff.COMPRESSION)
    if compression == _JPEG and set(directory.numbers(tiff.BITS_PER_SAMPLE, 4)) == {8}:
        return _jpeg_level(tiles)
    if compression in _JPEG_2000_KINDS:
        return _jpeg_2000_level(tiles, compression)
    return None


def _photometric(directory: Directory) -> str:
    form = directory.number(tiff.PHOTOMETRIC, -1), directory.number(tiff.SAMPLES_PER_PIXEL, 1)
    return {
        (_BLACK_IS_ZERO, 1): "MONOCHROME2",
        (_RGB, 3): "RGB",
        (_YCBCR, 3): "YBR_FULL_422",
    }.get(form, "")


def _jpeg_level(tiles: TileList) -> CopiedLevel | None:
    photometric = _photometric(tiles.directory)
    if not photometric:
        return None
    tables = tiles.directory.blob(tiff.JPEG_TABLES, _LONGEST_TABLES)
    jpeg = JpegTiles(tables, tiles.matrix, photometric)
    if not jpeg.is_copyable(tiles.first()):
        return None
    coding = jpeg_coding(photometric)
    empty = jpeg_of(empty_tile(tiles.matrix, coding), photometric)
    empty = JpegTiles(b"", tiles.matrix, photometric).frame(empty)
    return CopiedLevel(tiles, coding, jpeg.frames, empty)


def _jpeg_2000_level(tiles: TileList, compression: int) -> CopiedLevel | None:
    first = tiles.first()
    if not first.startswith(_CODESTREAM):
        return None  # in a file of its own, with boxes
    if tiles.directory.number(tiff.PHOTOMETRIC, _BLACK_IS_ZERO) == _WHITE_IS_ZERO:
        return None
    form = codestream_form(first)
    is_unmarked = compression == APERIO_YCBCR and not form.has_color_transform
    photometric = _photometric_of_codestream(form, is_unmarked)
    if not photometric:
        return None
    if (form.columns, form.rows) != (tiles.matrix.tile_columns, tiles.matrix.tile_rows):
        raise damaged()

    def clean(content: bytes, spans: Spans) -> Iterator[bytes]:
        for start, stop in spans:
            tile = content[start:stop]
            if codestream_form(tile) != form:
                raise damaged()
            yield clean_codestream(tile, set_transform=is_unmarked and form.components == 3)

    coding = jpeg_2000_coding(photometric, form.bits)
    empty = codestream_of(empty_tile(tiles.matrix, coding), form.bits)
    return CopiedLevel(tiles, coding, clean, empty)


def _photometric_of_codestream(form: CodestreamForm, is_unmarked: bool) -> str:
    """Name the colors of a codestream; nothing for those that DICOM has no name for."""
    if form.components == 1:
        return "MONOCHROME2" if 8 <= form.bits <= 16 else ""
    if form.bits != 8 or form.components != 3:
        return ""
    if form.has_color_transform:
        return "YBR_RCT" if form.is_reversible else "YBR_ICT"
    if is_unmarked:  # YCbCr: the numbers of the irreversible transform, if they are whole
        return "" if form.is_subsampled or form.is_reversible else "YBR_ICT"
    return "RGB"


def unsupported_colors() -> ConversionError:
    return ConversionError(
        _(
            "The colors of this slide are stored in an unusual way. "
            "Export it as SVS or as tiled TIFF with 8 bits per color."
        ),
        "unsupported",
    )
