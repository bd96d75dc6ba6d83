"""Finds lines of text with the detection network that the rapidocr package brings along.

Only its file is used: onnxruntime runs it here, on one thread, and nothing is ever downloaded.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from math import ceil, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pseudonymizer.engine.burned_in.boxes import Box
from pseudonymizer.engine.burned_in.ink import is_written
from pseudonymizer.engine.burned_in.strokes import places_of_letters
from pseudonymizer.engine.burned_in.tiles import STRIDE, parts_to_see

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pseudonymizer.engine.burned_in.boxes import Image

    Map = NDArray[np.float32]

MODEL = Path("models") / "PP-OCRv6_det_small.onnx"
_LARGEST_SCALE = 1.5  # small letters are found more surely in a larger picture
_SECOND_SCALE = 2.0
_SMALLER_SCALES = (1 / 3, 1 / 6)  # letters of 80 to 140 pixels are then of a usual size
# Of enlarged pieces: places in speckle have more, those of text less.
_PIXELS_AGAIN, _SHARE_AGAIN = 200_000, 0.25  # at least, and of all pixels of a larger picture
_AROUND_PLACE = 16  # pixels; more of it would look like one big letter again
_THICKEST_AGAIN = 56  # pixels: in a piece larger letters look like a band of tissue
_THICKER_THAN_PLACE = 2  # times: what fills a piece up to its edges is a lump
_PIXELS_IN_TIME = 1_500_000  # that half a second is enough for
_LEAST_PROBABILITY = 0.2
_LEAST_MEAN_PROBABILITY = 0.6
_LEAST_SIDE = 3  # of the core of a line
_THICKEST_SHARE = 0.15  # of a picture's shorter side: what is thicker is no line of text
_ALWAYS_THIN = 48  # pixels
_UNCLIPPED = 1.6  # the network marks the core of a line; its box is as much larger


class NetworkDetector:
    """Text detection by differentiable binarization (PP-OCRv6)."""

    def boxes(self, image: "Image") -> tuple[Box, ...]:
        """Return a box around each line of text, whatever its direction.

        Where half a picture looks like one big letter, as the speckle of ultrasound does, a
        line of text is part of it; in a small piece of it the network tells them apart. Large
        letters it sees in a smaller picture.
        """
        image = _without_colors(image)
        rows, columns = image.shape[:2]
        scale = max(1.0, min(_LARGEST_SCALE, sqrt(_PIXELS_IN_TIME / (rows * columns))))
        found = list(_shapes_in(image, scale))
        thickest = max(_ALWAYS_THIN, _THICKEST_SHARE * min(rows, columns))
        boxes = [shape.box for shape in found if shape.is_line(thickest)]
        blobs = [shape.box for shape in found if shape.thickness > thickest]
        boxes += _lines_again(image, _places(image, blobs), boxes)
        return (*boxes, *_large_lines(image))


@dataclass(frozen=True)
class _Shape:
    """What the network marks as one piece, how thick it is in pixels, and how sure it is."""

    box: Box
    thickness: float
    probability: float

    @property
    def is_long(self) -> bool:
        """Whether it is at least twice as long as thick, which lumps of tissue are not."""
        sides = self.box.width, self.box.height
        return max(sides) >= 2 * min(sides)

    def is_line(self, thickest: float) -> bool:
        """Tell whether this is a line of text."""
        is_thin = self.thickness <= (thickest if self.is_long else _ALWAYS_THIN)
        return is_thin and self.probability >= _LEAST_MEAN_PROBABILITY


def _without_colors(image: "Image") -> "Image":
    """Return a gray picture as such, also if it comes as three colors that are the same."""
    if image.ndim == 2:
        return image
    red, green, blue = (image[..., color] for color in range(3))
    is_gray = (red == green).all() and (green == blue).all()
    return red.copy() if is_gray else image


def _large_lines(image: "Image") -> Iterator[Box]:
    """Yield lines whose letters are too large for the network to see them as such."""
    for scale in _SMALLER_SCALES:
        for shape in _shapes_in(image, scale):
            box = shape.box
            is_large = shape.thickness > _ALWAYS_THIN and shape.is_long
            is_line = is_large and shape.is_line(_ALWAYS_THIN / scale)
            if is_line and is_written(image[box.top : box.bottom, box.left : box.right]):
                yield box


def _lines_again(image: "Image", places: list[Box], known: list[Box]) -> list[Box]:
    """Return the lines in small pieces around the first places, as far as time allows."""
    pixels = image.shape[0] * image.shape[1]
    lines, left = [], max(_PIXELS_AGAIN, _SHARE_AGAIN * pixels) / _SECOND_SCALE**2
    for place in places:
        if left <= 0:
            break
        if any(line.holds(place) for line in known):
            continue
        piece = place.grown(_AROUND_PLACE, _AROUND_PLACE)
        again = image[piece.top : piece.bottom, piece.left : piece.right]
        left -= again.shape[0] * again.shape[1]
        most = min(_THICKEST_AGAIN, _THICKER_THAN_PLACE * min(place.width, place.height))
        second = _shapes_in(again, _SECOND_SCALE)
        shapes = (each for each in second if each.is_line(most) and each.is_long)
        lines += [_moved(shape.box, piece) for shape in shapes]
    return lines


def _places(image: "Image", blobs: list[Box]) -> list[Box]:
    """Return where to look again, the surest first: in the part that the blobs lie in."""
    part = _around(blobs) if blobs else Box(0, 0, 0, 0)
    if not 0 < part.width * part.height <= _PIXELS_IN_TIME:
        return []
    places = places_of_letters(image[part.top : part.bottom, part.left : part.right])
    return [_moved(place, part) for place in places]


def _around(boxes: list[Box]) -> Box:
    left, top = min(box.left for box in boxes), min(box.top for box in boxes)
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    return Box(left, top, right - left, bottom - top)


def _moved(box: Box, part: Box) -> Box:
    return Box(box.left + part.left, box.top + part.top, box.width, box.height)


def _probabilities(image: "Image") -> "Map":
    """Return for each pixel how likely it belongs to the core of a line of text."""
    import numpy as np

    found = np.zeros(image.shape[:2], np.float32)
    for part in parts_to_see(image):
        np.maximum(found[part], _run(image[part]), out=found[part])
    return found


def _run(tile: "Image") -> "Map":
    import numpy as np

    rows, columns = tile.shape[:2]
    shape = (1, 3, ceil(rows / STRIDE) * STRIDE, ceil(columns / STRIDE) * STRIDE)
    given = np.zeros(shape, np.float32)
    colors = tile[None] if tile.ndim == 2 else tile[..., ::-1].transpose(2, 0, 1)  # BGR
    given[0, :, :rows, :columns] = colors / np.float32(127.5) - 1
    process_id = os.getpid()
    found = _thread_of(process_id).submit(_infer, process_id, given).result()
    return found[0, 0, :rows, :columns]


@cache
def _thread_of(process_id: int) -> ThreadPoolExecutor:
    """Return the thread of a process in which the network runs; one does not survive a fork.

    Numbers too small to count are zero in it, and nowhere else: they take many processors a
    hundred times as long as others, but are numbers to whoever converts an image.
    """
    return ThreadPoolExecutor(max_workers=1)


def _infer(process_id: int, given: "Map") -> "Map":
    session = _session(process_id)
    (found,) = session.run(None, {session.get_inputs()[0].name: given})
    return found


def _shapes_in(image: "Image", scale: float) -> Iterator[_Shape]:
    """Yield what looks like text in a picture that is made larger or smaller first."""
    import cv2
    import numpy as np

    rows, columns = image.shape[:2]
    if scale != 1:
        size = (max(1, round(columns * scale)), max(1, round(rows * scale)))
        how = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_AREA
        image = cv2.resize(image, size, interpolation=how).astype(image.dtype, copy=False)
    found = _probabilities(image)
    core = (found > _LEAST_PROBABILITY).astype(np.uint8)
    if not core.any():
        return
    _count, labels, statistics, _centers = cv2.connectedComponentsWithStats(core)
    for label, (left, top, width, height, _area) in enumerate(statistics[1:].tolist(), start=1):
        if min(width, height) < _LEAST_SIDE:
            continue
        part = slice(top, top + height), slice(left, left + width)
        probability = float(found[part][labels[part] == label].mean())
        margin = width * height * _UNCLIPPED / (2 * (width + height))
        x, y = max(0, int((left - margin) / scale)), max(0, int((top - margin) / scale))
        right = min(columns, ceil((left + width + margin) / scale))
        bottom = min(rows, ceil((top + height + margin) / scale))
        thickness = (min(width, height) + 2 * margin) / scale
        yield _Shape(Box(x, y, right - x, bottom - y), thickness, probability)


@cache
def _session(process_id: int) -> Any:
    """Load the network: once in a process, and without threads of its own."""
    import cv2
    import onnxruntime

    cv2.setNumThreads(1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.set_denormal_as_zero", "1")
    options.enable_mem_pattern = False  # tiles differ in size
    options.log_severity_level = 4
    spec = find_spec("rapidocr")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("rapidocr, which brings the network, is not installed.")
    path = Path(spec.submodule_search_locations[0]) / MODEL
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
