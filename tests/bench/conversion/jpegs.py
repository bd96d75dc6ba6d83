"""1,000 color JPEGs of 1 Mpixel, 0.5 GB, beside DCMTK's img2dcm."""

from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from tests.bench.contestants import Contestant, not_on_path
from tests.bench.conversion.workloads import Goal, Workload

COUNT, SMALL_COUNT = 1000, 6
COLUMNS, ROWS = 1250, 800
QUALITY = 93
IMG2DCM, IMG2DCM_PER_CORE = "img2dcm in a loop", "img2dcm, one per core"


def workload(is_small: bool) -> Workload:
    count = SMALL_COUNT if is_small else COUNT
    return Workload(
        name="jpegs",
        title=f"{count:,} RGB JPEGs of 1 Mpixel",
        make=partial(make, count=count),
        outputs=count,
        peers=peers,
        goals=(Goal(IMG2DCM, command=0.20, worker=0.12),),
        note=(
            "`img2dcm` converts one file at a time and keeps no checksum; comments and "
            "EXIF data go with `-rc` and its default."
        ),
        packages=("dcmtk",),
    )


def make(folder: Path, count: int) -> None:
    """Write pictures that all differ: cut out of a larger one, with its noise."""
    random = np.random.default_rng(20)
    y, x = np.mgrid[: ROWS + 100, : COLUMNS + 100]
    waves = np.stack([x / 5, y / 4, (x + y) / 9], axis=-1)
    large = 128 + 90 * np.sin(waves / 9) + random.normal(0, 13, waves.shape)
    picture = Image.fromarray(large.clip(0, 255).astype(np.uint8))
    for number in range(count):
        left, top = number % 97, number // 97
        part = picture.crop((left, top, left + COLUMNS, top + ROWS))
        part.save(folder / f"{number:04}.jpg", quality=QUALITY)


def peers(room: Path) -> list[Contestant]:
    """Return img2dcm, as people run it and on every core."""
    missing = not_on_path("img2dcm", "dcmtk")
    return [
        Contestant(IMG2DCM, _loop, missing=missing),
        Contestant(IMG2DCM_PER_CORE, _per_core, missing=missing),
    ]


def _loop(sources: Path, out: Path) -> list[str]:
    script = 'mkdir "$1" && for f in "$0"/*; do img2dcm -q -rc "$f" "$1/${f##*/}.dcm" || exit; done'
    return ["sh", "-c", script, str(sources), str(out)]


def _per_core(sources: Path, out: Path) -> list[str]:
    script = 'mkdir "$1" && ls "$0" | xargs -P "$(nproc)" -I % img2dcm -q -rc "$0/%" "$1/%.dcm"'
    return ["sh", "-c", script, str(sources), str(out)]
