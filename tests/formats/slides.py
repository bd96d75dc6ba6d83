"""Slides; the tiles of the finest level are compared with what OpenSlide or tifffile reads."""

import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openslide
import tifffile
from pydicom.dataset import Dataset

from tests.formats.samples import Refused, Sample

from fluorescence_samples import planes_of, signal, write_fluorescence, write_qptiff, write_several  # isort: skip
from slide_samples import tissue, whole, write_jpeg_2000_svs, write_pyramid, write_svs  # isort: skip

COLUMNS, ROWS = 700, 530


def samples() -> list[Sample]:
    rgb = written(lambda path: write_svs(path, COLUMNS, ROWS, is_rgb=True))
    codestreams = written(
        lambda path: write_jpeg_2000_svs(path, tissue(COLUMNS, ROWS), 33005, level=0)
    )
    channels = written(write_fluorescence)
    gray = written(
        lambda path: write_pyramid(
            path, signal(COLUMNS, ROWS), photometric="minisblack", compression="zlib"
        )
    )
    qptiff = written(lambda path: write_qptiff(path, planes_of(3, 1, COLUMNS, ROWS)))
    packed = written(lambda path: write_pyramid(path, tissue(COLUMNS, ROWS), compression="lzw"))
    return [
        Sample("SVS", "JPEG, RGB", rgb, "OpenSlide", by_openslide, is_slide=True),
        Sample("SVS", "JPEG 2000", codestreams, "OpenSlide", by_openslide, is_slide=True),
        Sample("tiled TIFF", "levels, LZW", packed, "tifffile", by_tifffile, is_slide=True),
        Sample("tiled TIFF", "levels, 16 bits", gray, "tifffile", by_tifffile, is_slide=True),
        Sample("OME-TIFF", "channels with levels", channels, "tifffile", by_plane, is_slide=True),
        Sample("QPTIFF", "channels", qptiff, "tifffile", by_plane, is_slide=True),
    ]


def refused() -> list[Refused]:
    several = written(lambda path: write_several(path, [signal(16_400, 40), signal(16_400, 40)]))
    return [Refused("OME-TIFF of several slides", several)]


def tiles(dataset: Dataset) -> np.ndarray:
    """Return the tiles of a level as one picture, those of its optical paths below each other."""
    return whole(dataset).astype(float)


def written(write: Callable[[Path], object]) -> bytes:
    """Return what `write` puts into a file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slide.svs"
        write(path)
        return path.read_bytes()


def by_openslide(data: bytes) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slide.svs"
        path.write_bytes(data)
        with openslide.OpenSlide(path) as slide:
            region = slide.read_region((0, 0), 0, slide.dimensions)
    return np.asarray(region.convert("RGB"))


def by_tifffile(data: bytes) -> np.ndarray:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return file.pages[0].asarray()


def by_plane(data: bytes) -> np.ndarray:
    """Read the channels of the finest level, below each other."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return np.concatenate(file.series[0].levels[0].asarray())
