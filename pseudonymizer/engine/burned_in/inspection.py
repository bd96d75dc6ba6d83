"""Decide about an image's pixels: pass them on, blacken text, or let a data steward look."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

from pseudonymizer.causes import SAYS_TEXT, TEXT_CODES
from pseudonymizer.engine.burned_in.blackening import BlackOut, within
from pseudonymizer.engine.burned_in.boxes import Box, TextDetector, TextFound
from pseudonymizer.engine.burned_in.formats import PixelFormat, UnreadableError, pixel_format
from pseudonymizer.engine.burned_in.frames import CompressedFrames, Frames, NativeFrames
from pseudonymizer.engine.burned_in.looking import Looked, look, ultrasound_regions
from pseudonymizer.engine.burned_in.rendering import read_palette, renderer
from pseudonymizer.engine.burned_in.risk import must_look, says_yes
from pseudonymizer.engine.elements import Dataset
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.part10 import Part10
from pseudonymizer.engine.pixels import Drawn, Pixels

_LONGEST_VALUE = 0xFFFFFFFE
_NOT_READ = _(
    "The image may show text, and its pixels cannot be read here. A data steward has to look at it."
)
_NOT_BLACKENED = _(
    "The pixels cannot be read here, so nothing can be blacked out. Reject the file, or accept it."
)
_IN_COMPRESSED = _(
    "Text was found in compressed pixels. A data steward decides whether it is blacked out."
)
_NOTHING_FOUND = _(
    "The file says that text is burned in, but none was found. A data steward has to look at it."
)


@dataclass(frozen=True)
class ImageFile:
    """An open file: its header as it was read, and its pixel data."""

    part10: Part10
    header: Dataset
    sop_class_uid: str
    pixels: Pixels | None


@dataclass(frozen=True)
class Looks:
    """Who finds text, and what data stewards decided about a file."""

    detector: TextDetector
    accepted: frozenset[str] = frozenset()  # codes of HeldBack
    redactions: tuple[Box, ...] = ()
    is_unlooked: bool = False  # the file's YES says only that nobody has looked

    @property
    def is_text_accepted(self) -> bool:
        return bool(self.accepted & TEXT_CODES)


@dataclass(frozen=True)
class Inspected:
    """The pixels as they will be written, and whether no text that identifies is left for sure."""

    pixels: Pixels | None
    is_settled: bool = False  # every frame was looked at, or a data steward decided


def inspect(image: ImageFile, looks: Looks) -> Inspected:
    """Look for text where a header gives reason to, and blacken what is found.

    Parameters
    ----------
    image : ImageFile
        The file.
    looks : Looks
        The detector, and the decisions about the file.

    Returns
    -------
    Inspected

    Raises
    ------
    TextFound
        If text was found in compressed pixels, or the pixels cannot be read.
    HeldBack
        "burned-in", if the file says that it shows text and none was found, unless it says so
        because nobody has looked.

    References
    ----------
    DICOM PS3.15 E.3.1, Clean Pixel Data Option.
    """
    is_risky = must_look(image.header, image.sop_class_uid) and not looks.is_text_accepted
    if not is_risky and not looks.redactions:
        is_settled = looks.is_text_accepted and image.pixels is not None
        return Inspected(image.pixels, is_settled)
    if image.pixels is None:
        _hold_if_it_says_so(image.header)
        return Inspected(None)
    try:
        return _inspect(image, image.pixels, looks)
    except UnreadableError:
        if not looks.redactions:
            _hold_if_it_says_so(image.header)
        raise TextFound(_NOT_BLACKENED if looks.redactions else _NOT_READ) from None


def _inspect(image: ImageFile, pixels: Pixels, looks: Looks) -> Inspected:
    frames = _frames(image, pixels)
    looked = _look(image, frames, looks)
    found = looked.boxes
    redactions = within(looks.redactions, frames.form)
    open_boxes = [box for box in found if not any(each.holds(box) for each in redactions)]
    if open_boxes and isinstance(frames, CompressedFrames):
        raise TextFound(_IN_COMPRESSED, found)
    is_decided = looks.is_text_accepted or bool(redactions)
    if not found and not is_decided and not looks.is_unlooked:
        _hold_if_it_says_so(image.header)
    boxes = tuple(dict.fromkeys((*redactions, *found)))
    if boxes:
        black_out = BlackOut(frames.form, boxes, _darkest_entry(image, frames.form))
        pixels = _blackened(pixels, frames, black_out)
    return Inspected(pixels, is_settled=looked.is_complete or is_decided)


def _hold_if_it_says_so(header: Dataset) -> None:
    if says_yes(header):
        raise HeldBack(SAYS_TEXT, _NOTHING_FOUND)


def _look(image: ImageFile, frames: Frames, looks: Looks) -> Looked:
    if looks.is_text_accepted or not must_look(image.header, image.sop_class_uid):
        return Looked()
    encoding = image.part10.encoding
    regions = ultrasound_regions(image.header, encoding)
    return look(frames, renderer(image.header, encoding, frames.form), looks.detector, regions)


def _frames(image: ImageFile, pixels: Pixels) -> Frames:
    form = pixel_format(image.header, image.part10.encoding, is_native=pixels.frames is None)
    # In words of big endian every two bytes are swapped; such files are history.
    is_swapped = form.is_big_endian and form.allocated == 8 and pixels.head.vr != "OB"
    if is_swapped or not pixels.is_integer:
        raise UnreadableError
    if pixels.frames is None:
        return NativeFrames(pixels.buffer, pixels.head.start, pixels.stop, form)
    return CompressedFrames(pixels.frames, image.part10.transfer_syntax_uid, form)


def _blackened(pixels: Pixels, frames: Frames, black_out: BlackOut) -> Pixels:
    """Return the pixel data with black boxes; compressed frames are decoded for good."""
    form = frames.form
    if isinstance(frames, NativeFrames):
        chunks = partial(black_out.chunks, pixels.buffer, pixels.head.start, pixels.stop)
        return replace(pixels, drawn=Drawn(pixels.head.length, chunks))
    size = form.frames * form.frame_bytes
    if size > _LONGEST_VALUE:
        raise UnreadableError
    chunks = partial(_decoded_chunks, frames, black_out)
    return replace(pixels, drawn=Drawn(size, chunks, decoded_to=form.photometric), frames=None)


def _decoded_chunks(frames: Frames, black_out: BlackOut) -> Iterator[bytes]:
    form = frames.form
    for index in range(form.frames):
        try:
            frame = frames.frame(index).astype(form.dtype)
        except UnreadableError:
            raise TextFound(_NOT_BLACKENED) from None
        black_out.paint(index, frame)
        yield frame.tobytes()


def _darkest_entry(image: ImageFile, form: PixelFormat) -> int:
    """Return the pixel value of the darkest color of a palette that a pixel can have."""
    if form.photometric != "PALETTE COLOR":
        return 0
    first, palette = read_palette(image.header, image.part10.encoding, form)
    lowest, count = (-(1 << form.stored - 1) if form.is_signed else 0), 1 << form.stored
    reached = range(max(first, lowest), min(first + len(palette), lowest + count))
    if not reached:
        raise UnreadableError
    sums = palette[reached.start - first : reached.stop - first].astype("u4").sum(axis=1)
    return reached.start + int(sums.argmin())
