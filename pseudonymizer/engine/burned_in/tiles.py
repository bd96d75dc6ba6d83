"""Which parts of a picture the network sees: the tiles that may hold text."""

from collections.abc import Iterator
from math import ceil
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pseudonymizer.engine.burned_in.boxes import Image

    Part = tuple[slice, slice]

STRIDE = 32  # sides of what the network takes
_LARGEST_TILE = 512  # pixels a side; a whole image would look like one big letter to the network
_OVERLAP = 48
_LEAST_CONTRAST = 24  # of 255 within 5 x 5 pixels: below it nobody reads anything
_ABOVE_GRAIN = 12  # of 255, over the contrast that is usual in a tile
_LETTER = 11  # pixels a side of a window as large as a small letter
_NO_GRAIN = 128  # of 255: what changes by as much is no grain, even if a page is full of it


def parts_to_see(image: "Image") -> Iterator["Part"]:
    """Yield the tiles of a picture in which text may stand.

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
        filled = (tile >= min(_NO_GRAIN, strong)).view(np.uint8)
        if cv2.blur(filled, (_LETTER, _LETTER)).any():  # rounded: half of a window or more
            yield high, wide


def _contrast(image: "Image") -> "Image":
    import cv2
    import numpy as np

    around = np.ones((5, 5), np.uint8)
    contrast: Any = cv2.subtract(cv2.dilate(image, around), cv2.erode(image, around))
    return contrast if contrast.ndim == 2 else contrast.max(axis=2)


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
