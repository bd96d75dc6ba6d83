"""A large TIFF of strips as a pyramid: strip after strip is decoded."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from tifffile import TiffFile, TiffPage

from converter.engine.errors import damaged, too_large, truncated
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.directories import Directory
from converter.engine.sources.slide.flat import FlatPicture, write_pyramids
from converter.engine.sources.slide.layout import SlideLayout
from converter.engine.sources.slide.tiled import slide_facts
from converter.engine.sources.slide.tiled_level import is_planar, unsupported_colors
from converter.engine.sources.tiff import tiff_errors
from converter.engine.sources.tiff_compression import lossy_method
from converter.engine.sources.tiff_inner import check_inner
from converter.engine.sources.tiff_page import flat_tile, is_lossless

_READ_BYTES = 1 << 22  # at once; as many strips as these hold are in memory


def convert_flat(source: Path, layout: SlideLayout, job: Job, box: Outbox) -> None:
    """Write the pyramid of the large pictures that `layout` names, one for each plane."""
    with tiff_errors(), TiffFile(source, _multifile=False) as file:
        pictures = [_picture(file, directory, job.options) for (directory,) in layout.planes]
        write_pyramids(job, box, slide_facts(layout), pictures)


def _picture(file: TiffFile, directory: Directory, options: Options) -> FlatPicture:
    if is_planar(directory):
        raise unsupported_colors()
    strip_rows = min(directory.number(tiff.ROWS_PER_STRIP, directory.rows), directory.rows)
    samples = directory.number(tiff.SAMPLES_PER_PIXEL, 1)
    # A strip is decoded as a whole.
    if directory.columns * strip_rows * samples > options.max_pixels:
        raise too_large()
    file.filehandle.seek(directory.position)
    page = TiffPage(file, index=(0,))
    _check_strips(page, directory.structure.size)
    check_inner(page)
    is_gray = page.photometric in (0, 1)
    return FlatPicture(
        columns=page.imagewidth,
        rows=page.imagelength,
        samples=1 if is_gray else 3,
        bits=8 if page.dtype == np.uint8 else 16,
        bands=partial(_bands, page, is_gray),
        lossy_method="" if is_lossless(page) else lossy_method(page.compression),
        source_bytes=0 if is_lossless(page) else sum(page.databytecounts),
    )


def _check_strips(page: TiffPage, file_bytes: int) -> None:
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    is_gray = page.photometric in (0, 1)
    if page.dtype not in (np.uint8, np.uint16)[: 1 + is_gray] or page.imagedepth != 1:
        raise unsupported_colors()
    if not parts or not all(length for _offset, length in parts):
        raise damaged()
    if any(offset + length > file_bytes for offset, length in parts):
        raise truncated()


def _bands(page: TiffPage, is_gray: bool) -> Iterator[np.ndarray]:
    """Yield the strips, brought into gray or RGB."""
    for segment, _place, shape in page.segments(maxworkers=1, sort=True, buffersize=_READ_BYTES):
        if segment is None or shape is None:
            raise damaged()
        samples, bits = flat_tile(page, segment[0, : shape[1], : shape[2]])
        if not (bits == 8 or is_gray) or samples.shape[-1] != (1 if is_gray else 3):
            raise unsupported_colors()
        yield samples[..., 0] if is_gray else samples
