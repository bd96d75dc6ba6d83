"""Pieces of a compressed frame, and why a frame cannot be cleaned."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pseudonymizer.engine.elements import Buffer
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a buffer."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


Piece = Stretch | bytes


@dataclass(frozen=True)
class Stream:
    """One frame's compressed bytes: a stretch of a buffer."""

    data: Buffer
    start: int
    stop: int

    def part(self, start: int, size: int) -> bytes:
        """Return `size` bytes from `start`, which must lie inside the frame."""
        if start + size > self.stop:
            raise cut_short()
        return self.data[start : start + size]

    def number(self, start: int, size: int) -> int:
        """Return an unsigned big endian number."""
        return int.from_bytes(self.part(start, size), "big")

    def within(self, stop: int) -> int:
        """Return `stop` if the frame reaches that far."""
        if stop > self.stop:
            raise cut_short()
        return stop


def size_of(pieces: Iterable[Piece]) -> int:
    """Return how many bytes the pieces have together."""
    return sum(len(piece) for piece in pieces)


def join(data: Buffer, pieces: Iterable[Piece]) -> Iterator[bytes]:
    """Yield the bytes of the pieces, those of long stretches in chunks."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        for start in range(piece.start, piece.stop, _CHUNK_BYTES):
            yield data[start : min(start + _CHUNK_BYTES, piece.stop)]


def cut_short() -> HeldBack:
    """Return the reason to hold a frame that ends too early."""
    return HeldBack(
        "damaged-frame",
        _("A compressed frame ends too early. Export the file again, or decode it first."),
    )


def not_understood() -> HeldBack:
    """Return the reason to hold a frame with parts that no standard names."""
    return HeldBack(
        "damaged-frame",
        _("A compressed frame cannot be read. Export the file again, or decode it first."),
    )
