"""Levels that a source does not have, made from the level below with a few tiles in memory."""

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from converter.engine.errors import damaged
from converter.engine.sources.slide.coding import Coding, Level, Matrix, empty_tile
from converter.engine.sources.slide.encoded_level import WaitingFrames
from converter.engine.sources.slide.encoding import coding_beside, encode, shrink

FACTOR = 4
"""How much smaller a made level is than the one below."""
_WIDEST_GAP = 4.5  # scanners round the sizes of their levels


@dataclass
class MadeLevel:
    """A plane of a level whose frames wait in an unnamed file, in the order of their making."""

    matrix: Matrix
    coding: Coding
    below: Level
    waiting: WaitingFrames

    @property
    def coded_bytes(self) -> int:
        return self.waiting.total_bytes

    def frames(self) -> Iterator[bytes]:
        """Yield the frames in the order of TILED_FULL."""
        return iter(self.waiting)

    def reduced(self, index: int, factor: int) -> np.ndarray:
        """Make a tile, keep its frame, and return it `factor` times smaller."""
        rows, columns = self.matrix.extent(index)
        return shrink(self.make(index)[:rows, :columns], factor)

    def make(self, index: int) -> np.ndarray:
        """Make a tile of the tiles below it; each is made once."""
        below = self.below.matrix
        row, column = divmod(index, self.matrix.across)
        tile = empty_tile(self.matrix, self.coding)
        width, height = below.tile_columns // FACTOR, below.tile_rows // FACTOR
        for down in range(FACTOR):
            for right in range(FACTOR):
                source_row, source_column = row * FACTOR + down, column * FACTOR + right
                if source_row < below.down and source_column < below.across:
                    source = source_row * below.across + source_column
                    piece = self.below.reduced(source, FACTOR)
                    top, left = down * height, right * width
                    tile[top : top + piece.shape[0], left : left + piece.shape[1]] = piece
        self.waiting.keep(index, encode(tile, self.coding))
        return tile


def with_missing_levels(levels: Sequence[Level], file: BinaryIO) -> list[Level]:
    """Return the levels and those that are missing: none is over four times as fine as the next.

    Parameters
    ----------
    levels : sequence of Level
        At least one, the finest first, of one plane.
    file : BinaryIO
        Where the frames of made levels wait, those of other planes too; see `unnamed_file`.

    Returns
    -------
    list of Level
        The last one fits into one tile.
    """
    whole: list[Level] = []
    for level, following in zip(levels, [*levels[1:], None], strict=True):
        whole.append(level)
        made: list[MadeLevel] = []
        while _is_missing(whole[-1].matrix, following):
            made.append(_made(whole[-1], file))
            whole.append(made[-1])
        if made:
            for index in range(made[-1].matrix.tile_count):
                made[-1].make(index)
    return whole


def _is_missing(matrix: Matrix, following: Level | None) -> bool:
    if following is None:
        return not matrix.is_one_tile
    return matrix.columns > _WIDEST_GAP * following.matrix.columns


def _made(below: Level, waiting: BinaryIO) -> MadeLevel:
    if below.matrix.tile_columns % FACTOR or below.matrix.tile_rows % FACTOR:
        raise damaged()  # TIFF wants multiples of 16
    matrix = Matrix(
        -(-below.matrix.columns // FACTOR),
        -(-below.matrix.rows // FACTOR),
        below.matrix.tile_columns,
        below.matrix.tile_rows,
    )
    return MadeLevel(
        matrix, coding_beside(below.coding), below, WaitingFrames.empty(waiting, matrix.tile_count)
    )


def unnamed_file(work_dir: Path) -> BinaryIO:
    """Open an unbuffered file that nobody can see and that ends with its last reader."""
    return tempfile.TemporaryFile(dir=work_dir, buffering=0)
