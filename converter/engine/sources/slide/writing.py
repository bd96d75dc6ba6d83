"""The levels of a slide, written one after the other, frame by frame."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

from PIL import Image
from pydicom.uid import ExplicitVRLittleEndian

from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.slide.coding import Coding, Level, Matrix
from converter.engine.sources.slide.instance import LevelFacts, SlideFacts, new_level
from converter.engine.sources.slide.optics import Optics
from converter.engine.sources.slide.pyramid import FACTOR, unnamed_file, with_missing_levels

_SLIDE_MM = 76.0


def write_levels(
    job: Job, box: Outbox, slide: SlideFacts, planes: Sequence[Sequence[Level]]
) -> int:
    """Write an instance for each level, the finest first, and for those that are missing.

    Memory holds a few tiles: frames go from the source to the file one by one.

    Parameters
    ----------
    job, box : Job, Outbox
        What to write, and where.
    slide : SlideFacts
        Its optics say what the planes are.
    planes : sequence of sequence of Level
        The levels of each plane, all alike: the focal planes of the first optical path, from the
        glass to the coverslip, then those of the next.

    Returns
    -------
    int
        How many instances were written.

    References
    ----------
    DICOM PS3.3 C.7.6.17.3, the order of frames.
    """
    with unnamed_file(box.target_dir) as file:
        whole = [with_missing_levels(levels, file) for levels in planes]
        for index, alike in enumerate(zip(*whole, strict=True)):
            shrunk = _shrunk(alike[0].matrix, whole[0][0].matrix)
            if slide.has_padded_levels:
                shrunk = _halved(index, len(planes[0]))
            frames = chain.from_iterable(plane.frames() for plane in alike)
            box.write_frames(new_level(job, slide, _facts(index, alike, shrunk)), frames)
    return len(whole[0])


def _shrunk(matrix: Matrix, finest: Matrix) -> tuple[float, float]:
    """Return how coarse rows and columns are: a whole number of times, but for the last pixel."""
    times = round(finest.columns / matrix.columns)
    sides = ((finest.rows, matrix.rows), (finest.columns, matrix.columns))
    if all(abs(fine - times * coarse) < times for fine, coarse in sides):
        return times, times
    return finest.rows / matrix.rows, finest.columns / matrix.columns


def _halved(index: int, source_count: int) -> tuple[float, float]:
    """Return how coarse a level is where each is half as fine as the last, until they are made."""
    last = source_count - 1
    times = 2.0 ** min(index, last) * FACTOR ** max(index - last, 0)
    return times, times


def _facts(index: int, planes: Sequence[Level], shrunk: tuple[float, float]) -> LevelFacts:
    return LevelFacts(
        index=index,
        matrix=planes[0].matrix,
        coding=planes[0].coding,
        shrunk=shrunk,
        lossy_ratio=_lossy_ratio(planes),
    )


def _lossy_ratio(planes: Sequence[Level]) -> float:
    """Return how many bytes of pixels a byte of the frames stands for."""
    matrix, coding = planes[0].matrix, planes[0].coding
    pixels = matrix.tile_count * matrix.frame_bytes * coding.samples * coding.sample_bytes
    return pixels * len(planes) / max(sum(plane.coded_bytes for plane in planes), 1)


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
    dataset = new_level(job, replace(slide, spacing_mm=(spacing, spacing), optics=Optics()), facts)
    pixels = picture.convert("RGB").tobytes()
    dataset.PixelData = pixels + bytes(len(pixels) % 2)
    dataset["PixelData"].VR = "OB"
    box.write(dataset)
