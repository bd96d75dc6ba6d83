"""Large pictures without tiles as a pyramid: decoded once, band by band where a format lets us."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps

from converter.engine.errors import damaged
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.exif import orientation
from converter.engine.sources.raster import flat_bands, shows_gray
from converter.engine.sources.slide.coding import Matrix, lossless_coding
from converter.engine.sources.slide.encoded_level import EncodedLevel, encoded_level
from converter.engine.sources.slide.encoding import decode_lossless, encode_lossless
from converter.engine.sources.slide.instance import UNKNOWN_SPACING_MM, SlideFacts, color_profile
from converter.engine.sources.slide.pyramid import unnamed_file
from converter.engine.sources.slide.tiled_level import check_matrix
from converter.engine.sources.slide.writing import write_levels

TILE = 512


@dataclass(frozen=True)
class FlatPicture:
    """A picture that is read from above to below.

    `bands` yields arrays of any height, (rows, columns) of 8 or 16 bits or (rows, columns, 3) of 8.
    `lossy_method` is empty for a source without loss.
    """

    columns: int
    rows: int
    samples: int
    bands: Callable[[], Iterator[np.ndarray]]
    bits: int = 8
    icc_profile: bytes = b""
    lossy_method: str = ""
    source_bytes: int = 0


def write_pyramid(job: Job, box: Outbox, picture: FlatPicture) -> None:
    """Write a large picture as the levels of a slide, without any further loss."""
    facts = SlideFacts(
        spacing_mm=(UNKNOWN_SPACING_MM, UNKNOWN_SPACING_MM),
        magnification=0.0,
        icc_profile=color_profile(picture.icc_profile),
        manufacturer="",
    )
    write_pyramids(job, box, facts, [picture])


def write_pyramids(
    job: Job, box: Outbox, facts: SlideFacts, pictures: Sequence[FlatPicture]
) -> None:
    """Write large pictures of one size and color as the planes of a slide, see `write_levels`."""
    matrix = Matrix(pictures[0].columns, pictures[0].rows, TILE, TILE)
    check_matrix(matrix, job.options)
    with unnamed_file(box.target_dir) as file:
        planes = [[_level(picture, matrix, file)] for picture in pictures]
        write_levels(job, box, facts, planes)


def _level(picture: FlatPicture, matrix: Matrix, file: BinaryIO) -> EncodedLevel:
    coding = lossless_coding(picture.samples, picture.bits)
    coding = replace(coding, lossy_method=picture.lossy_method)
    codec = (encode_lossless, decode_lossless)
    level = encoded_level(matrix, coding, _tiles(picture, matrix), codec, file)
    level.source_bytes = picture.source_bytes
    return level


def flat_image(image: Image.Image, lossy_ratio: float, lossy_method: str) -> FlatPicture:
    """Return an open picture of up to 8 bits per sample, flattened band by band."""
    profile = None if image.mode == "CMYK" else image.info.get("icc_profile")
    if orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
    is_gray = shows_gray(image)
    samples = 1 if is_gray else 3
    sample_count = image.width * image.height * samples
    return FlatPicture(
        columns=image.width,
        rows=image.height,
        samples=samples,
        bands=lambda: _bands(image, is_gray),
        icc_profile=profile or b"",
        lossy_method=lossy_method,
        source_bytes=round(sample_count / lossy_ratio) if lossy_ratio else 0,
    )


def _bands(image: Image.Image, is_gray: bool) -> Iterator[np.ndarray]:
    for picture in flat_bands(image, TILE):
        shape = (picture.rows, picture.columns, 3)[: 2 if is_gray else 3]
        yield np.frombuffer(picture.data, np.uint8).reshape(shape)


def _tiles(picture: FlatPicture, matrix: Matrix) -> Iterator[np.ndarray]:
    """Cut bands into tiles; memory holds as many rows as a tile has, and a band."""
    shape = (TILE, matrix.across * TILE, picture.samples)
    dtype = np.uint8 if picture.bits == 8 else np.uint16
    strip = np.full(shape if picture.samples > 1 else shape[:2], 255, dtype)
    filled, seen = 0, 0
    for band in picture.bands():
        while len(band):
            taken = band[: TILE - filled]
            strip[filled : filled + len(taken), : picture.columns] = taken
            band = band[len(taken) :]
            filled, seen = filled + len(taken), seen + len(taken)
            if filled == TILE:
                yield from _cut(strip)
                strip[:], filled = 255, 0
    if seen != picture.rows:
        raise damaged()
    if filled:
        yield from _cut(strip)


def _cut(strip: np.ndarray) -> Iterator[np.ndarray]:
    for left in range(0, strip.shape[1], TILE):
        yield strip[:, left : left + TILE]
