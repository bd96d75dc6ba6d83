"""Where letters may stand in a picture: a cheap search, so that the network sees little of it."""

from math import sqrt
from typing import TYPE_CHECKING, Any, TypeVar

from pseudonymizer.engine.burned_in.boxes import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pseudonymizer.engine.burned_in.boxes import Image

    Map = NDArray[np.float32]
    Frequencies = NDArray[np.float64]
    _Value = TypeVar("_Value", np.uint8, np.float32)

_THICKEST_STROKE = 13  # pixels
_LEAST_CONTRAST = 24  # of 255: below it nobody reads anything
_DEVIATIONS = 2.0  # by which letters stand out of the grain around them
_AROUND = 128  # pixels a side of what grain is measured in, without what stands out of it
_REPEATS = 2
_COARSE = 4  # grain is measured in a smaller picture
_WORD = (33, 7)  # pixels: a window that lies in a short line of small letters
_SURE_SHARE, _LEAST_SHARE = 0.45, 0.3  # of strokes in it: once in a line, and all along it
_VALUES = 256
_RARE = 0.02  # how frequent a value has to be to count
_LEAST_STROKES = 3  # along a line: two letters have as many


def places_of_letters(image: "Image") -> list[Box]:
    """Return boxes around all places where lines of letters may stand, the surest first.

    Letters are strokes: thin, and brighter or darker than nearly all of the grain around them.
    In a line of text they stand closer together than grain and the edges of organs do, and they
    have one ink: some value is more frequent in it than in the strokes of the whole picture.

    Parameters
    ----------
    image : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        Gray or RGB.

    Returns
    -------
    list of Box
        In pixels of the image.
    """
    import cv2
    import numpy as np

    strokes = _strokes(image)
    share = _share_of(strokes)
    places = (share >= _LEAST_SHARE).astype(np.uint8)
    _count, labels, statistics, _centers = cv2.connectedComponentsWithStats(places)
    sure = np.unique(labels[share >= _SURE_SHARE])
    boxes = [Box(*place[:4]) for place in statistics[sure].tolist()]
    boxes = [box for box in boxes if any(_has_letters(_part(each, box)) for each in strokes)]
    brightest: Image = image if image.ndim == 2 else image.max(axis=2)
    usual = [_frequencies(brightest[each > 0]) for each in strokes]

    def sureness(box: Box) -> float:
        inks = [_part(brightest, box)[_part(each, box) > 0] for each in strokes]
        ink = max(_out_of_usual(mine, all_) for mine, all_ in zip(inks, usual, strict=True))
        return float(_part(share, box).max()) ** 2 * ink

    return sorted(boxes, key=sureness, reverse=True)


def _part(values: "NDArray[_Value]", box: Box) -> "NDArray[_Value]":
    return values[box.top : box.bottom, box.left : box.right]


def _strokes(image: "Image") -> list["Map"]:
    """Return where bright and where dark strokes are, as 1."""
    import cv2
    import numpy as np

    thickest = np.ones((_THICKEST_STROKE, _THICKEST_STROKE), np.uint8)
    found = []
    for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        thin: Any = cv2.morphologyEx(image, kind, thickest)
        thin = thin if thin.ndim == 2 else thin.max(axis=2)
        found.append(_out_of_grain(thin.astype(np.float32)))
    return found


def _share_of(strokes: list["Map"]) -> "Map":
    """Return how much of a window around each pixel is strokes, level or upright."""
    import cv2
    import numpy as np

    found = np.zeros_like(strokes[0])
    for each in strokes:
        for window in (_WORD, _WORD[::-1]):
            np.maximum(found, cv2.blur(each, window), out=found)
    return found


def _has_letters(strokes: "Map") -> bool:
    """Tell whether one meets several strokes along a place: an edge of an organ is one alone."""
    part = strokes > 0
    along = part if part.shape[1] >= part.shape[0] else part.T
    begins = along[:, 1:] & ~along[:, :-1]
    return bool(begins.sum(axis=1).max() >= _LEAST_STROKES)


def _frequencies(values: "Image") -> "Frequencies":
    """Return how frequent each value is, with those beside it."""
    import numpy as np

    counts = np.bincount(values, minlength=_VALUES)
    return np.convolve(counts, np.ones(3), "same") / max(1, len(values))


def _out_of_usual(values: "Image", usual: "Frequencies") -> float:
    """Return by how many deviations a value is more frequent here than usual."""
    import numpy as np

    excess = (_frequencies(values) - usual) / np.sqrt(usual + _RARE)
    return float(excess.max()) * sqrt(len(values))


def _out_of_grain(thin: "Map") -> "Map":
    """Return 1 where something thin stands out of its surroundings, else 0."""
    import cv2
    import numpy as np

    rows, columns = thin.shape
    coarse = max(1, columns // _COARSE), max(1, rows // _COARSE)
    around = (_AROUND // _COARSE,) * 2
    grain = np.ones_like(thin)
    for _ in range(_REPEATS):
        values = grain * thin
        count, total, squares = (
            cv2.blur(cv2.resize(each, coarse, interpolation=cv2.INTER_AREA), around)
            for each in (grain, values, values * thin)
        )
        some = np.maximum(count, 1e-3)
        mean = total / some
        deviation = np.sqrt(np.maximum(squares / some - mean * mean, 0))
        least = np.maximum(_LEAST_CONTRAST, mean + _DEVIATIONS * deviation)
        grain = (thin < cv2.resize(least, (columns, rows))).astype(np.float32)
    return 1 - grain
