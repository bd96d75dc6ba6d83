"""How the pixels of an image are laid out, as its header says."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pseudonymizer.engine.elements import Dataset, Encoding, count_of, number_of, text_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Samples of one frame: looking takes about 15 bytes for each, and a blank frame of any size
# is a few kilobytes in a file. What claims more is not decoded.
MOST_SAMPLES = 150_000_000
MOST_FRAMES = 1 << 20
_ROWS, _COLUMNS, _FRAMES = 0x00280010, 0x00280011, 0x00280008
_SAMPLES, _PHOTOMETRIC, _PLANAR = 0x00280002, 0x00280004, 0x00280006
_ALLOCATED, _STORED, _HIGH_BIT, _SIGNED = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_GRAY = frozenset({"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", ""})
_COLORS = frozenset({"RGB", "YBR_FULL"})
_COMPRESSED_COLORS = frozenset({"YBR_FULL_422", "YBR_PARTIAL_420", "YBR_ICT", "YBR_RCT"})


class UnreadableError(Exception):
    """Pixels that this engine cannot decode."""


@dataclass(frozen=True)
class PixelFormat:
    """The Image Pixel attributes (PS3.3 C.7.6.3)."""

    rows: int
    columns: int
    frames: int
    samples: int
    photometric: str
    is_planar: bool
    allocated: int  # bits
    stored: int
    high_bit: int
    is_signed: bool
    is_big_endian: bool

    @property
    def dtype(self) -> "np.dtype[np.generic]":
        """The numpy type of one sample as it lies in the file."""
        import numpy as np

        kind, order = "i" if self.is_signed else "u", ">" if self.is_big_endian else "<"
        return np.dtype(f"{order}{kind}{self.allocated // 8}")

    @property
    def frame_bytes(self) -> int:
        """The length of one native frame."""
        return self.rows * self.columns * self.samples * self.allocated // 8

    @property
    def shape(self) -> tuple[int, ...]:
        """The axes of one native frame."""
        if self.samples == 1:
            return self.rows, self.columns
        if self.is_planar:
            return self.samples, self.rows, self.columns
        return self.rows, self.columns, self.samples

    def by_pixel(self, frame: "NDArray[np.generic]") -> "NDArray[np.generic]":
        """Return a view of a native frame with its colors on the last axis."""
        return frame.transpose(1, 2, 0) if self.samples > 1 and self.is_planar else frame

    def stored_values(self, frame: "NDArray[np.generic]") -> "NDArray[np.generic]":
        """Return a frame without the bits around the stored ones, which no viewer shows."""
        import numpy as np

        above, below = self.allocated - 1 - self.high_bit, self.high_bit + 1 - self.stored
        if (above, below) == (0, 0) or min(above, below) < 0:
            return frame
        # The sign comes along.
        return np.right_shift(np.left_shift(frame, above), above + below)

    def with_sign(self, frame: "NDArray[np.generic]") -> "NDArray[np.generic]":
        """Return a frame whose stored bits alone were compressed, with the sign above them."""
        if not self.is_signed:
            return frame
        return replace(self, high_bit=self.stored - 1).stored_values(frame)


def pixel_format(header: Dataset, encoding: Encoding, *, is_native: bool) -> PixelFormat:
    """Return the format that a header describes.

    Parameters
    ----------
    header : dict of int to Element
        The dataset as it was read.
    encoding : Encoding
        How the file lays out its values.
    is_native : bool
        Whether the pixel data is not compressed.

    Returns
    -------
    PixelFormat

    Raises
    ------
    UnreadableError
        If the engine does not know how to read such pixels.
    """
    allocated = number_of(header.get(_ALLOCATED), encoding)
    stored = number_of(header.get(_STORED), encoding)
    found = PixelFormat(
        rows=number_of(header.get(_ROWS), encoding),
        columns=number_of(header.get(_COLUMNS), encoding),
        frames=count_of(header.get(_FRAMES)),
        samples=number_of(header.get(_SAMPLES), encoding) or 1,
        photometric=text_of(header.get(_PHOTOMETRIC)).upper(),
        is_planar=number_of(header.get(_PLANAR), encoding) == 1,
        allocated=allocated,
        stored=stored,
        high_bit=number_of(header.get(_HIGH_BIT), encoding) if _HIGH_BIT in header else stored - 1,
        is_signed=number_of(header.get(_SIGNED), encoding) == 1,
        is_big_endian=encoding.is_big_endian,
    )
    if not (_has_sane_size(found) and _has_known_colors(found, is_native)):
        raise UnreadableError
    return found


def _has_sane_size(found: PixelFormat) -> bool:
    return (
        0 < found.rows * found.columns * found.samples <= MOST_SAMPLES
        and 0 < found.frames <= MOST_FRAMES
        and found.allocated in (8, 16, 32)
        and 0 < found.stored <= found.allocated
    )


def _has_known_colors(found: PixelFormat, is_native: bool) -> bool:
    if found.samples == 1:
        return found.photometric in _GRAY
    known = _COLORS if is_native else _COLORS | _COMPRESSED_COLORS
    return found.samples == 3 and found.photometric in known and not found.is_signed
