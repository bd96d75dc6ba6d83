"""JPEG tiles of a TIFF as complete streams: their tables put in, their scans untouched."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from converter.engine.errors import damaged, truncated
from converter.engine.sources.jpeg_stream import JpegStream, read_stream
from converter.engine.sources.slide.coding import Matrix

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_RGB_IDS = (ord("R"), ord("G"), ord("B"))
_ADOBE = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0"  # and the number of the color transform
_NO_TRANSFORM, _YCBCR = b"\0", b"\1"
_MARKER_CODES = np.ones(256, bool)
_MARKER_CODES[[0x00, *range(0xD0, 0xD8), 0xFF]] = False  # these stand in the midst of a scan


@dataclass(frozen=True)
class _Head:
    """What stands before the scan of a tile, and what stands there in the frame."""

    source: bytes
    clean: bytes


class JpegTiles:
    """Makes frames of the tiles of one level; tiles that start alike are parsed once.

    Parameters
    ----------
    tables : bytes
        The tables that all tiles share (tag 347), or nothing.
    matrix : Matrix
        Every tile must have its tile size.
    photometric : str
        "RGB" where the samples are red, green and blue: the TIFF says so, the stream often not.
    """

    def __init__(self, tables: bytes, matrix: Matrix, photometric: str) -> None:
        self._tables = _table_segments(tables)
        self._matrix = matrix
        self._photometric = photometric
        self._head: _Head | None = None

    def frame(self, tile: bytes) -> bytes:
        """Return a tile as a stream of its own, without APPn and COM segments.

        Of APPn only Adobe's bare number of the color transform stands in a frame: readers rely
        on it for RGB, and for components that are named as if they were RGB.

        Raises
        ------
        ConversionError
            Code "truncated" or "damaged", also where a tile differs from what its level says.

        References
        ----------
        TIFF Technical Note 2, JPEGTables; DICOM PS3.5 8.2.1.
        """
        return next(self.frames(tile, [(0, len(tile))]))

    def frames(self, content: bytes, spans: Sequence[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the frames of the tiles that lie in `content` from a start to a stop each.

        All are looked through for markers at once, which costs less than tile by tile.
        """
        markers = _markers(content)
        for start, stop in spans:
            head = self._head
            if head is None or not content.startswith(head.source, start, stop):
                yield self._parsed(content[start:stop])
                continue
            scan = start + len(head.source)
            place = bisect_left(markers, scan)
            end = markers[place] if place < len(markers) else stop
            if end + len(_EOI) > stop:
                raise truncated()
            if content[end + 1] != _EOI[1]:
                yield self._parsed(content[start:stop])
                continue
            yield b"".join((head.clean, content[scan:end], _EOI))

    def is_copyable(self, tile: bytes) -> bool:
        """Tell whether DICOM's baseline syntax holds such tiles as they are."""
        frame = self._stream(tile).frame
        return frame is not None and frame.is_baseline and frame.precision == 8

    def _stream(self, tile: bytes) -> JpegStream:
        if not tile.startswith(_SOI):
            raise damaged()
        return read_stream(b"".join((_SOI, self._tables, tile[2:])))

    def _parsed(self, tile: bytes) -> bytes:
        stream = self._stream(tile)
        self._check(stream)
        clean = b"".join((_SOI, self._colors(stream), stream.clean[2:]))
        if len(stream.scan_spans) == 1:
            start, stop = stream.scan_spans[0]
            ending = stop - start + len(_EOI)
            if clean[-2:] == _EOI:
                source = tile[: start - len(self._tables)]
                self._head = _Head(source, clean[:-ending])
        return clean

    def _check(self, stream: JpegStream) -> None:
        frame = stream.frame
        if frame is None or not frame.is_baseline or frame.precision != 8:
            raise damaged()
        if (frame.columns, frame.rows) != (self._matrix.tile_columns, self._matrix.tile_rows):
            raise damaged()
        if len(frame.component_ids) != (1 if self._photometric == "MONOCHROME2" else 3):
            raise damaged()

    def _colors(self, stream: JpegStream) -> bytes:
        if self._photometric == "RGB":
            return _ADOBE + _NO_TRANSFORM
        ids = stream.frame.component_ids if stream.frame else ()
        return _ADOBE + _YCBCR if ids == _RGB_IDS else b""


def _markers(content: bytes) -> list[int]:
    """Return where something begins that ends a scan."""
    found = np.frombuffer(content, np.uint8)
    places = np.flatnonzero(found[:-1] == 0xFF)
    marks: list[int] = places[_MARKER_CODES[found[places + 1]]].tolist()
    return marks


def _table_segments(tables: bytes) -> bytes:
    """Return the tables without the markers around them, and nothing but tables."""
    if not tables:
        return b""
    if not tables.startswith(_SOI):
        raise damaged()
    kept, position = [], 2
    while tables[position : position + 2] != _EOI:
        marker = tables[position : position + 2]
        length = int.from_bytes(tables[position + 2 : position + 4])
        segment = tables[position : position + 2 + length]
        if len(marker) < 2 or marker[0] != 0xFF or length < 2 or len(segment) != length + 2:
            raise damaged()
        if marker[1] in (0xDB, 0xC4, 0xDD):
            kept.append(segment)
        position += 2 + length
    return b"".join(kept)
