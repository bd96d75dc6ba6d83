"""OME-TIFF and stacks of ImageJ: a channel is one instance, its slices and times the frames."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tifffile import TiffFile, TiffPage

from converter.engine.errors import ConversionError, damaged
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.frames import Frames, write_frames
from converter.engine.sources.imagej import count_planes, read_imagej
from converter.engine.sources.ome import OmeImage, frame_steps, read_ome
from converter.engine.sources.picture_instance import make_instance
from converter.engine.sources.raster import Picture
from converter.engine.sources.tiff_page import decode, is_plain, page_form

Check = Callable[[list[TiffPage]], None]


@dataclass(frozen=True)
class Stack:
    """A file, the images in it, and how many planes; those without a page follow the first one."""

    file: TiffFile
    images: list[OmeImage]
    plane_count: int

    def page(self, plane: int) -> TiffPage:
        """Return the page of a plane, or the one that describes it."""
        return self.file.pages[plane if plane < len(self.file.pages) else 0].aspage()

    def picture(self, plane: int) -> Picture:
        """Decode a plane."""
        page = self.page(plane)
        if plane < len(self.file.pages):
            return decode(page)
        if page.dtype is None:
            raise damaged()
        samples = self.file.filehandle.read_array(
            page.dtype.newbyteorder(self.file.byteorder),
            page.size,
            page.dataoffsets[0] + plane * page.nbytes,
        )
        return decode(page, samples.reshape(page.shape))


def stack_in(file: TiffFile) -> Stack | None:
    """Return the stack that a description by OME or ImageJ tells; None where there is none.

    Raises
    ------
    ConversionError
        Code "incomplete" or "damaged", see `ome.read_ome`; "unsupported" or "truncated", see
        `imagej.count_planes`.
    """
    first = file.pages[0].aspage()
    if first.is_ome:
        images = read_ome(first.description)
        if not images:
            raise damaged()
        return Stack(file, images, len(file.pages))
    if not first.is_imagej:
        return None
    count, image = count_planes(file), read_imagej(file)
    return Stack(file, [image], count) if image else None


def convert_stack(stack: Stack, job: Job, box: Outbox, check: Check) -> None:
    """Write the channels of a stack.

    Parameters
    ----------
    stack : Stack
        From `stack_in`.
    job, box : Job, Outbox
        What to write, and where.
    check : callable
        Refuses pages by their headers, all those of a channel together.

    Raises
    ------
    ConversionError
        Code "incomplete" or "damaged", see `OmeImage.planes`.
    """
    channels = [
        (image, [plane for time in channel for plane in time], len(channel[0]))
        for image in stack.images
        for channel in image.planes(stack.plane_count)
    ]
    if sum(len(planes) for _image, planes, _slices in channels) > stack.plane_count:
        raise damaged()  # planes that are told to be in several images
    index = 0
    for number, (image, planes, slices) in enumerate(channels):
        pages = [stack.page(plane) for plane in planes]
        _check_shape(image, pages)
        check(pages)
        comment = f"Channel {number + 1} of {len(channels)}" if len(channels) > 1 else ""
        pictures = _pictures(stack, image, planes)
        if is_plain(pages[0]):
            frames = _frames(image, pictures, len(planes), slices)
            write_frames(job, box, replace(frames, index=index, comment=comment))
            index += 1
            continue
        for picture in pictures:
            box.write(*make_instance(job, picture, index=index))
            index += 1


def _pictures(stack: Stack, image: OmeImage, planes: list[int]) -> Iterator[Picture]:
    for plane in planes:
        picture = stack.picture(plane)
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
