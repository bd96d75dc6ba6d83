"""Look for text in an image: on single frames, and on what all frames show together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pseudonymizer.engine.burned_in.boxes import Box, TextDetector
from pseudonymizer.engine.burned_in.frames import Frames
from pseudonymizer.engine.burned_in.rendering import Renderer
from pseudonymizer.engine.elements import Dataset, Encoding, number_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.generic]

MOST_SINGLE_FRAMES = 8  # up to here each frame is looked at by itself
MARGIN = 2  # pixels around a line that stay part of it: soft edges of letters
_REGIONS = 0x00186011
_REGION_SIDES = (0x00186018, 0x0018601A, 0x0018601C, 0x0018601E)  # left, top, right, bottom


@dataclass(frozen=True)
class Looked:
    """What was found, on every frame, and whether each frame was looked at by itself."""

    boxes: tuple[Box, ...] = ()
    is_complete: bool = False


def look(
    frames: Frames, renderer: Renderer, detector: TextDetector, regions: tuple[Box, ...] = ()
) -> Looked:
    """Find the text of an image.

    Up to eight frames are looked at one by one. Of more, the first, the middle and the last
    are, and the minimum and the maximum of all: text that stays stands in one of them, and
    text of any frame does wherever the image around never gets darker or brighter than it.

    Parameters
    ----------
    frames : Frames
        Decoded one at a time.
    renderer : Renderer
        Makes pictures of them.
    detector : TextDetector
        Finds the lines of text in a picture.
    regions : tuple of Box
        Where an ultrasound image shows tissue: a line outside is boxed generously, but
        not into a region.

    Returns
    -------
    Looked

    Raises
    ------
    UnreadableError
        If a frame cannot be decoded.
    """
    found: set[Box] = set()
    for array in _arrays(frames):
        for picture in renderer.pictures(array):
            found.update(detector.boxes(picture))
    boxes = [with_margin(box, regions) for box in found]
    form = frames.form
    inside = (_clipped(box, form.columns, form.rows) for box in boxes)
    return Looked(_without_inner(inside), form.frames <= MOST_SINGLE_FRAMES)


def ultrasound_regions(header: Dataset, encoding: Encoding) -> tuple[Box, ...]:
    """Return where the header says that tissue is shown (PS3.3 C.8.5.5)."""
    sequence = header.get(_REGIONS)
    boxes = []
    for item in (sequence.items if sequence else None) or ():
        left, top, right, bottom = (number_of(item.get(tag), encoding) for tag in _REGION_SIDES)
        if left <= right < 1 << 16 and top <= bottom < 1 << 16:
            boxes.append(Box(left, top, right - left + 1, bottom - top + 1))
    return tuple(boxes)


def _arrays(frames: Frames) -> "Iterator[Samples]":
    import numpy as np

    count = frames.form.frames
    if count <= MOST_SINGLE_FRAMES:
        yield from map(frames.frame, range(count))
        return
    singles = {0, count // 2, count - 1}
    lowest = highest = None
    for index in range(count):
        frame = frames.frame(index)
        if index in singles:
            yield frame
        if lowest is None or highest is None:
            lowest, highest = frame.copy(), frame.copy()
        else:
            np.minimum(lowest, frame, out=lowest)
            np.maximum(highest, frame, out=highest)
    if lowest is not None and highest is not None:
        yield lowest
        yield highest


def with_margin(box: Box, regions: tuple[Box, ...]) -> Box:
    """Return a box that holds the whole line; outside regions also what may be above and below.

    At the ends of a line a letter that was not recognized as one may stand.
    """
    letter = min(box.width, box.height)
    along, across = letter, MARGIN
    is_level = box.width >= box.height
    grown = box.grown(along, across) if is_level else box.grown(across, along)
    generous = box.grown(letter, letter // 2) if is_level else box.grown(letter // 2, letter)
    is_outside = bool(regions) and not any(generous.touches(region) for region in regions)
    return generous if is_outside else grown


def _clipped(box: Box, columns: int, rows: int) -> Box:
    right, bottom = min(box.right, columns), min(box.bottom, rows)
    return Box(box.left, box.top, right - box.left, bottom - box.top, box.frame)


def _without_inner(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Return the boxes, from top to bottom, without those that lie in another one."""
    kept: list[Box] = []
    for box in sorted(set(boxes), key=lambda each: -each.width * each.height):
        if not any(other.holds(box) for other in kept):
            kept.append(box)
    return tuple(sorted(kept, key=lambda each: (each.top, each.left)))
