"""Look for text in an image: on single frames, and on what all frames show together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pseudonymizer.engine.burned_in.boxes import Box, TextDetector
from pseudonymizer.engine.burned_in.formats import PixelFormat
from pseudonymizer.engine.burned_in.frames import Frames
from pseudonymizer.engine.burned_in.rendering import Renderer, differ
from pseudonymizer.engine.elements import Dataset, Encoding, number_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pseudonymizer.engine.burned_in.boxes import Image

    Samples = NDArray[np.generic]

# Pixels of all frames together: up to here each is looked at by itself, for about a minute.
MOST_PIXELS = 1 << 26
MOST_SINGLE_FRAMES = 8  # each of so few is looked at, whatever their size
_MOST_SHOWN = 8  # pictures that the next one is compared with
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

    Frames are looked at one by one, but for those that look like the one before. Of longer
    loops the first, the middle and the last are, and the minimum and the maximum of all: text
    that stays stands in one of them, and text of any frame does wherever the image around
    never gets darker or brighter than it.

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
    form = frames.form
    is_complete = _is_short(form)
    arrays = map(frames.frame, range(form.frames)) if is_complete else _samples(frames)
    found: set[Box] = set()
    for picture in _pictures(arrays, renderer):
        found.update(detector.boxes(picture))
    boxes = [with_margin(box, regions) for box in found]
    inside = (_clipped(box, form.columns, form.rows) for box in boxes)
    return Looked(_without_inner(inside), is_complete)


def _is_short(form: PixelFormat) -> bool:
    pixels = form.frames * form.rows * form.columns
    return form.frames <= MOST_SINGLE_FRAMES or pixels <= MOST_PIXELS


def _pictures(arrays: "Iterable[Samples]", renderer: Renderer) -> "Iterator[Image]":
    """Yield what is to be looked at, but for what shows the same as one of the last pictures.

    Each is compared with those that were looked at, so that nothing fades in unseen.
    """
    shown: list[Image] = []
    for array in arrays:
        for picture in renderer.pictures(array):
            if all(differ(picture, other) for other in shown):
                shown = [*shown, picture][-_MOST_SHOWN:]
                yield picture


def ultrasound_regions(header: Dataset, encoding: Encoding) -> tuple[Box, ...]:
    """Return where the header says that tissue is shown (PS3.3 C.8.5.5)."""
    sequence = header.get(_REGIONS)
    boxes = []
    for item in (sequence.items if sequence else None) or ():
        left, top, right, bottom = (number_of(item.get(tag), encoding) for tag in _REGION_SIDES)
        if left <= right < 1 << 16 and top <= bottom < 1 << 16:
            boxes.append(Box(left, top, right - left + 1, bottom - top + 1))
    return tuple(boxes)


def _samples(frames: Frames) -> "Iterator[Samples]":
    """Yield three frames of a long loop, and what all of them show together."""
    import numpy as np

    count = frames.form.frames
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

    At the ends of a line a letter that was not recognized as one may stand. What is generous
    ends where a region begins.
    """
    letter = min(box.width, box.height)
    along, across = letter, MARGIN
    is_level = box.width >= box.height
    grown = box.grown(along, across) if is_level else box.grown(across, along)
    if not regions or any(grown.touches(region) for region in regions):
        return grown
    generous = box.grown(letter, letter // 2) if is_level else box.grown(letter // 2, letter)
    for region in regions:
        generous = _kept_out(generous, grown, region)
    return generous


def _kept_out(generous: Box, core: Box, region: Box) -> Box:
    """Cut from a box what reaches into a region that its core stays away from."""
    left, top, right, bottom = generous.left, generous.top, generous.right, generous.bottom
    if not generous.touches(region):
        return generous
    if core.right <= region.left:
        right = region.left
    elif region.right <= core.left:
        left = region.right
    elif core.bottom <= region.top:
        bottom = region.top
    else:
        top = region.bottom
    return Box(left, top, right - left, bottom - top, generous.frame)


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
