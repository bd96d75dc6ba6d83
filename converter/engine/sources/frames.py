"""Many pictures of one size as the frames of one instance: animations, pages of a document."""

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydicom.dataset import Dataset
from pydicom.uid import (
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    MultiFrameTrueColorSecondaryCaptureImageStorage,
)

from converter.engine.errors import ConversionError, damaged, too_large
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import ObjectClass, decimal_strings, new_instance, number_instance
from converter.engine.options import Job, Options
from converter.engine.output import Outbox, PixelFile
from converter.engine.sources.large import write_picture
from converter.engine.sources.limits import LARGEST_SIDE
from converter.engine.sources.picture_instance import (
    add_image,
    add_pixel_format,
    make_instance,
)
from converter.engine.sources.raster import Picture, check_size, too_long

_CLASSES = {
    ("MONOCHROME2", 8): MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    ("MONOCHROME2", 16): MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    ("RGB", 8): MultiFrameTrueColorSecondaryCaptureImageStorage,
}
_LONGEST_VECTOR = 65534  # the length of a DS or IS value in explicit VR is unsigned 16 bit
_UNTIMED_MS = 100.0
_FRAME_TIME, _FRAME_TIME_VECTOR, _PAGE_NUMBERS = 0x00181063, 0x00181065, 0x00182001
_SLICE_LOCATIONS = 0x00182005


@dataclass(frozen=True)
class Frames:
    """Pictures that belong together, made one at a time.

    `durations_ms` says how long each is shown; empty for pages, which have no time. Where they are
    the slices of a volume, or of several, `locations_mm` says where each lies and `steps_ms` how
    long after the one before it was taken. `comment` says what they are among others.
    """

    count: int
    pictures: Iterable[Picture]
    durations_ms: Sequence[float] = ()
    locations_mm: Sequence[float] = ()
    steps_ms: Sequence[float] = ()
    index: int = 0  # of their instance in its source
    comment: str = ""


def check_animation(
    columns: int, rows: int, bytes_per_pixel: int, count: int, options: Options
) -> None:
    """Refuse an animation by what its headers claim; the limits hold for all frames together."""
    if count < 1:
        raise damaged()
    check_size(columns, rows, bytes_per_pixel * count, options)
    if count > 1 and max(columns, rows) > LARGEST_SIDE:
        raise too_long()
    if columns * rows * count > options.max_pixels:
        raise too_large()


def write_frames(job: Job, box: Outbox, frames: Frames) -> None:
    """Write one instance: multi-frame where there is more than one picture.

    Parameters
    ----------
    job : Job
        Attributes, series and options.
    box : Outbox
        Where the instance goes.
    frames : Frames
        Uncompressed pictures of 8 bits, or gray ones of 16, all of one size and color.

    Raises
    ------
    ConversionError
        Code "unsupported", if a photograph is asked for, which has one frame; "damaged", if the
        pictures differ in size, color or number from what was announced.

    References
    ----------
    DICOM PS3.3 A.8.3, A.8.4, A.8.5, C.7.6.5, C.7.6.6, C.8.6.3, C.8.6.4.
    """
    pictures = iter(frames.pictures)
    first = next(pictures)
    if frames.count == 1:
        if not frames.comment:
            write_picture(job, box, first)
            return
        dataset, pixels = make_instance(job, first, index=frames.index)
        _add_comment(dataset, frames)
        box.write(dataset, pixels)
        return
    if job.options.photograph:
        raise ConversionError(
            _(
                "A photograph is a single picture in DICOM, and this file has several. "
                "Convert it as Secondary Capture."
            ),
            "unsupported",
        )
    with tempfile.TemporaryFile(dir=box.target_dir) as stream:
        said: dict[str, None] = {}
        count = 0
        for picture in _alike(itertools.chain([first], pictures), first):
            stream.write(picture.data)
            said.update(dict.fromkeys(picture.derivation))
            count += 1
        if count != frames.count:
            raise damaged()
        shared = replace(first, derivation=tuple(said))
        dataset = _multi_frame(job, shared, frames)
        box.write(dataset, PixelFile(stream, "OB" if first.bits_allocated == 8 else "OW"))


def _alike(pictures: Iterable[Picture], first: Picture) -> Iterator[Picture]:
    for picture in pictures:
        if _form(picture) != _form(first):
            raise damaged()
        yield picture


def _form(picture: Picture) -> tuple[int, int, str, int]:
    return picture.rows, picture.columns, picture.photometric_interpretation, picture.bits


def _multi_frame(job: Job, picture: Picture, frames: Frames) -> Dataset:
    """Make the instance without its pixels."""
    sop_class_uid = _CLASSES[picture.photometric_interpretation, picture.bits_allocated]
    dataset = new_instance(job, ObjectClass(sop_class_uid, job.options.modality or "OT"))
    number_instance(dataset, job, frames.index)
    dataset.ConversionType = "WSD"
    # The standard wants YES or NO, and nobody has looked: NO would be a promise.
    dataset.BurnedInAnnotation = "YES"
    add_image(dataset, replace(picture, spacing_mm=None), is_photograph=False)
    if picture.spacing_mm:  # here a nominal scanned one is for scanned film and documents alone
        dataset.PixelSpacing = decimal_strings(picture.spacing_mm)
    add_pixel_format(dataset, picture)
    dataset.NumberOfFrames = frames.count
    _add_order(dataset, frames)
    _add_comment(dataset, frames)
    if picture.photometric_interpretation == "MONOCHROME2":
        dataset.PresentationLUTShape = "IDENTITY"
        dataset.RescaleIntercept, dataset.RescaleSlope = "0", "1"
        dataset.RescaleType = "US"
    return dataset


def _add_comment(dataset: Dataset, frames: Frames) -> None:
    if frames.comment:
        dataset.ImageComments = frames.comment


def _add_order(dataset: Dataset, frames: Frames) -> None:
    """Say what a step from one frame to the next is: a time, a place, or a page."""
    if frames.locations_mm or frames.steps_ms:
        _add_places(dataset, frames)
        return
    if not frames.durations_ms:
        dataset.FrameIncrementPointer = _PAGE_NUMBERS
        dataset.PageNumberVector = _vector([str(number) for number in range(1, frames.count + 1)])
        return
    # Programs show a picture without a duration for a tenth of a second.
    shown_ms = [duration or _UNTIMED_MS for duration in frames.durations_ms]
    if len(set(shown_ms)) == 1:
        dataset.FrameIncrementPointer = _FRAME_TIME
        (dataset.FrameTime,) = decimal_strings(shown_ms[:1])
        return
    # The value of a frame is the time since the one before; the last duration has no place.
    dataset.FrameIncrementPointer = _FRAME_TIME_VECTOR
    dataset.FrameTimeVector = _vector(decimal_strings([0.0, *shown_ms[:-1]]))


def _add_places(dataset: Dataset, frames: Frames) -> None:
    pointers = []
    if frames.steps_ms:
        pointers.append(_FRAME_TIME_VECTOR)
        dataset.FrameTimeVector = _vector(decimal_strings(frames.steps_ms))
    if frames.locations_mm:
        pointers.append(_SLICE_LOCATIONS)
        dataset.SliceLocationVector = _vector(decimal_strings(frames.locations_mm))
    dataset.FrameIncrementPointer = pointers


def _vector(values: list[str]) -> list[str]:
    if len("\\".join(values)) > _LONGEST_VECTOR:
        raise ConversionError(
            _("This file has more pictures than one DICOM image can number. Split it."),
            "unsupported",
        )
    return values
