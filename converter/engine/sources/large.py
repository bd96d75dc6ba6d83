"""Where a decoded picture goes: into one image, or, where it is large, into a pyramid."""

import resource
import tempfile
from dataclasses import replace
from typing import BinaryIO, cast

from PIL import Image

from converter.engine.errors import damaged, too_large
from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.limits import LARGE_SIDE, LARGEST_SIDE
from converter.engine.sources.picture_instance import make_instance
from converter.engine.sources.raster import Picture, flat_bands, too_long

_BAND_PIXELS = 1 << 23
_MOST_IN_MEMORY = 1 << 26


def becomes_pyramid(columns: int, rows: int, options: Options) -> bool:
    """Tell whether a picture is so large that it is shown tile by tile, as slides are."""
    return max(columns, rows) > LARGE_SIDE and not options.photograph


def check_memory(columns: int, rows: int, samples: int) -> None:
    """Refuse a picture that this process has no room to decode; a color takes Pillow 4 bytes.

    Raises
    ------
    ConversionError
        Code "bomb".
    """
    allowed, _most = resource.getrlimit(resource.RLIMIT_DATA)
    needed = columns * rows * (1 if samples == 1 else 4)
    if allowed != resource.RLIM_INFINITY and needed > allowed:
        raise too_large()


def write_image(
    job: Job,
    box: Outbox,
    image: Image.Image,
    looks_photographed: bool = False,
    lossy_ratio: float = 0.0,
    lossy_method: str = "",
) -> None:
    """Write an open picture of up to 8 bits per sample: its DICOM image, or its pyramid.

    Memory holds the decoded picture, and beside it a band.

    Raises
    ------
    ConversionError
        As `flatten` and `write_picture` do.
    """
    if becomes_pyramid(*image.size, job.options):
        from converter.engine.sources.slide.flat import flat_image, write_pyramid

        write_pyramid(job, box, flat_image(image, lossy_ratio, lossy_method))
        return
    if max(image.size) > LARGEST_SIDE:
        raise too_long()
    notes: dict[str, None] = {}
    rows, first = 0, None
    with tempfile.SpooledTemporaryFile(_MOST_IN_MEMORY, dir=str(box.target_dir)) as stream:
        for band in flat_bands(image, max(_BAND_PIXELS // image.width, 1)):
            first = first or band
            rows += band.rows
            notes.update(dict.fromkeys(band.derivation))
            stream.write(band.data)
        if first is None:
            raise damaged()
        picture = replace(
            first,
            rows=rows,
            data=b"",
            derivation=tuple(notes),
            lossy_ratio=lossy_ratio,
            lossy_method=lossy_method,
        )
        dataset, pixels = make_instance(job, picture, looks_photographed)
        box.write(dataset, replace(pixels, stream=cast(BinaryIO, stream)))


def write_picture(
    job: Job, box: Outbox, picture: Picture, looks_photographed: bool = False
) -> None:
    """Write the DICOM image of a picture.

    Raises
    ------
    ConversionError
        Code "unsupported", if it is too large for one image.
    """
    if max(picture.columns, picture.rows) > LARGEST_SIDE:
        raise too_long()
    box.write(*make_instance(job, picture, looks_photographed))
