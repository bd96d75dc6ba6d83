"""A slide of ten gigabytes in a file of a quarter: its tiles lie on top of each other.

Memory and output are those of any slide of this size; only the disk is spared on one side.
"""

import struct
from array import array
from pathlib import Path

import numpy as np

from tests.bench.conversion.slides import one_tile

TILE, ACROSS, DOWN = 240, 1300, 1250
FACTORS = (1, 4, 16, 64)
_DISTINCT, _COPIES = 61, 600


def make(path: Path) -> int:
    """Write the slide; return how many bytes its tiles have, each counted where it stands."""
    chance = np.random.default_rng(7)
    data = bytearray(b"II+\0\x08\0\0\0" + bytes(8))
    tiles = []
    for tile in [one_tile(chance) for _ in range(_DISTINCT)] * _COPIES:
        tiles.append((len(data), len(tile)))
        data += tile
    described = len(data)
    description = b"Aperio Image Library v12\r\n|AppMag = 20|MPP = 0.25\0"
    data += description
    last, total = 8, 0
    for factor in FACTORS:
        across, down = -(-ACROSS // factor), -(-DOWN // factor)
        places = [tiles[n % len(tiles)] for n in range(across * down)]
        lists = len(data)
        data += array("Q", [start for start, _size in places]).tobytes()
        data += array("Q", [size for _start, size in places]).tobytes()
        total += sum(size for _start, size in places)
        count = len(places)
        entries = [
            (256, 4, 1, ACROSS * TILE // factor),
            (257, 4, 1, DOWN * TILE // factor),
            (258, 3, 3, 8 | 8 << 16 | 8 << 32),
            (259, 3, 1, 7),
            (262, 3, 1, 6),
            (270, 2, len(description), described),
            (277, 3, 1, 3),
            (322, 4, 1, TILE),
            (323, 4, 1, TILE),
            (324, 16, count, lists),
            (325, 16, count, lists + 8 * count),
        ]
        data[last : last + 8] = struct.pack("<Q", len(data))
        data += struct.pack("<Q", len(entries))
        data += b"".join(struct.pack("<HHQQ", *entry) for entry in entries)
        last = len(data)
        data += bytes(8)
    path.write_bytes(data)
    return total
