"""A large TIFF of strips as a pyramid: strip after strip is decoded."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tifffile import TiffFile, TiffPage

from converter.engine.errors import damaged, too_large, truncated
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.flat import FlatPicture, write_pyramid
from converter.engine.sources.slide.layout import SlideLayout
from converter.engine.sources.slide.tiled_level import is_planar, unsupported_colors
from converter.engine.sources.tiff import tiff_errors
from converter.engine.sources.tiff_compression import lossy_method
from converter.engine.sources.tiff_inner import check_inner
from converter.engine.sources.tiff_page import flat_tile, is_lossless

_LONGEST_PROFILE = 1 << 22


def convert_flat(source: Path, layout: SlideLayout, job: Job, box: Outbox) -> None:
    """Write the pyramid of the one picture that `layout` names."""
    (directory,) = layout.levels
    if is_planar(directory):
        raise unsupported_colors()
    strip_rows = min(directory.number(tiff.ROWS_PER_STRIP, directory.rows), directory.rows)
    samples = directory.number(tiff.SAMPLES_PER_PIXEL, 1)
    # A strip is decoded as a whole.
    if directory.columns * strip_rows * samples > job.options.max_pixels:
        raise too_large()
    with tiff_errors(), TiffFile(source, _multifile=False) as file:
        file.filehandle.seek(directory.position)
        page = TiffPage(file, index=(0,))
        _check_strips(page, directory.structure.size)
        check_inner(page)
        is_gray = page.photometric in (0, 1)
        picture = FlatPicture(
            columns=page.imagewidth,
            rows=page.imagelength,
            samples=1 if is_gray else 3,
            bands=lambda: _bands(page, is_gray),
            icc_profile=directory.blob(tiff.ICC_PROFILE, _LONGEST_PROFILE),
            lossy_method="" if is_lossless(page) else lossy_method(page.compression),
            source_bytes=0 if is_lossless(page) else sum(page.databytecounts),
            spacing_mm=layout.facts.spacing_mm,
        )
        write_pyramid(job, box, picture)


def _check_strips(page: TiffPage, file_bytes: int) -> None:
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if page.dtype != np.uint8 or page.imagedepth != 1:
        raise unsupported_colors()
    if not parts or not all(length for _offset, length in parts):
        raise damaged()
    if any(offset + length > file_bytes for offset, length in parts):
        raise truncated()


def _bands(page: TiffPage, is_gray: bool) -> Iterator[np.ndarray]:
    """Yield the strips, brought into gray or RGB."""
    for segment, _place, shape in page.segments(maxworkers=1, sort=True):
        if segment is None or shape is None:
            raise damaged()
        samples, bits = flat_tile(page, segment[0, : shape[1], : shape[2]])
        if bits != 8 or samples.shape[-1] != (1 if is_gray else 3):
            raise unsupported_colors()
        yield samples[..., 0] if is_gray else samples
