"""RLE frames without what is not image: gaps between segments, and bytes behind their last run."""

from dataclasses import dataclass

from pseudonymizer.engine.elements import EXPLICIT_LITTLE, Dataset, number_of
from pseudonymizer.engine.streams import Piece, Stream, Stretch, cut_short, not_understood

_ROWS, _COLUMNS, _SAMPLES, _ALLOCATED = 0x00280010, 0x00280011, 0x00280002, 0x00280100
_HEADER_BYTES, _MOST_SEGMENTS = 64, 15
_NO_RUN = 128  # a byte that stands for nothing (PS3.5 G.3.2)


@dataclass(frozen=True)
class RleCleaner:
    """Cleans the frames of one file: each segment holds one byte of every sample of one kind."""

    segment_count: int
    segment_bytes: int  # decoded

    @classmethod
    def of(cls, header: Dataset) -> "RleCleaner":
        """Return the cleaner for images as the Image Pixel attributes describe them."""
        rows, columns, samples, bits = (
            number_of(header.get(tag), EXPLICIT_LITTLE)
            for tag in (_ROWS, _COLUMNS, _SAMPLES, _ALLOCATED)
        )
        return cls((samples or 1) * bits // 8, rows * columns)

    def __call__(self, stream: Stream) -> list[Piece]:
        """Return what stays of a frame: a header written anew, and the runs of each segment.

        Parameters
        ----------
        stream : Stream
            One whole frame.

        Returns
        -------
        list of Stretch or bytes

        Raises
        ------
        HeldBack
            If the segments do not make the image that the header of the file describes.

        References
        ----------
        DICOM PS3.5 Annex G.
        """
        starts = self._starts(stream)
        pieces: list[Piece] = []
        offsets, position = [], _HEADER_BYTES
        for start, stop in zip(starts, [*starts[1:], stream.stop], strict=True):
            segment = stream.data[start:stop]
            used = _used(segment, self.segment_bytes)
            pieces += [Stretch(start, start + used), *([b"\0"] if used % 2 else [])]
            offsets.append(position)
            position += used + used % 2
        numbers = [len(offsets), *offsets]
        head = b"".join(number.to_bytes(4, "little") for number in numbers)
        return [head.ljust(_HEADER_BYTES, b"\0"), *pieces]

    def _starts(self, stream: Stream) -> list[int]:
        """Return where the segments start, as the header of the frame says."""
        head = stream.part(stream.start, _HEADER_BYTES)
        count, *offsets = (
            int.from_bytes(head[at : at + 4], "little") for at in range(0, _HEADER_BYTES, 4)
        )
        offsets = offsets[:count]
        is_sound = offsets == sorted(set(offsets)) and offsets[:1] >= [_HEADER_BYTES]
        if not (0 < count == self.segment_count <= _MOST_SEGMENTS and is_sound):
            raise not_understood()
        return [stream.within(stream.start + offset) for offset in offsets]


def _used(segment: bytes, size: int) -> int:
    """Return how many bytes of a segment are decoded to `size` bytes."""
    position, stop = 0, len(segment)
    while size > 0:
        if position >= stop:
            raise cut_short()
        code = segment[position]
        if code < _NO_RUN:  # as many bytes follow as they are, and one more
            position += code + 2
            size -= code + 1
        elif code > _NO_RUN:  # one byte follows, which is repeated
            position += 2
            size -= 257 - code
        else:
            position += 1
    if size < 0 or position > stop:
        raise not_understood()
    return position
