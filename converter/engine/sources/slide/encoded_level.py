"""A level of frames made here, which wait in a file of no name until they are written."""

import os
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np

from converter.engine.sources.slide.coding import Coding, Matrix
from converter.engine.sources.slide.encoding import shrink


@dataclass
class WaitingFrames:
    """Frames in a file, found by the number of their tile, in whatever order they came."""

    file: BinaryIO = field(repr=False)
    starts: array = field(repr=False)
    sizes: array = field(repr=False)

    @classmethod
    def empty(cls, file: BinaryIO, count: int) -> "WaitingFrames":
        return cls(file, array("Q", bytes(8 * count)), array("Q", bytes(8 * count)))

    def keep(self, index: int, frame: bytes) -> None:
        """Keep the frame of a tile."""
        self.starts[index] = self.file.seek(0, os.SEEK_END)
        self.sizes[index] = self.file.write(frame)

    def frame(self, index: int) -> bytes:
        """Return the frame of a tile."""
        return os.pread(self.file.fileno(), self.sizes[index], self.starts[index])

    def __iter__(self) -> Iterator[bytes]:
        return (self.frame(index) for index in range(len(self.sizes)))

    @property
    def total_bytes(self) -> int:
        return sum(self.sizes)


@dataclass
class EncodedLevel:
    """A level whose tiles were encoded in order before the first one is written."""

    matrix: Matrix
    coding: Coding
    waiting: WaitingFrames
    decode: Callable[[bytes], np.ndarray]
    source_bytes: int = 0  # of a source whose loss is older than these frames

    @property
    def coded_bytes(self) -> int:
        return self.source_bytes or self.waiting.total_bytes

    def frames(self) -> Iterator[bytes]:
        """Yield the frames in the order of TILED_FULL."""
        return iter(self.waiting)

    def reduced(self, index: int, factor: int) -> np.ndarray:
        """Return a tile as a picture `factor` times smaller."""
        rows, columns = self.matrix.extent(index)
        return shrink(self.decode(self.waiting.frame(index))[:rows, :columns], factor)


def encoded_level(
    matrix: Matrix,
    coding: Coding,
    tiles: Iterable[np.ndarray],
    codec: tuple[Callable[[np.ndarray], bytes], Callable[[bytes], np.ndarray]],
    file: BinaryIO,
) -> EncodedLevel:
    """Encode the tiles of a level one after the other.

    Parameters
    ----------
    matrix : Matrix
        Size and tiling.
    coding : Coding
        What `codec` makes.
    tiles : iterable of ndarray
        In the order of TILED_FULL, all of the tile's size.
    codec : pair of callable
        Encodes a tile; decodes a frame.
    file : BinaryIO
        Unbuffered, where the frames wait.
    """
    encode, decode = codec
    waiting = WaitingFrames.empty(file, matrix.tile_count)
    for index, tile in enumerate(tiles):
        waiting.keep(index, encode(tile))
    return EncodedLevel(matrix, coding, waiting, decode)
