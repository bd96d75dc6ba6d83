"""Black out boxes of pixels; every other pixel stays as it is."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from pseudonymizer.engine.burned_in.boxes import Box
from pseudonymizer.engine.burned_in.formats import PixelFormat
from pseudonymizer.engine.elements import Buffer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.generic]


@dataclass(frozen=True)
class BlackOut:
    """Which boxes of an image become black, and what black is in its pixels."""

    form: PixelFormat
    boxes: tuple[Box, ...]
    darkest_entry: int = 0  # of a palette

    def paint(self, index: int, frame: "Samples") -> None:
        """Blacken the boxes of a frame in place.

        Parameters
        ----------
        index : int
            Which frame, from 0.
        frame : ndarray, shape (rows, columns) or (rows, columns, 3)
            In stored values.
        """
        black = self._black(frame)
        for box in self.boxes:
            if box.frame in (None, index):
                frame[box.top : box.bottom, box.left : box.right] = black

    def chunks(self, buffer: Buffer, start: int, stop: int) -> Iterator[bytes]:
        """Yield native pixel data frame by frame, and what follows the frames as it is."""
        import numpy as np

        form = self.form
        for index in range(form.frames):
            raw = buffer[start : start + form.frame_bytes]
            frame = np.frombuffer(raw, form.dtype).reshape(form.shape).copy()
            self.paint(index, form.by_pixel(frame))
            yield frame.tobytes()
            start += form.frame_bytes
        yield buffer[start:stop]

    def _black(self, frame: "Samples") -> "int | tuple[int, ...] | np.generic":
        """Return the darkest color; of signed values, which have no natural one, a frame's own."""
        form = self.form
        if form.photometric == "PALETTE COLOR":
            return self.darkest_entry
        if form.photometric == "YBR_FULL":
            middle = 1 << (form.stored - 1)
            return 0, middle, middle
        is_inverted = form.photometric == "MONOCHROME1"
        if form.is_signed or form.high_bit != form.stored - 1:
            return cast("np.generic", frame.max() if is_inverted else frame.min())
        return (1 << form.stored) - 1 if is_inverted else 0


def within(boxes: Iterable[Box], form: PixelFormat) -> tuple[Box, ...]:
    """Return the boxes as far as they lie in the image."""
    inside = []
    for box in boxes:
        left, top = max(0, box.left), max(0, box.top)
        right, bottom = min(box.right, form.columns), min(box.bottom, form.rows)
        if left < right and top < bottom and (box.frame is None or box.frame < form.frames):
            inside.append(Box(left, top, right - left, bottom - top, box.frame))
    return tuple(inside)
