"""How the frames of a level are coded, and what a level is."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from pydicom.uid import JPEG2000, JPEGBaseline8Bit, JPEGLSLossless

JPEG_METHOD, JPEG_2000_METHOD = "ISO_10918_1", "ISO_15444_1"


@dataclass(frozen=True)
class Coding:
    """What DICOM says of frames: their syntax and colors, and by which method they lost some."""

    transfer_syntax_uid: str
    photometric_interpretation: str
    lossy_method: str = ""
    bits: int = 8

    @property
    def samples(self) -> int:
        return 1 if self.photometric_interpretation == "MONOCHROME2" else 3

    @property
    def sample_bytes(self) -> int:
        return 1 if self.bits == 8 else 2


@dataclass(frozen=True)
class Matrix:
    """A picture cut into tiles, counted row by row; tiles at the edge are as large as others."""

    columns: int
    rows: int
    tile_columns: int
    tile_rows: int

    @property
    def across(self) -> int:
        return -(-self.columns // self.tile_columns)

    @property
    def down(self) -> int:
        return -(-self.rows // self.tile_rows)

    @property
    def tile_count(self) -> int:
        return self.across * self.down

    @property
    def frame_bytes(self) -> int:
        """Size of one sample plane of a tile, of 8 bits."""
        return self.tile_columns * self.tile_rows

    def extent(self, index: int) -> tuple[int, int]:
        """Return how many rows and columns of a tile lie within the picture."""
        row, column = divmod(index, self.across)
        return (
            min(self.tile_rows, self.rows - row * self.tile_rows),
            min(self.tile_columns, self.columns - column * self.tile_columns),
        )

    @property
    def is_one_tile(self) -> bool:
        return self.columns <= self.tile_columns and self.rows <= self.tile_rows


class Level(Protocol):
    """One plane of a level: its frames as they will be written, and its tiles as samples."""

    @property
    def matrix(self) -> Matrix:
        """Return size and tiling."""

    @property
    def coding(self) -> Coding:
        """Return how the frames are coded."""

    @property
    def coded_bytes(self) -> int:
        """Return how long all frames are together, or nearly so."""

    def frames(self) -> Iterator[bytes]:
        """Yield the frames in the order of TILED_FULL."""

    def reduced(self, index: int, factor: int) -> np.ndarray:
        """Return what a tile shows, `factor` times smaller, without what fills it up."""


def jpeg_coding(photometric: str) -> Coding:
    return Coding(JPEGBaseline8Bit, photometric, JPEG_METHOD)


def jpeg_2000_coding(photometric: str, bits: int = 8) -> Coding:
    """Of JPEG 2000 nobody knows that it is lossless: a codestream cut short looks the same."""
    return Coding(JPEG2000, photometric, JPEG_2000_METHOD, bits)


def lossless_coding(samples: int, bits: int = 8) -> Coding:
    return Coding(JPEGLSLossless, "MONOCHROME2" if samples == 1 else "RGB", bits=bits)


def empty_tile(matrix: Matrix, coding: Coding) -> np.ndarray:
    """Return a tile of nothing, (rows, columns) or (rows, columns, 3).

    Light that passes beside the tissue is white; in gray nothing is told from no signal.
    """
    if coding.samples == 1:
        dtype = np.uint8 if coding.bits == 8 else np.uint16
        return np.zeros((matrix.tile_rows, matrix.tile_columns), dtype)
    return np.full((matrix.tile_rows, matrix.tile_columns, 3), 255, np.uint8)
