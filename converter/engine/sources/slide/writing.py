"""The levels of a slide, written one after the other, frame by frame."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace

from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.slide.coding import Coding, Level, Matrix
from converter.engine.sources.slide.instance import LevelFacts, SlideFacts, new_level
from converter.engine.sources.slide.pyramid import FACTOR, with_missing_levels

_SLIDE_MM = 76.0


def write_levels(job: Job, box: Outbox, slide: SlideFacts, levels: Sequence[Level]) -> int:
    """Write an instance for each level, the finest first, and for those that are missing.

    Memory holds a few tiles: frames go from the source to the file one by one.

    Returns
    -------
    int
        How many instances were written.
    """
    with ExitStack() as files:
        whole = with_missing_levels(levels, box.target_dir, files)
        for index, level in enumerate(whole):
            shrunk = _shrunk(level.matrix, whole[0].matrix)
            if slide.has_padded_levels:
                shrunk = _halved(index, len(levels))
            write_level(job, box, slide, _facts(index, level, shrunk), level)
    return len(whole)


def write_level(job: Job, box: Outbox, slide: SlideFacts, facts: LevelFacts, level: Level) -> None:
    """Write one image of a slide."""
    box.write_frames(new_level(job, slide, facts), level.frames())


def _shrunk(matrix: Matrix, finest: Matrix) -> tuple[float, float]:
    return finest.rows / matrix.rows, finest.columns / matrix.columns


def _halved(index: int, source_count: int) -> tuple[float, float]:
    """Return how coarse a level is where each is half as fine as the last, until they are made."""
    last = source_count - 1
    times = 2.0 ** min(index, last) * FACTOR ** max(index - last, 0)
    return times, times


def _facts(index: int, level: Level, shrunk: tuple[float, float]) -> LevelFacts:
    return LevelFacts(
        index=index,
        matrix=level.matrix,
        coding=level.coding,
        shrunk=shrunk,
        lossy_ratio=lossy_ratio(level),
    )


def lossy_ratio(level: Level) -> float:
    """Return how many bytes of pixels a byte of the frames stands for."""
    pixels = level.matrix.tile_count * level.matrix.frame_bytes * level.coding.samples
    return pixels / max(level.coded_bytes, 1)


def write_overview(
    job: Job, box: Outbox, slide: SlideFacts, index: int, picture: Image.Image
) -> None:
    """Write the picture of the whole slide; it may show the label, and says so."""
    rows, columns = picture.height, picture.width
    # A microscope slide is 76 mm long (ISO 8037-1); no scanner says how large its picture is.
    spacing = _SLIDE_MM / max(rows, columns)
    facts = LevelFacts(
        index=index,
        matrix=Matrix(columns, rows, columns, rows),
        coding=Coding(ExplicitVRLittleEndian, "RGB"),  # which every reader of slides takes
        is_overview=True,
    )
    dataset = new_level(job, replace(slide, spacing_mm=(spacing, spacing)), facts)
    pixels = picture.convert("RGB").tobytes()
    dataset.PixelData = pixels + bytes(len(pixels) % 2)
    dataset["PixelData"].VR = "OB"
    box.write(dataset)
