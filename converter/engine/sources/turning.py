"""Turn arrays upright by an orientation mark, as TIFF and EXIF define it."""

import numpy as np


def turned(array: np.ndarray, orientation: int) -> np.ndarray:
    """Return a view of an array, upright.

    Parameters
    ----------
    array : ndarray, shape (rows, columns, ...)
        As it is stored.
    orientation : int
        1 to 8: where the first stored row and column belong.

    Returns
    -------
    ndarray
        Rows and columns exchanged from 5 on.

    References
    ----------
    TIFF 6.0, Orientation (274).
    """
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
