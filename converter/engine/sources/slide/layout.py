"""Which directories of a TIFF are the levels of a slide, and what its scanner says of it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from converter.engine.errors import ConversionError, damaged
from converter.engine.errors import gettext_noop as _
from converter.engine.sources.limits import LARGE_SIDE
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.directories import Directory, TiffStructure
from converter.engine.sources.slide.ome_slide import ome_description, ome_slide
from converter.engine.sources.slide.optics import Optics
from converter.engine.sources.slide.qptiff import (
    qptiff_channels,
    qptiff_magnification,
    qptiff_optics,
)

APERIO, PERKIN_ELMER, PHILIPS, GENERIC = "Aperio", "PerkinElmer", "Philips", ""
APERIO_YCBCR = 33003
"""A compression: JPEG 2000 whose components are YCbCr, and nothing in it says so."""
_MOST_LEVELS = 32
_MOST_SAMPLES = 16  # that a pixel of a picture can have, all bands and masks counted
_MOST_DIRECTORIES = 2000  # of a slide: channels, focal planes, and levels of each
_SHAPE_TOLERANCE = 0.02
_GRAY = frozenset({0, 1})
_MM_OF_UNIT = {2: 25.4, 3: 10.0}
_UNMEASURED_DOTS = frozenset({1, 72, 96, 150, 300})
# Every repeat has an end: a description may be megabytes of anything.
_MPP = re.compile(rb"\|\s{0,9}MPP\s{0,9}=\s{0,9}(\d{1,6}\.?\d{0,12})")
_MAGNIFICATION = re.compile(rb"\|\s{0,9}AppMag\s{0,9}=\s{0,9}(\d{1,4}\.?\d{0,6})")
_PHILIPS_SPACING = re.compile(
    rb"DICOM_PIXEL_SPACING[^>]{0,200}>\D{0,50}?(\d{0,6}\.\d{1,15})\D{1,50}?(\d{0,6}\.\d{1,15})"
)
_LEAST_MM, _MOST_MM = 1e-6, 10.0  # what a pixel of a slide can be at all


@dataclass(frozen=True)
class Facts:
    """What is known of a slide beside its pixels: the pixel's size in mm, and who scanned it."""

    spacing_mm: tuple[float, float] | None = None  # between rows, then between columns
    magnification: float = 0.0
    vendor: str = GENERIC
    optics: Optics = field(default_factory=Optics)


@dataclass(frozen=True)
class SlideLayout:
    """The directories of a slide: the levels of each plane, the finest first.

    Levels are alike in all planes; a plane is one directory without tiles where it is flat and
    large.
    """

    planes: tuple[tuple[Directory, ...], ...]
    facts: Facts
    overview: Directory | None = None


def is_left_to_openslide(structure: TiffStructure) -> bool:
    """Tell whether a TIFF is of a scanner whose pictures are strips, overlap or lie apart."""
    first = next(structure.directories(), None)
    if first is None:
        return False
    if tiff.NDPI_SOURCE in first.tags or b"leica-microsystems.com/scn" in first.description:
        return True
    is_ventana = any(
        b"<iScan" in directory.blob(tiff.XMP, 1 << 20)
        for directory in islice(structure.directories(), _MOST_DIRECTORIES)
    )
    return is_ventana or first.blob(tiff.SOFTWARE, 1024).startswith(b"MedScan")


def slide_layout(structure: TiffStructure) -> SlideLayout | None:
    """Tell the levels of a slide; None for a TIFF that is none.

    A TIFF is a slide if its scanner says so, or if its first picture lies in tiles and smaller
    pictures of it follow, or if that picture is large. Only OME-TIFF says what several pictures of
    one size are.
    """
    directories = list(islice(structure.directories(), _MOST_DIRECTORIES + 1))
    if not 0 < len(directories) <= _MOST_DIRECTORIES:
        return None
    first = directories[0]
    description = ome_description(first)
    if description is not None:
        return _ome_layout(description, directories)
    if channels := qptiff_channels(directories):
        return _qptiff_layout(channels)
    vendor = _vendor(first) if first.is_tiled else GENERIC
    levels = _levels(first, vendor, directories[1:])
    is_alone = all(one.size != first.size for one in directories[1:])
    if not vendor and not (is_alone and _is_plain(first) and _is_pyramid(levels)):
        return None
    if vendor == PHILIPS:  # the smallest levels may all be filled up to one size
        levels = [
            one for n, one in enumerate(levels) if n == 0 or one.columns < levels[n - 1].columns
        ]
    _check_sizes(levels)
    return SlideLayout((tuple(levels),), _facts(first, vendor), _overview(directories, vendor))


def _ome_layout(description: str, directories: Sequence[Directory]) -> SlideLayout | None:
    """Tell the levels of all planes of an OME-TIFF; None where it is no slide."""
    slide = ome_slide(description, directories)
    if slide is None or not all(_is_plain(plane) for plane in slide.planes):
        return None
    beside = directories[1:] if len(slide.planes) == 1 else []
    planes = [_levels(plane, GENERIC, beside) for plane in slide.planes]
    if not _is_pyramid(planes[0]):
        return None
    spacing = possible_spacing(slide.spacing_mm or resolution_mm(planes[0][0]))
    return SlideLayout(_checked(planes), Facts(spacing, optics=slide.optics))


def _qptiff_layout(levels: Sequence[Sequence[Directory]]) -> SlideLayout | None:
    """Tell the levels of the channels of a QPTIFF; None where a slide cannot hold them."""
    channels = levels[0]
    first = channels[0]
    if not all(_is_plain(channel) for channel in channels):
        return None
    alike = [level for level in levels if _is_alike(first, level[0], GENERIC)]
    facts = Facts(
        possible_spacing(resolution_mm(first)),
        qptiff_magnification(first),
        PERKIN_ELMER,
        qptiff_optics(channels),
    )
    return SlideLayout(_checked(list(zip(*alike, strict=True))), facts)


def _checked(planes: Sequence[Sequence[Directory]]) -> tuple[tuple[Directory, ...], ...]:
    """Return the planes; their levels must be alike."""
    forms = [[_form(level) for level in levels] for levels in planes]
    if any(form != forms[0] for form in forms):
        raise damaged()
    _check_sizes(planes[0])
    return tuple(tuple(levels) for levels in planes)


def _levels(first: Directory, vendor: str, beside: Sequence[Directory]) -> list[Directory]:
    """Return a picture and the smaller ones of it: those that it names, and those beside it.

    Aperio does not mark those beside it; only its levels lie in tiles.
    """
    if not first.is_tiled:
        return [first]
    nested = [
        first.structure.directory_at(at) for at in first.numbers(tiff.SUB_DIRECTORIES, _MOST_LEVELS)
    ]
    marked = [one for one in beside if one.is_reduced or vendor] + nested
    smaller = [one for one in marked if one.is_tiled and _is_alike(first, one, vendor)]
    return sorted([first, *smaller], key=lambda level: -level.columns)


def _is_pyramid(levels: Sequence[Directory]) -> bool:
    return len(levels) > 1 or max(levels[0].size) > LARGE_SIDE


def _is_plain(directory: Directory) -> bool:
    """Tell whether a picture is upright, gray of 8 to 16 bits or in color of 8."""
    bits = directory.numbers(tiff.BITS_PER_SAMPLE, _MOST_SAMPLES)
    is_gray = directory.number(tiff.PHOTOMETRIC, -1) in _GRAY and len(bits) == 1
    has_place = set(bits) == {8} or (is_gray and 8 <= bits[0] <= 16)
    is_upright = directory.number(tiff.ORIENTATION, 1) == 1
    return has_place and directory.number(tiff.SAMPLE_FORMAT, 1) == 1 and is_upright


def _form(directory: Directory) -> tuple[int, ...]:
    """Return what a level has in common in all planes."""
    codes = (tiff.TILE_WIDTH, tiff.TILE_LENGTH, tiff.SAMPLES_PER_PIXEL, tiff.PHOTOMETRIC)
    bits = max(directory.numbers(tiff.BITS_PER_SAMPLE, _MOST_SAMPLES), default=1)
    return *directory.size, bits, *(directory.number(code) for code in codes)


def _vendor(first: Directory) -> str:
    if first.description.startswith(b"Aperio"):
        return APERIO
    return PHILIPS if b"DPUfsImport" in first.description[:4096] else GENERIC


def _is_alike(first: Directory, other: Directory, vendor: str) -> bool:
    """Tell whether a picture can show the same as `first` in fewer pixels."""
    columns, rows = other.columns, other.rows
    if not (columns and rows) or columns > first.columns or rows > first.rows:
        return False
    across, down = first.columns / columns, first.rows / rows
    if vendor == PHILIPS:  # whose levels are filled up to whole tiles
        return True
    rounding = 1 / columns + 1 / rows
    return abs(across / down - 1) < _SHAPE_TOLERANCE + rounding


def _check_sizes(levels: Sequence[Directory]) -> None:
    sizes = [level.columns for level in levels]
    if len(set(sizes)) != len(sizes) or len(sizes) > _MOST_LEVELS:
        raise ConversionError(
            _(
                "This slide has several pictures of one size, such as planes of focus or "
                "channels. Export it as OME-TIFF, or the one you need."
            ),
            "unsupported",
        )


def _overview(directories: Sequence[Directory], vendor: str) -> Directory | None:
    """Return the picture of the whole slide; the label is never looked for."""
    if vendor != APERIO:
        return None
    for directory in directories[1:]:
        if not directory.is_tiled and b"macro" in directory.description[:1024].lower():
            return directory
    return None


def _facts(first: Directory, vendor: str) -> Facts:
    description = first.description
    if vendor == APERIO:
        mpp, magnification = _MPP.search(description), _MAGNIFICATION.search(description)
        mm = float(mpp[1]) / 1000 if mpp else 0.0
        spacing = (mm, mm) if mm else None
        return Facts(
            possible_spacing(spacing), float(magnification[1]) if magnification else 0.0, vendor
        )
    found = _PHILIPS_SPACING.search(description) if vendor == PHILIPS else None
    spacing = (float(found[1]), float(found[2])) if found else resolution_mm(first)
    return Facts(possible_spacing(spacing), vendor=vendor)


def possible_spacing(spacing: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return a spacing that a slide can have, else none."""
    is_possible = spacing and all(_LEAST_MM <= mm <= _MOST_MM for mm in spacing)
    return spacing if is_possible else None


def resolution_mm(directory: Directory) -> tuple[float, float] | None:
    """Return what the resolution tags say, unless it is what programs write of any picture."""
    unit_mm = _MM_OF_UNIT.get(directory.number(tiff.RESOLUTION_UNIT, 2))
    dots = [directory.ratio(code) for code in (tiff.Y_RESOLUTION, tiff.X_RESOLUTION)]
    if unit_mm is None or min(dots) <= 0:
        return None
    if any(round(25.4 * dot / unit_mm) in _UNMEASURED_DOTS for dot in dots):
        return None
    return unit_mm / dots[0], unit_mm / dots[1]
