"""The workload of whole slides: four SVS of 40,960 x 30,720 pixels, half a gigabyte together."""

import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image

from tests.bench.contestants import Command, Contestant, make_peers, not_on_path
from tests.bench.conversion.workloads import LEFT_OUT, Goal, Workload

COUNT = 4
COLUMNS, ROWS, TILE = 40_960, 30_720, 240
FACTORS = (1, 4, 16)
_DISTINCT = 61  # a prime: no pattern of tiles repeats from row to row
_QUALITY = 70
WSIDICOMIZER, WSIDICOMIZER_PACKAGE = "wsidicomizer in a loop", "wsidicomizer==0.26.1"


def workload(is_small: bool) -> Workload:
    """Return the workload; a small one shows in seconds that it works."""
    count, size = (1, (2400, 1920)) if is_small else (COUNT, (COLUMNS, ROWS))
    return Workload(
        name="slides",
        title=f"{count} SVS of {size[0]:,} x {size[1]:,} pixels",
        make=partial(make, count=count, size=size),
        outputs=count,  # a level is an instance, and how many levels there are is free
        peers=partial(peers, is_small=is_small),
        goals=(
            Goal(WSIDICOMIZER, command=0.50, worker=0.40),
            Goal("cp -r", command=1.5),
        ),
        memory_mb=300,
        note=(
            "`OrthancWSIDicomizer` makes no DICOM of the thumbnail of an SVS and looks at nothing "
            "that names a patient; `cp` copies."
        ),
        packages=("orthanc-wsi", "libturbojpeg0"),
    )


def make(folder: Path, count: int, size: tuple[int, int]) -> None:
    """Write the slides into `folder`; each has tiles of its own."""
    for number in range(1, count + 1):
        _slide(folder / f"slide-{number}.svs", number, size)


def peers(room: Path, is_small: bool) -> list[Contestant]:
    """Return wsidicomizer in a venv of its own, Orthanc's converter, and a plain copy."""
    missing = LEFT_OUT if is_small else make_peers(room, (WSIDICOMIZER_PACKAGE,))
    dicomize = f'"{room}/bin/wsidicomizer" -i "$f" -o "$t" -w 2 --add-missing-levels'
    loop = 'mkdir "$1" && for f in "$0"/*; do t="$1/${f##*/}"; %s || exit; done'

    def looped(call: str) -> Command:
        return lambda sources, out: ["sh", "-c", loop % call, str(sources), str(out)]

    orthanc = 'mkdir "$t" && OrthancWSIDicomizer --folder="$t" "$f"'
    return [
        Contestant(WSIDICOMIZER, looped(f"{dicomize} --no-label --no-overview"), missing=missing),
        Contestant(
            "OrthancWSIDicomizer in a loop",
            looped(orthanc),
            missing=not_on_path("OrthancWSIDicomizer", "orthanc-wsi"),
        ),
        Contestant("cp -r", lambda sources, out: ["cp", "-r", str(sources), str(out)]),
    ]


def _slide(path: Path, number: int, size: tuple[int, int]) -> None:
    columns, rows = size
    description = (
        f"Aperio Image Library v12.0.15\r\n{columns}x{rows} [0,0 {columns}x{rows}] ({TILE}x{TILE}) "
        f"JPEG/RGB Q={_QUALITY}|AppMag = 20|MPP = 0.4990"
    )
    chance = np.random.default_rng(number)
    tiles = [_jpeg(_tissue(chance), 2) for _ in range(_DISTINCT)]
    tables = _jpeg(np.zeros((TILE, TILE, 3), np.uint8), 1)
    with tifffile.TiffWriter(path) as writer:
        for factor in FACTORS:
            columns, rows = size[0] // factor, size[1] // factor
            writer.write(
                _repeated(tiles, -(-columns // TILE) * -(-rows // TILE)),
                shape=(rows, columns, 3),
                dtype=np.uint8,
                tile=(TILE, TILE),
                photometric="ycbcr",
                compression="jpeg",
                jpegtables=tables,
                description=description,
                metadata=None,
            )
            if factor == 1:
                writer.write(
                    np.zeros((576, 768, 3), np.uint8),
                    photometric="rgb",
                    rowsperstrip=64,
                    description=description,
                    metadata=None,
                )


def _repeated(tiles: list[bytes], count: int) -> Iterator[bytes]:
    for index in range(count):
        yield tiles[index % len(tiles)]


def one_tile(chance: np.random.Generator) -> bytes:
    """Return a whole JPEG of a tile."""
    return _jpeg(_tissue(chance), 0)


def _tissue(chance: np.random.Generator) -> np.ndarray:
    """Return a tile that looks like stained tissue to an encoder: blobs, and grain on them."""
    coarse = chance.integers(120, 230, (TILE // 12, TILE // 12, 3)).astype(np.uint8)
    smooth = Image.fromarray(coarse).resize((TILE, TILE), Image.Resampling.BICUBIC)
    grain = chance.normal(0, 2, (TILE, TILE, 1))
    return (np.asarray(smooth) + grain).clip(0, 255).astype(np.uint8)


def _jpeg(picture: np.ndarray, part: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "JPEG", quality=_QUALITY, streamtype=part)
    return stream.getvalue()
