"""The samples of one page of a TIFF, by the decoder that reads them as they were meant."""

import zlib
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
from tifffile import TiffPage

from converter.engine.errors import damaged
from converter.engine.sources.tiff_compression import DEFLATE, FAX


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
    try:
        return page.asarray(maxworkers=1)
    except RuntimeError:
        if page.compression not in DEFLATE or page.is_tiled:
            raise
        return _strip_by_strip(page)


def _strip_by_strip(page: TiffPage) -> np.ndarray:
    """Decode strips of Deflate, of which the last may hold more rows than the page has left."""
    file = page.parent.filehandle
    samples = np.empty(page.shaped, page.dtype)
    strips = zip(page.dataoffsets, page.databytecounts, strict=True)
    for index, (offset, size) in enumerate(strips):
        file.seek(offset)
        strip = _cut(page, index, file.read(size))
        segment, (plane, depth, top, left, _sample), shape = page.decode(strip, index)
        rows, columns = slice(top, top + shape[1]), slice(left, left + shape[2])
        samples[plane, depth : depth + shape[0], rows, columns] = segment
    return samples.reshape(page.shape)


def _cut(page: TiffPage, index: int, strip: bytes) -> bytes:
    """Return a strip with the rows alone that the page has; all of it has to be sound."""
    row_samples = page.imagewidth * (page.samplesperpixel if page.planarconfig == 1 else 1)
    row_bytes = -(-row_samples * page.bitspersample // 8)
    strip_rows = min(page.rowsperstrip, page.imagelength)
    first_row = index % -(-page.imagelength // strip_rows) * strip_rows
    rows = min(strip_rows, page.imagelength - first_row)
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(strip, 2 * strip_rows * row_bytes)
    if not unpacker.eof:
        raise damaged()
    return zlib.compress(unpacked[: rows * row_bytes], level=0)


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
