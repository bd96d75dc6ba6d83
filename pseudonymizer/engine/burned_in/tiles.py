"""Which parts of a picture the network sees: of tiles as much as may hold text."""

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pseudonymizer.engine.burned_in.boxes import Image

    Part = tuple[slice, slice]

STRIDE = 32  # sides of what the network takes
_LARGEST_TILE = 512  # pixels a side; a whole image would look like one big letter to the network
_OVERLAP = 48
_AROUND_TEXT = 96  # pixels: with less, lines of real screens are lost, and lumps look like letters
_LEAST_CONTRAST = 24  # of 255 within 5 x 5 pixels: below it nobody reads anything
_ABOVE_GRAIN = 12  # of 255, over the contrast that is usual in a tile
_FAINTEST, _FAINT_ABOVE_GRAIN = 8, 6  # likewise, of what is seen beside strong contrasts
_LETTER = 11  # pixels a side of a window as large as a small letter
_NO_GRAIN = 128  # of 255: what changes by as much is no grain, even if a page is full of it


def parts_to_see(image: "Image") -> Iterator["Part"]:
    """Yield the parts of a picture, at most as large as a tile, in which text may stand.

    Letters that a person can read fill nearly all of a small window with strong contrasts; grain
    and what is flat do so nowhere.

    Parameters
    ----------
    image : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Gray or RGB.

    Yields
    ------
    tuple of slice
        Rows and columns.
    """
    import cv2
    import numpy as np

    contrast = _contrast(image)
    for high, wide in _tiles(*image.shape[:2]):
        tile = contrast[high, wide]
        grain = float(np.median(tile[::4, ::4]))
        strong = max(_LEAST_CONTRAST, grain + _ABOVE_GRAIN)
        if not _dense(tile, strong).any():
            continue
        faint = max(_FAINTEST, grain + _FAINT_ABOVE_GRAIN)
        left, top, width, height = cv2.boundingRect(_dense(tile, faint))
        yield _with_surroundings(top, height, high), _with_surroundings(left, width, wide)


def _dense(contrast: "Image", least: float) -> "Image":
    """Return 1 where half of a window or more has such a contrast."""
    import cv2
    import numpy as np

    filled = (contrast >= min(_NO_GRAIN, least)).view(np.uint8)
    return cast("Image", cv2.blur(filled, (_LETTER, _LETTER)))  # rounded


def _contrast(image: "Image") -> "Image":
    import cv2
    import numpy as np

    around = np.ones((5, 5), np.uint8)
    contrast: Any = cv2.subtract(cv2.dilate(image, around), cv2.erode(image, around))
    return contrast if contrast.ndim == 2 else contrast.max(axis=2)


def _with_surroundings(start: int, length: int, side: slice) -> slice:
    """Return a part of one side of a tile with what is around it, as long as the network takes."""
    begin = max(side.start, side.start + start - _AROUND_TEXT)
    end = min(side.stop, side.start + start + length + _AROUND_TEXT)
    size = ceil((end - begin) / STRIDE) * STRIDE
    begin = max(side.start, min(begin, side.stop - size))
    return slice(begin, min(begin + size, side.stop))


def _tiles(rows: int, columns: int) -> Iterator["Part"]:
    for high in _parts(rows):
        for wide in _parts(columns):
            yield high, wide


def _parts(length: int) -> list[slice]:
    """Return equal parts of one side that overlap."""
    count = max(1, ceil((length - _OVERLAP) / (_LARGEST_TILE - _OVERLAP)))
    size = ceil((length + (count - 1) * _OVERLAP) / count / STRIDE) * STRIDE
    last = max(0, length - size)
    starts = [round(last * index / max(1, count - 1)) for index in range(count)]
    return [slice(start, min(start + size, length)) for start in starts]
