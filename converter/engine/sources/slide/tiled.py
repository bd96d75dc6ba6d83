"""Slides that are TIFF: levels copied where they can be, else decoded, else left to OpenSlide."""

from contextlib import ExitStack
from pathlib import Path

from converter.engine.options import Job
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
        if not layout.levels[0].is_tiled:
            from converter.engine.sources.slide.flat_tiff import convert_flat

            convert_flat(source, layout, job, box)
            return True
        lists = [tile_list(directory, job.options) for directory in layout.levels]
        levels = _levels(source, lists, files)
        if levels is None:
            _by_openslide(source, job, box)
            return True
        facts = _facts(layout)
        count = write_levels(job, box, facts, levels)
        if job.options.overview and layout.overview:
            _write_overview(source, job, box, facts, count)
        return True


def _levels(source: Path, lists: list[TileList], files: ExitStack) -> list[Level] | None:
    """Return the levels as they can be written; None where only OpenSlide knows the colors."""
    levels: list[Level | None] = [copied_level(tiles) for tiles in lists]
    missing = [n for n, level in enumerate(levels) if level is None]
    if any(lists[n].directory.number(tiff.COMPRESSION) == APERIO_YCBCR for n in missing):
        return None
    if missing:
        from converter.engine.sources.slide.decoded_level import decoded_level, opened

        file = files.enter_context(opened(source))
        for n in missing:
            levels[n] = decoded_level(file, lists[n])
    return [level for level in levels if level is not None]


def _by_openslide(source: Path, job: Job, box: Outbox) -> None:
    from converter.engine.sources.slide.openslide_source import convert

    convert(source, job, box)


def _write_overview(source: Path, job: Job, box: Outbox, facts: SlideFacts, index: int) -> None:
    from converter.engine.sources.slide.openslide_source import overview

    picture = overview(source)
    if picture is not None:
        write_overview(job, box, facts, index, picture)


def _facts(layout: SlideLayout) -> SlideFacts:
    unknown = (UNKNOWN_SPACING_MM, UNKNOWN_SPACING_MM)
    return SlideFacts(
        spacing_mm=layout.facts.spacing_mm or unknown,
        magnification=layout.facts.magnification,
        icc_profile=color_profile(layout.levels[0].blob(tiff.ICC_PROFILE, _LONGEST_PROFILE)),
        manufacturer=layout.facts.vendor,
        has_padded_levels=layout.facts.vendor == PHILIPS,
    )
