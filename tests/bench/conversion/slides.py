"""The workload of whole slides: four SVS of 40,960 x 30,720 pixels, half a gigabyte together."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

COUNT = 4
COLUMNS, ROWS, TILE = 40_960, 30_720, 240
FACTORS = (1, 4, 16)
_DISTINCT = 61  # a prime: no pattern of tiles repeats from row to row
_QUALITY = 70
_DESCRIPTION = (
    f"Aperio Image Library v12.0.15\r\n{COLUMNS}x{ROWS} [0,0 {COLUMNS}x{ROWS}] ({TILE}x{TILE}) "
    f"JPEG/RGB Q={_QUALITY}|AppMag = 20|MPP = 0.4990"
)


def make(folder: Path) -> list[Path]:
    """Write the slides into `folder`; each has tiles of its own."""
    return [_slide(folder / f"slide-{number}.svs", number) for number in range(1, COUNT + 1)]


def peers(source: Path, output: Path) -> dict[str, list[str]]:
    """Return the command lines that do the same, or less, with one slide, by the peer's name.

    `output` is a folder that does not exist (wsidicomizer makes it) or is empty.
    """
    dicomizer = ["wsidicomizer", "-i", str(source), "-o", str(output), "-w", "2"]
    return {
        "wsidicomizer": [*dicomizer, "--add-missing-levels", "--no-label", "--no-overview"],
        # It reads tiled TIFF by itself, tile by tile; the thumbnail of SVS it cannot take.
        "OrthancWSIDicomizer": ["OrthancWSIDicomizer", f"--folder={output}", str(source)],
        "cp": ["cp", str(source), str(output)],
    }


def _slide(path: Path, number: int) -> Path:
    chance = np.random.default_rng(number)
    tiles = [_tile(chance) for _ in range(_DISTINCT)]
    tables = _jpeg(np.zeros((TILE, TILE, 3), np.uint8), 1)
    with tifffile.TiffWriter(path) as writer:
        for factor in FACTORS:
            columns, rows = COLUMNS // factor, ROWS // factor
            writer.write(
                _repeated(tiles, -(-columns // TILE) * -(-rows // TILE)),
                shape=(rows, columns, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="ycbcr",
                compression="jpeg",
                jpegtables=tables,
                description=_DESCRIPTION,
                metadata=None,
            )
            if factor == 1:
                writer.write(
                    np.zeros((576, 768, 3), np.uint8),
                    photometric="rgb",
                    rowsperstrip=64,
                    description=_DESCRIPTION,
                    metadata=None,
                )
    return path


def _repeated(tiles: list[bytes], count: int) -> Iterator[bytes]:
    for index in range(count):
        yield tiles[index % len(tiles)]


def _tile(chance: np.random.Generator) -> bytes:
    """Return a tile that looks like stained tissue to an encoder: blobs, and grain on them."""
    coarse = chance.integers(120, 230, (TILE // 12, TILE // 12, 3)).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize((TILE, TILE), Image.Resampling.BICUBIC)
    grain = chance.normal(0, 2, (TILE, TILE, 1))
    return _jpeg((np.asarray(smooth) + grain).clip(0, 255).astype(np.uint8), 2)


def _jpeg(picture: np.ndarray, part: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=_QUALITY, streamtype=part)
    return stream.getvalue()
