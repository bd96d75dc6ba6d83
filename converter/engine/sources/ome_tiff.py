"""OME-TIFF: each channel becomes one instance, its slices and times the frames of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tifffile import TiffFile, TiffPage

from converter.engine.errors import ConversionError, damaged
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.frames import Frames, write_frames
from converter.engine.sources.ome import OmeImage, frame_steps, read_ome
from converter.engine.sources.raster import Picture, make_instance
from converter.engine.sources.tiff_page import decode, is_plain, page_form

Check = Callable[[list[TiffPage]], None]


def convert_ome(file: TiffFile, job: Job, box: Outbox, check: Check) -> None:
    """Write the channels of an OME-TIFF.

    Parameters
    ----------
    file : TiffFile
        Whose first page holds OME-XML.
    job, box : Job, Outbox
        What to write, and where.
    check : callable
        Refuses pages by their headers, all those of a channel together.

    Raises
    ------
    ConversionError
        Code "incomplete" or "damaged", see `ome.read_ome`.
    """
    images = read_ome(file.pages[0].aspage().description)
    if not images:
        raise damaged()
    count = len(file.pages)
    channels = [
        (image, [page for time in channel for page in time], len(channel[0]))
        for image in images
        for channel in image.planes(count)
    ]
    if sum(len(numbers) for _image, numbers, _slices in channels) > count:
        raise damaged()  # pages that are told to be in several images
    index = 0
    for number, (image, numbers, slices) in enumerate(channels):
        pages = [file.pages[page].aspage() for page in numbers]
        _check_shape(image, pages)
        check(pages)
        comment = f"Channel {number + 1} of {len(channels)}" if len(channels) > 1 else ""
        pictures = _pictures(image, pages)
        if is_plain(pages[0]):
            frames = _frames(image, pictures, len(pages), slices)
            write_frames(job, box, replace(frames, index=index, comment=comment))
            index += 1
            continue
        for picture in pictures:
            box.write(make_instance(job, picture, index=index))
            index += 1


def _pictures(image: OmeImage, pages: list[TiffPage]) -> Iterator[Picture]:
    for page in pages:
        picture = decode(page)
        yield replace(picture, spacing_mm=image.spacing_mm or picture.spacing_mm)


def _frames(image: OmeImage, pictures: Iterator[Picture], count: int, slices: int) -> Frames:
    """Say where and when the slices of all times were taken, as far as the file tells."""
    durations_ms, slice_mm = image.durations_ms, image.slice_mm
    times = count // slices
    if slices == 1:
        return Frames(count, pictures, durations_ms if times > 1 else ())
    locations_mm = [slice_mm * at for at in range(slices)] * times if slice_mm else []
    steps_ms = frame_steps(durations_ms, slices) if durations_ms and times > 1 else []
    return Frames(count, pictures, locations_mm=locations_mm, steps_ms=steps_ms)


def _check_shape(image: OmeImage, pages: list[TiffPage]) -> None:
    """Refuse a description that does not fit its pages."""
    announced = image.attributes.get("SizeX"), image.attributes.get("SizeY")
    if announced != (str(pages[0].imagewidth), str(pages[0].imagelength)):
        raise damaged()
    if pages[0].samplesperpixel != image.samples:
        raise ConversionError(
            _("The channels of this OME-TIFF have no page each. Save each as a page of its own."),
            "unsupported",
        )
    if len({page_form(page) for page in pages}) > 1:
        raise damaged()
