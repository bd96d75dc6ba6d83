"""SVS and other slides that are tiled TIFF."""

from pathlib import Path

from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.coding import Level
from converter.engine.sources.slide.directories import Directory, TiffStructure
from converter.engine.sources.slide.instance import (
    UNKNOWN_SPACING_MM,
    SlideFacts,
    color_profile,
)
from converter.engine.sources.slide.layout import SlideLayout, slide_layout
from converter.engine.sources.slide.tiled_level import copied_level, tile_list, unsupported_colors
from converter.engine.sources.slide.writing import write_levels

_LONGEST_PROFILE = 1 << 22


def convert_slide(source: Path, job: Job, box: Outbox) -> bool:
    """Write the levels of a slide; return False for a TIFF that is none."""
    with source.open("rb") as file:
        structure = TiffStructure(file.fileno())
        layout = slide_layout(structure)
        if layout is None:
            return False
        levels = [_level(directory, job) for directory in layout.levels]
        write_levels(job, box, _facts(layout), levels)
        return True


def _level(directory: Directory, job: Job) -> Level:
    level = copied_level(tile_list(directory, job.options))
    if level is None:
        raise unsupported_colors()
    return level


def _facts(layout: SlideLayout) -> SlideFacts:
    unknown = (UNKNOWN_SPACING_MM, UNKNOWN_SPACING_MM)
    return SlideFacts(
        spacing_mm=layout.facts.spacing_mm or unknown,
        magnification=layout.facts.magnification,
        icc_profile=color_profile(layout.levels[0].blob(tiff.ICC_PROFILE, _LONGEST_PROFILE)),
        manufacturer=layout.facts.vendor,
    )
