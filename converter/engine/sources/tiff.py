"""TIFF: pages are checked by their headers, decoded one at a time, stored losslessly."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tifffile import TiffFile, TiffPage, logger

from converter.engine.errors import ConversionError, damaged, too_large, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.frames import Frames, write_frames
from converter.engine.sources.limits import LARGEST_SIDE
from converter.engine.sources.picture_instance import make_instance
from converter.engine.sources.raster import Picture, check_size, too_long
from converter.engine.sources.tiff_inner import check_inner
from converter.engine.sources.tiff_page import decode, is_plain, page_form

_MOST_PAGES = 100_000
_REDUCED, _MASK = 1, 4
_DECODED_SAMPLE_BYTES = 8  # at most, a float64
_FAILURES = (
    ArithmeticError,
    AttributeError,
    EOFError,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write a slide as a pyramid; pages that are alike as the frames of one instance; else each."""
    from converter.engine.sources.slide.tiled import convert_slide

    if not convert_slide(source, job, box):
        _convert_pages(source, job, box)


def _convert_pages(source: Path, job: Job, box: Outbox) -> None:
    with tiff_errors(), TiffFile(source, _multifile=False) as file:
        pages = _image_pages(file)
        if pages[0].is_ome or pages[0].is_imagej:
            from converter.engine.sources.stack import convert_stack, stack_in

            if stack := stack_in(file):
                convert_stack(stack, job, box, partial(_check_pages, file, job.options))
                return
        for page in pages:
            _check_page(page, file.filehandle.size, job.options)
        if len({page_form(page) for page in pages}) == 1 and is_plain(pages[0]):
            _check_frames(pages, job.options)
            write_frames(job, box, Frames(len(pages), _pictures(pages)))
            return
        for index, picture in enumerate(_pictures(pages)):
            box.write(*make_instance(job, picture, index=index))


def _pictures(pages: list[TiffPage]) -> Iterator[Picture]:
    for page in pages:
        yield decode(page)


@contextmanager
def tiff_errors() -> Iterator[None]:
    """Turn what tifffile raises into a `ConversionError`; its log quotes tags, so it is off."""
    is_disabled = logger().disabled
    logger().disabled = True
    try:
        yield
    except ConversionError:
        raise
    except MemoryError:
        raise too_large() from None
    except _FAILURES:
        raise damaged() from None
    finally:
        logger().disabled = is_disabled


def _image_pages(file: TiffFile) -> list[TiffPage]:
    """Return the pages that are pictures of their own: no thumbnails, no masks.

    Raises
    ------
    ConversionError
        Code "damaged" where pages point back to each other; "unsupported" for whole slides.
    """
    pages: list[TiffPage] = []
    offsets: set[int] = set()
    for page in file.pages:
        page = page.aspage()
        if page.offset in offsets or len(offsets) > _MOST_PAGES:
            raise damaged()
        offsets.add(page.offset)
        pages.append(page)
    if not pages:
        raise damaged()
    if _is_slide(pages[0]):
        raise ConversionError(
            _("This slide cannot be read. Export it as SVS, or as tiled TIFF."), "unsupported"
        )
    own = [page for page in pages if not page.subfiletype & (_REDUCED | _MASK)]
    return own or pages[:1]


def _is_slide(page: TiffPage) -> bool:
    """Scanners of slides add a photograph of the label, which names the patient."""
    return bool(
        page.is_svs or page.is_ndpi or page.is_scn or page.is_philips or page.is_bif or page.is_qpi
    )


def _check_page(page: TiffPage, file_bytes: int, options: Options) -> None:
    """Refuse a page by what its header claims, before anything is decoded."""
    samples = max(page.samplesperpixel, 1)
    sample_bytes = page.dtype.itemsize if page.dtype else _DECODED_SAMPLE_BYTES
    check_size(page.imagewidth, page.imagelength, samples * sample_bytes, options)
    if max(page.imagewidth, page.imagelength) > LARGEST_SIDE:
        raise too_long()
    if page.imagedepth != 1:
        raise ConversionError(
            _("TIFF pages that are volumes are not supported. Save one page per slice."),
            "unsupported",
        )
    if page.is_tiled and page.tilewidth * page.tilelength > options.max_pixels:
        raise too_large()
    parts = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    if not parts or not all(length for _offset, length in parts):
        raise damaged()
    if any(offset + length > file_bytes for offset, length in parts):
        raise truncated()
    check_inner(page)


def _check_pages(file: TiffFile, options: Options, pages: list[TiffPage]) -> None:
    for page in pages:
        _check_page(page, file.filehandle.size, options)
    _check_frames(pages, options)


def _check_frames(pages: list[TiffPage], options: Options) -> None:
    """Pixel Data ends at 4 GB, and all frames of an instance stand in it."""
    page = pages[0]
    samples = max(page.samplesperpixel, 3 if page.photometric in (3, 5, 6) else 1)
    sample_bytes = page.dtype.itemsize if page.dtype else _DECODED_SAMPLE_BYTES
    total = page.imagewidth * page.imagelength * samples * sample_bytes * len(pages)
    if total > min(options.max_bytes, 2**32 - 2):
        raise too_large()
