"""Boxes of pixels, and what finds those around text."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pseudonymizer.engine.errors import HeldBack

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image = NDArray[np.uint8]


@dataclass(frozen=True)
class Box:
    """A box of pixels; without a frame (from 0) it stands on every frame."""

    left: int
    top: int
    width: int
    height: int
    frame: int | None = None

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def bottom(self) -> int:
        return self.top + self.height

    def touches(self, other: "Box") -> bool:
        """Tell whether the two share a pixel of a frame."""
        if None not in (self.frame, other.frame) and self.frame != other.frame:
            return False
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        """Tell whether `other` lies wholly inside."""
        return (
            self.frame in (None, other.frame)
            and self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )

    def grown(self, beside: int, above: int) -> "Box":
        """Return the box with a margin on both sides, and above and below."""
        left, top = max(0, self.left - beside), max(0, self.top - above)
        right, bottom = self.right + beside, self.bottom + above
        return Box(left, top, right - left, bottom - top, self.frame)


class TextDetector(Protocol):
    """Finds lines of text in a picture."""

    def boxes(self, image: "Image") -> tuple[Box, ...]:
        """Return a box around each line.

        Parameters
        ----------
        image : ndarray of uint8, shape (rows, columns) or (rows, columns, 3)
            Gray or RGB.

        Returns
        -------
        tuple of Box
            In pixels of the image, without a frame.
        """


class TextFound(HeldBack):
    """A file whose pixels show text, or may show it, which a data steward has to look at."""

    def __init__(self, sentence: str, boxes: tuple[Box, ...] = ()) -> None:
        super().__init__("burned-in-text", sentence)
        self.boxes = boxes

    def __reduce__(self) -> tuple[type, tuple[str, tuple[Box, ...]]]:  # type: ignore[override]
        return type(self), (str(self), self.boxes)
