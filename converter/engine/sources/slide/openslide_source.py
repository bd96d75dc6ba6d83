"""Slides that only OpenSlide reads: NDPI, MRXS, SCN, BIF, SVSLIDE and others.

Their tiles overlap, are strips or lie in formats of their own, so the picture is decoded and
encoded once more, as JPEG of high quality.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from openslide import OpenSlide, OpenSlideError
from PIL import Image

from converter.engine.errors import ConversionError, damaged, too_large
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.slide.coding import Level, Matrix, jpeg_coding
from converter.engine.sources.slide.encoded_level import encoded_level
from converter.engine.sources.slide.encoding import decode_jpeg, encode_jpeg
from converter.engine.sources.slide.instance import UNKNOWN_SPACING_MM, SlideFacts, color_profile
from converter.engine.sources.slide.layout import possible_spacing
from converter.engine.sources.slide.pyramid import unnamed_file
from converter.engine.sources.slide.tiled_level import check_matrix
from converter.engine.sources.slide.writing import write_levels, write_overview

TILE = 512
_QUALITY = 95
_LEAST_STEP = 3.5  # levels of a source that lie closer to each other are left out
_MOST_MAGNIFIED = 10_000
_WHITE, _COLOR = "#FFFFFF", re.compile(r"#[0-9A-Fa-f]{6}")
_STEM = "slide"
_VENDORS = {
    "aperio": "Aperio",
    "hamamatsu": "Hamamatsu",
    "leica": "Leica",
    "mirax": "3DHISTECH",
    "philips": "Philips",
    "sakura": "Sakura",
    "trestle": "Trestle",
    "ventana": "Ventana",
    "zeiss": "Zeiss",
}


@dataclass(frozen=True)
class _Part:
    """The part of a slide that was scanned, in pixels of the finest level."""

    left: int
    top: int
    columns: int
    rows: int


def reads(path: Path) -> bool:
    """Tell whether a file is a slide of one of the scanners known here."""
    return OpenSlide.detect_format(path) in _VENDORS


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write the levels of a slide, and its overview where it is asked for."""
    with _whole(source, job, box) as path, _opened(path) as slide, ExitStack() as files:
        part, folder = _part(slide), box.target_dir
        levels = [
            _level(slide, index, part, job.options, files.enter_context(unnamed_file(folder)))
            for index in _levels(slide)
        ]
        facts = _facts(slide)
        count = write_levels(job, box, facts, [levels])
        if job.options.overview and "macro" in slide.associated_images:
            write_overview(job, box, facts, count, _laid_on(slide.associated_images["macro"]))


def overview(source: Path) -> Image.Image | None:
    """Return the picture of the whole slide; never the label by itself."""
    with _opened(source) as slide:
        found = slide.associated_images.get("macro")
        return None if found is None else _laid_on(found)


@contextmanager
def _whole(source: Path, job: Job, box: Outbox) -> Iterator[Path]:
    """Yield where the slide lies with its companions under names that belong together."""
    if not job.options.companions:
        yield source
        return
    with tempfile.TemporaryDirectory(dir=box.target_dir) as folder:
        beside = Path(folder) / _STEM
        beside.mkdir()
        for name, path in job.options.companions:
            if name in {"", ".", ".."} or "/" in name or "\0" in name:
                raise damaged()
            (beside / name).symlink_to(path.absolute())
        path = Path(folder) / f"{_STEM}.mrxs"
        path.symlink_to(source.absolute())
        yield path


@contextmanager
def _opened(path: Path) -> Iterator[OpenSlide]:
    """Open a slide; what OpenSlide says of a damaged one quotes it, and is not repeated."""
    try:
        with OpenSlide(path) as slide:
            yield slide
    except OpenSlideError:
        raise ConversionError(
            _(
                "This slide cannot be read. Copy it again from the scanner, "
                "or export it as SVS or tiled TIFF."
            ),
            "damaged",
        ) from None
    except MemoryError:
        raise too_large() from None


def _part(slide: OpenSlide) -> _Part:
    """Return what was scanned; some formats lay it into a much larger empty field."""
    columns, rows = slide.dimensions
    names = ("bounds-x", "bounds-y", "bounds-width", "bounds-height")
    found = [slide.properties.get(f"openslide.{name}", "") for name in names]
    if not all(one.isascii() and one.isdigit() for one in found):
        return _Part(0, 0, columns, rows)
    left, top, width, height = map(int, found)
    is_inside = width and height and left + width <= columns and top + height <= rows
    return _Part(left, top, width, height) if is_inside else _Part(0, 0, columns, rows)


def _levels(slide: OpenSlide) -> list[int]:
    """Return which levels are taken: each at least about four times as coarse as the last."""
    chosen = [0]
    for index, shrunk in enumerate(slide.level_downsamples):
        if shrunk >= _LEAST_STEP * slide.level_downsamples[chosen[-1]]:
            chosen.append(index)
    return chosen


def _level(slide: OpenSlide, index: int, part: _Part, options: Options, file: BinaryIO) -> Level:
    shrunk = slide.level_downsamples[index]
    matrix = Matrix(
        max(round(part.columns / shrunk), 1), max(round(part.rows / shrunk), 1), TILE, TILE
    )
    check_matrix(matrix, options)
    tiles = _tiles(slide, index, part, matrix)
    codec = (lambda tile: encode_jpeg(tile, _QUALITY), decode_jpeg)
    return encoded_level(matrix, jpeg_coding("YBR_FULL_422"), tiles, codec, file)


def _tiles(slide: OpenSlide, level: int, part: _Part, matrix: Matrix) -> Iterator[np.ndarray]:
    shrunk, background = slide.level_downsamples[level], _background(slide.properties)
    for row in range(matrix.down):
        for column in range(matrix.across):
            width = min(TILE, matrix.columns - column * TILE)
            height = min(TILE, matrix.rows - row * TILE)
            place = (
                part.left + round(column * TILE * shrunk),
                part.top + round(row * TILE * shrunk),
            )
            tile = np.full((TILE, TILE, 3), 255, np.uint8)
            region = slide.read_region(place, level, (width, height))
            tile[:height, :width] = np.asarray(_laid_on(region, background))
            yield tile


def _laid_on(image: Image.Image, background: str = _WHITE) -> Image.Image:
    """Return a picture without alpha; what is transparent was not scanned."""
    if image.mode != "RGBA":
        return image.convert("RGB")
    whole = Image.new("RGBA", image.size, background)
    return Image.alpha_composite(whole, image).convert("RGB")


def _background(told: Mapping[str, str]) -> str:
    """Return the color of what was not scanned, which is dark where tissue shines."""
    found = f"#{told.get('openslide.background-color', '')}"
    return found if _COLOR.fullmatch(found) else _WHITE


def _facts(slide: OpenSlide) -> SlideFacts:
    told = slide.properties
    spacing = possible_spacing((_mm(told, "openslide.mpp-y"), _mm(told, "openslide.mpp-x")))
    profile = slide.color_profile
    return SlideFacts(
        spacing_mm=spacing or (UNKNOWN_SPACING_MM, UNKNOWN_SPACING_MM),
        magnification=_magnification(told),
        icc_profile=color_profile(profile.tobytes() if profile else b""),
        manufacturer=_VENDORS.get(told.get("openslide.vendor", ""), ""),
    )


def _magnification(told: Mapping[str, str]) -> float:
    found = _number(told.get("openslide.objective-power", ""))
    return found if 0 < found < _MOST_MAGNIFIED else 0.0


def _mm(told: Mapping[str, str], name: str) -> float:
    return _number(told.get(name, "")) / 1000


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
