"""Where a decoded picture goes: into one image, or, where it is large, into a pyramid."""

from pydicom.uid import ExplicitVRLittleEndian

from converter.engine.options import Job, Options
from converter.engine.output import Outbox
from converter.engine.sources.limits import LARGE_SIDE, LARGEST_SIDE
from converter.engine.sources.picture_instance import make_instance
from converter.engine.sources.raster import Picture, too_long


def becomes_pyramid(columns: int, rows: int, options: Options) -> bool:
    """Tell whether a picture is so large that it is shown tile by tile, as slides are."""
    return max(columns, rows) > LARGE_SIDE and not options.photograph


def write_picture(
    job: Job, box: Outbox, picture: Picture, looks_photographed: bool = False
) -> None:
    """Write the DICOM image of a picture, or its pyramid where it is large.

    Raises
    ------
    ConversionError
        Code "unsupported", if it is too large for one image and cannot become a pyramid.
    """
    is_plain = picture.bits == 8 and picture.transfer_syntax_uid == ExplicitVRLittleEndian
    if is_plain and becomes_pyramid(picture.columns, picture.rows, job.options):
        from converter.engine.sources.slide.flat import flat_picture, write_pyramid

        write_pyramid(job, box, flat_picture(picture))
        return
    if max(picture.columns, picture.rows) > LARGEST_SIDE:
        raise too_long()
    box.write(make_instance(job, picture, looks_photographed))
