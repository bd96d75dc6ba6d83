"""The samples of one page of a TIFF, by the decoder that reads them as they were meant."""

from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from tifffile import TiffPage

from converter.engine.errors import damaged
from converter.engine.sources.tiff_compression import FAX


def read_samples(page: TiffPage) -> np.ndarray:
    """Decode a page.

    Parameters
    ----------
    page : TiffPage
        Checked by its header.

    Returns
    -------
    ndarray
        In the shape and axes of the page, as they are stored: nothing is inverted.

    Raises
    ------
    RuntimeError, OSError, ValueError
        Whatever the decoders raise for what they cannot read.
    """
    if page.compression in FAX:
        return _by_libtiff(page)
    return page.asarray(maxworkers=1)


def _by_libtiff(page: TiffPage) -> np.ndarray:
    """Decode a page by libtiff, as nearly all programs do.

    The decoder of tifffile follows T.6 to the letter and loses its place, without a word, where
    an encoder counts empty runs as changes of color; what such encoders were tried with is libtiff.
    """
    import imagecodecs

    path = Path(page.parent.filehandle.path)
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        samples = imagecodecs.tiff_decode(data, index=page.index)
    if samples.shape != page.shape or samples.dtype != page.dtype:
        raise damaged()
    return samples
