"""Whether what looks like large letters is written: in one ink, with strokes of a pen."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pseudonymizer.engine.burned_in.boxes import Image

_FLAT = 8  # of 255 within 3 x 3 pixels: inside of a stroke nothing changes, in tissue it does
_LIKE = 4  # of 255: how far the ink of one line is from its usual value
_LEAST_CONTRAST = 40  # of 255, between the ink and what surrounds the line
_BEYOND = 0.02  # of the box may be brighter than bright ink, or darker than dark ink
_LEAST_SHARE, _LARGEST_SHARE = 0.01, 0.35  # of the box, without the edges of strokes
_THICKEST_STROKE = 0.35  # of the height of a line
_ACROSS, _ALONG = (0.25, 0.85), (0.6, 1.0)  # how much of the box's sides the letters take


def is_written(part: "Image") -> bool:
    """Tell whether a box holds large letters, which the network also sees in rows of organs.

    Burned-in letters have one value all over, and stand out of the image around them.

    Parameters
    ----------
    part : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
        What stands in the box around a line of text, level or upright.

    Returns
    -------
    bool
    """
    import cv2
    import numpy as np

    gray: Any = part if part.ndim == 2 else cv2.cvtColor(part, cv2.COLOR_RGB2GRAY)
    gray = gray if gray.shape[0] <= gray.shape[1] else gray.T
    around = np.ones((3, 3), np.uint8)
    flat = cv2.subtract(cv2.dilate(gray, around), cv2.erode(gray, around)) <= _FLAT
    paper = float(np.median(np.concatenate([gray[0], gray[-1], gray[:, 0], gray[:, -1]])))
    counts = np.bincount(gray[flat], minlength=256)
    counts[np.abs(np.arange(256) - paper) < _LEAST_CONTRAST] = 0
    value = int(counts.argmax())
    away = gray.astype(np.int16) - value
    ink = flat & (np.abs(away) <= _LIKE)
    beyond = away > _LIKE if value > paper else away < -_LIKE
    if not counts.any() or beyond.mean() > _BEYOND:
        return False
    if not _LEAST_SHARE <= ink.mean() <= _LARGEST_SHARE:
        return False
    pen = max(3, round(_THICKEST_STROKE * gray.shape[0]))
    is_thick = cv2.erode(ink.astype(np.uint8), np.ones((pen, pen), np.uint8)).any()
    across = np.ptp(np.flatnonzero(ink.any(axis=1))) / gray.shape[0]
    along = np.ptp(np.flatnonzero(ink.any(axis=0))) / gray.shape[1]
    is_line = _ACROSS[0] <= across <= _ACROSS[1] and _ALONG[0] <= along <= _ALONG[1]
    return bool(is_line and not is_thick)
