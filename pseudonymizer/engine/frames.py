"""Encapsulated frames: which fragments make one, what stays of it, and the offset tables."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from pseudonymizer.engine.elements import ITEM, Buffer, Dataset, Element, count_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.jpeg import JpegCleaner
from pseudonymizer.engine.jpeg2000 import CODESTREAM_START, FILE_START, clean_jpeg2000
from pseudonymizer.engine.rle import RleCleaner
from pseudonymizer.engine.streams import Piece, Stream, Stretch, join, size_of

RLE_SYNTAX = "1.2.840.10008.1.2.5"
_SYNTAX_ROOT = "1.2.840.10008.1.2.4."
_JPEG_ARCS = frozenset({*map(str, range(50, 67)), "70"})
_JPEG_LS_ARCS = frozenset({"80", "81"})
_JPEG_2000_ARCS = frozenset({"90", "91", "92", "93", "201", "202", "203"})
_STARTS = (b"\xff\xd8\xff", CODESTREAM_START, FILE_START)

_NUMBER_OF_FRAMES = 0x00280008
_OFFSETS, _LENGTHS = 0x7FE00001, 0x7FE00002
_LONGEST_JOINED = 1 << 26
_LONGEST_ITEM = 0xFFFFFFFE
_HEAD_BYTES = 8

Cleaner = Callable[[Stream], list[Piece]]


@dataclass(frozen=True)
class Fragments:
    """The items of an encapsulated pixel data element (PS3.5 A.4)."""

    data: Buffer
    offset_table: bytes
    parts: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; the pieces of a frame that lies in several fragments are found anew."""

    fragments: tuple[Stretch, ...]
    size: int
    pieces: tuple[Piece, ...] = ()

    @property
    def padded_size(self) -> int:
        return self.size + self.size % 2


@dataclass(frozen=True)
class CleanFrames:
    """The frames of one pixel data element, ready to be written as one fragment each."""

    data: Buffer
    clean: Cleaner
    frames: tuple[Frame, ...]
    has_table: bool
    has_extended_table: bool = False

    def items(self) -> Iterator[bytes]:
        """Yield the items: the Basic Offset Table, then one for each frame."""
        yield _item_head(4 * len(self.frames) if self.has_table else 0)
        if self.has_table:
            yield b"".join(offset.to_bytes(4, "little") for offset in self.offsets())
        for frame in self.frames:
            yield _item_head(frame.padded_size)
            yield from self._content(frame)
            if frame.size % 2:
                yield b"\0"

    def offsets(self) -> list[int]:
        """Return where the item of each frame starts, from the first frame's item."""
        offsets, position = [], 0
        for frame in self.frames:
            offsets.append(position)
            position += _HEAD_BYTES + frame.padded_size
        return offsets

    def content(self, index: int) -> bytes:
        """Return one frame, as it will be written."""
        return b"".join(self._content(self.frames[index]))

    def _content(self, frame: Frame) -> Iterator[bytes]:
        if frame.pieces:
            return join(self.data, frame.pieces)
        stream = _stream(self.data, frame.fragments)
        return join(stream.data, self.clean(stream))


def cleaner_of(transfer_syntax_uid: str, header: Dataset) -> Cleaner:
    """Return what cleans frames of a transfer syntax.

    Raises
    ------
    HeldBack
        If nothing is known of such frames.
    """
    arc = transfer_syntax_uid.removeprefix(_SYNTAX_ROOT)
    if arc in _JPEG_ARCS:
        return JpegCleaner()
    if arc in _JPEG_LS_ARCS:
        return JpegCleaner(is_ls=True)
    if arc in _JPEG_2000_ARCS:
        return clean_jpeg2000
    if transfer_syntax_uid == RLE_SYNTAX:
        return RleCleaner.of(header)
    raise HeldBack(
        "unchecked-compression",
        _("The frames are compressed in a way that cannot be checked. Decode the file first."),
    )


def clean_frames(fragments: Fragments, header: Dataset, clean: Cleaner) -> CleanFrames:
    """Return the frames without what is not image.

    Parameters
    ----------
    fragments : Fragments
        The items as they stand in the file.
    header : dict of int to Element
        The dataset as it was read: number of frames, Extended Offset Table.
    clean : callable
        What cleans one frame.

    Returns
    -------
    CleanFrames

    Raises
    ------
    HeldBack
        If the fragments do not make as many frames as the header says, or one is damaged.

    References
    ----------
    DICOM PS3.5 A.4 and Table A.4-1; PS3.3 C.7.6.3.1.8, Extended Offset Table.
    """
    frames = tuple(
        _clean_frame(fragments.data, group, clean) for group in _group(fragments, header)
    )
    found = CleanFrames(
        fragments.data,
        clean,
        frames,
        has_table=False,
        has_extended_table=_OFFSETS in header or _LENGTHS in header,
    )
    wants_table = bool(fragments.offset_table) and _OFFSETS not in header
    fits = not frames or found.offsets()[-1] <= _LONGEST_ITEM
    return replace(found, has_table=wants_table and fits)


def rebuild_extended_table(output: Dataset, found: CleanFrames) -> None:
    """Write the Extended Offset Table anew where the file had one."""
    if not found.has_extended_table:
        return
    lengths = [frame.padded_size for frame in found.frames]
    for tag, numbers in ((_OFFSETS, found.offsets()), (_LENGTHS, lengths)):
        value = b"".join(number.to_bytes(8, "little") for number in numbers)
        output[tag] = Element(tag, "OV", value)


def _clean_frame(data: Buffer, group: tuple[Stretch, ...], clean: Cleaner) -> Frame:
    stream = _stream(data, group)
    pieces = clean(stream)
    size = size_of(pieces)
    if size > _LONGEST_ITEM:
        raise _too_long()
    return Frame(group, size, tuple(pieces) if len(group) == 1 else ())


def _stream(data: Buffer, group: tuple[Stretch, ...]) -> Stream:
    if len(group) == 1:
        return Stream(data, group[0].start, group[0].stop)
    if sum(map(len, group)) > _LONGEST_JOINED:
        raise _too_long()
    joined = b"".join(data[part.start : part.stop] for part in group)
    return Stream(joined, 0, len(joined))


def _group(fragments: Fragments, header: Dataset) -> list[tuple[Stretch, ...]]:
    """Return the fragments of each frame."""
    parts, count = fragments.parts, count_of(header.get(_NUMBER_OF_FRAMES))
    begins = [index for index, part in enumerate(parts) if _begins_frame(fragments.data, part)]
    if count == 1 and parts and len(begins) <= 1:
        return [parts]
    if len(parts) == count > 0:
        return [(part,) for part in parts]
    told = _told_begins(fragments, header)
    if len(told) == count > 0:
        begins = told
    if len(begins) != count or begins[:1] != [0]:
        raise HeldBack(
            "unclear-frames",
            _("The compressed frames cannot be told apart. Export the file again."),
        )
    return [parts[a:b] for a, b in zip(begins, [*begins[1:], len(parts)], strict=True)]


def _begins_frame(data: Buffer, part: Stretch) -> bool:
    head = data[part.start : min(part.start + len(FILE_START), part.stop)]
    return head.startswith(_STARTS)


def _told_begins(fragments: Fragments, header: Dataset) -> list[int]:
    """Return which fragments begin a frame by the offset tables; nothing if they lie."""
    table, size = fragments.offset_table, 4
    if not table and _OFFSETS in header:
        table, size = header[_OFFSETS].value, 8
    offsets = _numbers(table, size)
    first = fragments.parts[0].start if fragments.parts else 0
    index = {part.start - first: number for number, part in enumerate(fragments.parts)}
    begins = [index.get(offset, -1) for offset in offsets]
    is_sound = begins[:1] == [0] and all(a < b for a, b in pairwise(begins))
    return begins if is_sound else []


def _numbers(table: bytes, size: int) -> Sequence[int]:
    starts = range(0, len(table) - size + 1, size)
    return [int.from_bytes(table[start : start + size], "little") for start in starts]


def _too_long() -> HeldBack:
    return HeldBack(
        "long-frame",
        _("A compressed frame is too long to be checked. Decode the file first."),
    )


def _item_head(length: int) -> bytes:
    return (ITEM >> 16).to_bytes(2, "little") + b"\0\xe0" + length.to_bytes(4, "little")
