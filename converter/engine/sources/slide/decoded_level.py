"""Tiles of a TIFF that DICOM cannot hold as they are: decoded, and stored without any loss."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tifffile import TiffFile, TiffPage

from converter.engine.errors import damaged
from converter.engine.sources.slide.coding import Coding, Matrix, empty_tile, lossless_coding
from converter.engine.sources.slide.encoding import encode_lossless, shrink
from converter.engine.sources.slide.tiled_level import TileList, unsupported_colors
from converter.engine.sources.tiff import tiff_errors
from converter.engine.sources.tiff_compression import lossy_method
from converter.engine.sources.tiff_inner import check_part
from converter.engine.sources.tiff_page import flat_tile, is_lossless


@dataclass(frozen=True)
class DecodedLevel:
    """A level whose tiles are decoded one at a time."""

    tiles: TileList
    page: TiffPage
    coding: Coding

    @property
    def matrix(self) -> Matrix:
        return self.tiles.matrix

    @property
    def coded_bytes(self) -> int:
        return sum(self.tiles.byte_counts)

    def frames(self) -> Iterator[bytes]:
        """Yield the frames, compressed without loss."""
        for index in range(self.matrix.tile_count):
            yield encode_lossless(self._samples(index))

    def reduced(self, index: int, factor: int) -> np.ndarray:
        """Return a tile as a picture `factor` times smaller."""
        rows, columns = self.matrix.extent(index)
        return shrink(self._samples(index)[:rows, :columns], factor)

    def _samples(self, index: int) -> np.ndarray:
        """Return a tile: (rows, columns), or (rows, columns, 3); empty where it is not there."""
        count = self.matrix.tile_count
        places = range(index, len(self.tiles.offsets), count)  # one for each plane of colors
        if not all(self.tiles.byte_counts[place] for place in places):
            return empty_tile(self.matrix, self.coding)
        planes = [self._plane(place) for place in places]
        samples, bits = flat_tile(self.page, np.concatenate(planes, axis=-1))
        if (bits > 8) != (self.coding.bits > 8) or samples.shape[-1] != self.coding.samples:
            raise unsupported_colors()
        return samples if self.coding.samples > 1 else samples[..., 0]

    def _plane(self, place: int) -> np.ndarray:
        tables, data = self.page.jpegtables, self.tiles.tile(place)
        check_part(self.page, data)
        keywords = {"jpegtables": tables} if tables else {}
        segment, *_where = self.page.decode(data, place, _fullsize=True, **keywords)
        if segment is None or segment.shape[:3] != (
            1,
            self.matrix.tile_rows,
            self.matrix.tile_columns,
        ):
            raise damaged()
        return np.asarray(segment[0])


@contextmanager
def opened(source: Path) -> Iterator[TiffFile]:
    """Open a slide for `decoded_level`; what goes wrong until it is closed has its sentence."""
    with tiff_errors(), TiffFile(source, _multifile=False) as file:
        yield file


def decoded_level(file: TiffFile, tiles: TileList) -> DecodedLevel:
    """Return a level that is decoded tile by tile.

    Raises
    ------
    ConversionError
        Code "unsupported", for numbers and colors that have no place in a slide.
    """
    file.filehandle.seek(tiles.directory.position)
    page = TiffPage(file, index=(0,))
    is_gray = page.photometric in (0, 1)
    if page.dtype not in (np.uint8, np.uint16)[: 1 + is_gray] or page.imagedepth != 1:
        raise unsupported_colors()
    coding = lossless_coding(1 if is_gray else 3, 8 * page.dtype.itemsize)
    if not is_lossless(page):
        coding = replace(coding, lossy_method=lossy_method(page.compression))
    return DecodedLevel(tiles, page, coding)
