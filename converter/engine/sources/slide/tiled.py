"""Slides that are TIFF: levels copied where they can be, else decoded, else left to OpenSlide."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.coding import Level
from converter.engine.sources.slide.directories import TiffStructure
from converter.engine.sources.slide.instance import UNKNOWN_SPACING_MM, SlideFacts, color_profile
from converter.engine.sources.slide.layout import (
    APERIO_YCBCR,
    PHILIPS,
    SlideLayout,
    is_left_to_openslide,
    slide_layout,
)
from converter.engine.sources.slide.tiled_level import TileList, copied_level, tile_list
from converter.engine.sources.slide.writing import write_levels, write_overview

_LONGEST_PROFILE = 1 << 22


def convert_slide(source: Path, job: Job, box: Outbox) -> bool:
    """Write the levels of a slide; return False for a TIFF that is none."""
    with source.open("rb") as file, ExitStack() as files:
        structure = TiffStructure(file.fileno())
        if is_left_to_openslide(structure):
            _by_openslide(source, job, box)
            return True
        layout = slide_layout(structure)
        if layout is None:
            return False
        if not layout.planes[0][0].is_tiled:
            from converter.engine.sources.slide.flat_tiff import convert_flat

            convert_flat(source, layout, job, box)
            return True
        planes = _planes(source, _tile_lists(layout, job.options), files)
        if planes is None:
            _by_openslide(source, job, box)
            return True
        facts = slide_facts(layout)
        count = write_levels(job, box, facts, planes)
        if job.options.overview and layout.overview:
            _write_overview(source, job, box, facts, count)
        return True


def _tile_lists(layout: SlideLayout, options: Options) -> list[list[TileList]]:
    """Return where the tiles of each plane lie; the limits of a slide hold for all of them."""
    count = len(layout.planes)
    shares = replace(
        options,
        max_slide_pixels=options.max_slide_pixels // count,
        max_slide_tiles=options.max_slide_tiles // count,
        max_slide_bytes=options.max_slide_bytes // count,
    )
    return [[tile_list(level, shares) for level in levels] for levels in layout.planes]


def _planes(
    source: Path, lists: Sequence[Sequence[TileList]], files: ExitStack
) -> list[Sequence[Level]] | None:
    """Return the levels of each plane as they can be written, in one coding for all planes.

    None where only OpenSlide knows the colors.
    """
    by_level = [_copied(alike) for alike in zip(*lists, strict=True)]
    missing = [n for n, planes in enumerate(by_level) if not planes]
    directories = [levels[n].directory for levels in lists for n in missing]
    if any(one.number(tiff.COMPRESSION) == APERIO_YCBCR for one in directories):
        return None
    if missing:
        from converter.engine.sources.slide.decoded_level import decoded_level, opened

        file = files.enter_context(opened(source))
        for n in missing:
            by_level[n] = [decoded_level(file, levels[n]) for levels in lists]
    return list(zip(*by_level, strict=True))


def _copied(alike: Sequence[TileList]) -> Sequence[Level]:
    """Return a level in all planes, their tiles as they are; nothing where one has to change."""
    copied = [level for tiles in alike if (level := copied_level(tiles))]
    is_whole = len(copied) == len(alike) and len({level.coding for level in copied}) == 1
    return copied if is_whole else []


def _by_openslide(source: Path, job: Job, box: Outbox) -> None:
    from converter.engine.sources.slide.openslide_source import convert

    convert(source, job, box)


def _write_overview(source: Path, job: Job, box: Outbox, facts: SlideFacts, index: int) -> None:
    from converter.engine.sources.slide.openslide_source import overview

    picture = overview(source)
    if picture is not None:
        write_overview(job, box, facts, index, picture)


def slide_facts(layout: SlideLayout) -> SlideFacts:
    """Return what all levels share."""
    unknown = (UNKNOWN_SPACING_MM, UNKNOWN_SPACING_MM)
    return SlideFacts(
        spacing_mm=layout.facts.spacing_mm or unknown,
        magnification=layout.facts.magnification,
        icc_profile=color_profile(layout.planes[0][0].blob(tiff.ICC_PROFILE, _LONGEST_PROFILE)),
        manufacturer=layout.facts.vendor,
        optics=layout.facts.optics,
        has_padded_levels=layout.facts.vendor == PHILIPS,
    )
