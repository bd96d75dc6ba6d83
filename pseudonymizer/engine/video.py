"""Videos: the stream stays as it is, what an MP4 file tells beside it goes (ISO/IEC 14496-12)."""

from collections.abc import Iterator
from dataclasses import dataclass

from pseudonymizer.engine.elements import Buffer
from pseudonymizer.engine.frames import CleanFrames, Fragments, Frame
from pseudonymizer.engine.streams import Piece, Stream, Stretch, not_understood, size_of

_FILE_TYPE = b"ftyp"
_PARENTS = frozenset(b"moov trak mdia minf stbl edts mvex moof traf".split())
# What programs need to play the file; every other box may hold titles, places and makers.
_NEEDED = frozenset(
    b"co64 cslg ctts dinf elst ftyp hdlr iods mdat mdhd mehd mfhd mfra mvhd nmhd padb sbgp sdtp"
    b" sgpd sidx smhd stco stsc stsd stss stsz stts stz2 subs tfdt tfhd tkhd tref trex trun"
    b" vmhd".split()
)
_DATED = frozenset({b"mvhd", b"tkhd", b"mdhd"})  # when it was made and changed
_HANDLER, _HANDLER_NAME_AT = b"hdlr", 24
_REFERENCES, _OWN_REFERENCES_BYTES = b"dinf", 36
_NOTHING = b"free"
_DEEPEST = 8
_LONGEST_TELLING = 1 << 26
_HEAD_BYTES, _LONG_HEAD_BYTES = 8, 16


@dataclass(frozen=True, slots=True)
class _Box:
    """A box of an MP4 file: where it begins, where its content does, and where it ends."""

    kind: bytes
    start: int
    content: int
    stop: int


def keep_video(fragments: Fragments) -> CleanFrames:
    """Return the fragments of a video as they are, but for what an MP4 file tells of its making.

    What lies in the stream itself, captions and user data, stays: only who looked can say.

    Raises
    ------
    HeldBack
        If an MP4 file cannot be read, or lies in several fragments.

    References
    ----------
    DICOM PS3.5 8.2.5 to 8.2.8 and A.4.4 to A.4.9.
    """
    data, parts = fragments.data, fragments.parts
    is_mp4 = bool(parts) and data[parts[0].start + 4 : parts[0].start + 8] == _FILE_TYPE
    if is_mp4 and len(parts) > 1:
        raise not_understood()
    frames = tuple(_frame(data, part, is_mp4) for part in parts)
    return CleanFrames(data, clean_mp4, frames, has_table=False)


def clean_mp4(stream: Stream) -> list[Piece]:
    """Return an MP4 file, every byte in its place, without titles, places and dates."""
    pieces: list[Piece] = []
    position = stream.start
    for start, replacement in _replacements(stream, stream.start, stream.stop):
        pieces += [Stretch(position, start), replacement]
        position = start + len(replacement)
    return [*pieces, Stretch(position, stream.stop)]


def _frame(data: Buffer, part: Stretch, is_mp4: bool) -> Frame:
    pieces = clean_mp4(Stream(data, part.start, part.stop)) if is_mp4 else [part]
    return Frame((part,), size_of(pieces), tuple(pieces))


def _replacements(
    stream: Stream, start: int, stop: int, depth: int = 0
) -> Iterator[tuple[int, bytes]]:
    """Yield what takes the place of bytes, and where, in ascending order."""
    for box in _boxes(stream, start, stop):
        if box.kind in _PARENTS and depth < _DEEPEST:
            yield from _replacements(stream, box.content, box.stop, depth + 1)
        elif box.kind in _NEEDED:
            yield from _told_in(stream, box)
        else:
            if box.stop - box.start > _LONGEST_TELLING:
                raise not_understood()
            yield box.start + 4, _NOTHING
            yield box.content, bytes(box.stop - box.content)


def _told_in(stream: Stream, box: _Box) -> Iterator[tuple[int, bytes]]:
    """Yield what takes the place of dates and names in a box that is needed."""
    if box.kind in _DATED:
        dates = box.content + 4
        size = 16 if stream.number(box.content, 1) else 8
        if dates + size > box.stop:
            raise not_understood()
        yield dates, bytes(size)
    elif box.kind == _HANDLER:
        name = box.content + _HANDLER_NAME_AT
        yield name, bytes(max(0, box.stop - name))
    elif box.kind == _REFERENCES and box.stop - box.start != _OWN_REFERENCES_BYTES:
        raise not_understood()  # to other files, by their names


def _boxes(stream: Stream, start: int, stop: int) -> Iterator[_Box]:
    while stop - start >= _HEAD_BYTES:
        size, content = stream.number(start, 4), start + _HEAD_BYTES
        if size == 1:
            size, content = stream.number(start + 8, 8), start + _LONG_HEAD_BYTES
        end = start + size if size else stop
        if not content <= end <= stop:
            raise not_understood()
        yield _Box(stream.part(start + 4, 4), start, content, end)
        start = end
    if any(stream.data[start:stop]):  # a byte that makes the length even is nothing
        raise not_understood()
