"""The workload of one slide of ten gigabytes, for the memory that it takes.

Its file has a quarter of one: its tiles lie on top of each other. Memory and output are those of
any slide of this size; only the disk is spared on one side.
"""

import struct
from array import array
from functools import partial
from pathlib import Path

import numpy as np

from tests.bench.conversion.slides import one_tile
from tests.bench.conversion.workloads import Workload

TILE, ACROSS, DOWN = 240, 1300, 1250
FACTORS = (1, 4, 16, 64)
_DISTINCT, _COPIES = 61, 600
_FEW = 16  # tiles a side of the small one, which a running worker has converted before
_DESCRIPTION = b"Aperio Image Library v12\r\n|AppMag = 20|MPP = 0.25\0"


def workload(is_small: bool) -> Workload:
    """Return the workload; a small one shows in seconds that it works."""
    across, down = (2 * _FEW, _FEW) if is_small else (ACROSS, DOWN)
    size = "a small SVS" if is_small else "an SVS of 10 GB"
    return Workload(
        name="large_slide",
        title=f"{size}, {across * TILE:,} x {down * TILE:,} pixels",
        make=partial(make, across=across, down=down),
        outputs=2,
        peers=lambda room: [],
        goals=(),
        memory_mb=300,
        note=(
            "Beside it lies a small one, which a running worker has converted before. Nobody else "
            "is measured: this is about memory."
        ),
    )


def make(folder: Path, across: int, down: int) -> None:
    """Write a small slide, and one of `across` x `down` tiles."""
    _make_slide(folder / "1-small.svs", _FEW, _FEW)
    _make_slide(folder / "2-large.svs", across, down)


def _make_slide(path: Path, across: int, down: int) -> None:
    chance = np.random.default_rng(7)
    data = bytearray(b"II+\0\x08\0\0\0" + bytes(8))
    tiles = []
    for tile in [one_tile(chance) for _ in range(_DISTINCT)] * min(_COPIES, across):
        tiles.append((len(data), len(tile)))
        data += tile
    described = len(data)
    data += _DESCRIPTION
    last = 8  # where the place of the next directory is to be written
    for factor in (each for each in FACTORS if each < min(across, down)):
        size = across // factor, down // factor
        directory, entries = _directory(data, tiles, size, described)
        data[last : last + 8] = struct.pack("<Q", directory)
        data += struct.pack("<Q", len(entries))
        data += b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
        last = len(data)
        data += bytes(8)
    path.write_bytes(data)


def _directory(
    data: bytearray, tiles: list[tuple[int, int]], size: tuple[int, int], described: int
) -> tuple[int, list[tuple[int, int, int, int]]]:
    """Append the places of a level's tiles; return where its directory goes, and its entries."""
    across, down = size
    count = across * down
    places = [tiles[n % len(tiles)] for n in range(count)]
    starts = len(data)
    data += array("Q", [start for start, _size in places]).tobytes()
    sizes = len(data)
    data += array("Q", [size for _start, size in places]).tobytes()
    entries = [
        (256, 4, 1, across * TILE),
        (257, 4, 1, down * TILE),
        (258, 3, 3, 8 | 8 << 16 | 8 << 32),
        (259, 3, 1, 7),
        (262, 3, 1, 6),
        (270, 2, len(_DESCRIPTION), described),
        (277, 3, 1, 3),
        (322, 4, 1, TILE),
        (323, 4, 1, TILE),
        (324, 16, count, starts),
        (325, 16, count, sizes),
    ]
    return len(data), entries
