"""What a person would see of a frame: pictures of 8 bits, each by another window."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from pseudonymizer.engine.burned_in.formats import PixelFormat, UnreadableError
from pseudonymizer.engine.elements import Dataset, Encoding, text_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pseudonymizer.engine.burned_in.boxes import Image

    Samples = NDArray[np.generic]
    Floats = NDArray[np.float32]

_CENTER, _WIDTH = 0x00281050, 0x00281051
_INTERCEPT, _SLOPE = 0x00281052, 0x00281053
_LUT_DESCRIPTOR, _LUT_DATA = 0x00281101, 0x00281201  # red; green and blue follow
_MOST_WINDOWS = 2  # of the header
_MIDDLE_PERCENT = (0.5, 99.5)
_BITS_OF_A_BYTE, _HIGHEST_BYTE = 8, 255
# Two windows show the same unless as many pixels as a letter has differ visibly.
_LEAST_DIFFERENCE, _FEWEST_PIXELS = 16, 20


@dataclass(frozen=True)
class Window:
    """The darkest and the brightest stored value of a picture."""

    low: float
    high: float


@dataclass(frozen=True)
class Renderer:
    """Makes pictures of frames as the header asks, and as may show what it hides."""

    form: PixelFormat
    windows: tuple[Window, ...] = ()
    palette: "NDArray[np.uint8] | None" = None  # (entries, 3)
    first_entry: int = 0

    def pictures(self, frame: "Samples") -> "Iterator[Image]":
        """Yield the frame as pictures that differ, the one of its full range first.

        Parameters
        ----------
        frame : ndarray, shape (rows, columns) or (rows, columns, 3)

        Yields
        ------
        ndarray of uint8, of the same shape; (rows, columns, 3) with a palette
        """
        seen: list[Image] = []
        for picture in self._pictures(frame):
            is_new = all(differ(picture, other) for other in seen)
            if is_new:
                seen.append(picture)
                yield picture

    def _pictures(self, frame: "Samples") -> "Iterator[Image]":
        import numpy as np

        stored = self.form.stored_values(frame)
        if self.palette is not None:
            entries = stored.astype(np.int64) - self.first_entry
            yield self.palette[np.clip(entries, 0, len(self.palette) - 1)]
            # A palette may show two values alike.
            yield np.stack([_full_range(stored)] * 3, axis=-1)
            return
        is_other = stored is not frame and bool((stored != frame).any())
        if self.form.photometric == "YBR_FULL":
            stored = _rgb(stored, self.form.stored)
        values = stored.astype(np.float32)
        for window in (*_windows_of(values, self.form), *self.windows):
            yield _windowed(values, window)
        if is_other:
            yield _full_range(frame)


def renderer(header: Dataset, encoding: Encoding, form: PixelFormat) -> Renderer:
    """Return what makes pictures of the frames.

    Parameters
    ----------
    header : dict of int to Element
        The dataset as it was read: windows, palette.
    encoding : Encoding
        How the file lays out its values.
    form : PixelFormat
        Of the arrays.
    """
    if form.photometric == "PALETTE COLOR":
        with suppress(UnreadableError):  # letters show without their colors, too
            first, palette = read_palette(header, encoding, form)
            return Renderer(form, palette=palette, first_entry=first)
    is_gray = form.samples == 1
    return Renderer(form, windows=tuple(_windows(header)) if is_gray else ())


def read_palette(
    header: Dataset, encoding: Encoding, form: PixelFormat
) -> "tuple[int, NDArray[np.uint8]]":
    """Return the first mapped value of a palette, and its colors of 8 bits, (entries, 3).

    Raises
    ------
    UnreadableError
        If it is segmented, or not whole.

    References
    ----------
    DICOM PS3.3 C.7.6.3.1.5 and C.7.6.3.1.6.
    """
    import numpy as np

    order = ">" if encoding.is_big_endian else "<"
    colors, first = [], 0
    for channel in range(3):
        descriptor, content = header.get(_LUT_DESCRIPTOR + channel), header.get(_LUT_DATA + channel)
        if descriptor is None or content is None or len(descriptor.value) != 6:
            raise UnreadableError
        count, first, _bits = np.frombuffer(descriptor.value, f"{order}u2").tolist()
        count = count or 1 << 16
        # Entries of 8 bits lie in words of 16, or two in each word (PS3.3 C.7.6.3.1.6).
        is_packed = len(content.value) < 2 * count
        entries = np.frombuffer(content.value, "u1" if is_packed else f"{order}u2")[:count]
        if len(entries) < count:
            raise UnreadableError
        colors.append(entries)
    if len({len(color) for color in colors}) > 1:
        raise UnreadableError
    palette = np.stack(colors, axis=1)
    if palette.max() > _HIGHEST_BYTE:  # devices write 16 bits for entries of 8, and the reverse
        palette = palette >> 8
    if form.is_signed and first >= 1 << 15:
        first -= 1 << 16
    return first, palette.astype(np.uint8)


def differ(picture: "Image", other: "Image") -> bool:
    """Tell whether one of two pictures of equal shape may show a letter that the other does not."""
    import numpy as np

    difference = np.abs(picture.astype(np.int16) - other)
    return bool((difference >= _LEAST_DIFFERENCE).sum() >= _FEWEST_PIXELS)


def _windows_of(values: "Floats", form: PixelFormat) -> Iterator[Window]:
    """Yield the windows that the values of a frame ask for by themselves.

    Padding far below or above the image leaves letters too little contrast in the first two.
    """
    import numpy as np

    lowest, highest = values.min(), values.max()
    yield Window(float(lowest), float(highest))
    yield Window(*map(float, np.percentile(values, _MIDDLE_PERCENT)))
    if form.samples == 1 and form.stored > _BITS_OF_A_BYTE:
        between = values[(lowest < values) & (values < highest)]
        if between.size:
            yield Window(*map(float, np.percentile(between, _MIDDLE_PERCENT)))


def _full_range(frame: "Samples") -> "Image":
    import numpy as np

    values = frame.astype(np.float32)
    return _windowed(values, Window(float(values.min()), float(values.max())))


def _windowed(values: "Floats", window: Window) -> "Image":
    import numpy as np

    width = max(window.high - window.low, 1.0)
    return np.clip((values - window.low) * (255 / width), 0, 255).astype(np.uint8)


def _rgb(frame: "Samples", bits: int) -> "Samples":
    """Return YBR_FULL as RGB (PS3.3 C.7.6.3.1.2)."""
    import numpy as np

    values = frame.astype(np.float32)
    middle, highest = float(1 << (bits - 1)), float((1 << bits) - 1)
    y, blue, red = values[..., 0], values[..., 1] - middle, values[..., 2] - middle
    colors = (y + 1.402 * red, y - 0.344136 * blue - 0.714136 * red, y + 1.772 * blue)
    return np.clip(np.stack(colors, axis=-1), 0, highest)


def _windows(header: Dataset) -> Iterator[Window]:
    """Yield the windows of the header, in stored values (PS3.3 C.11.2.1.2)."""
    slope = next(iter(_decimals(header, _SLOPE)), 1.0) or 1.0
    intercept = next(iter(_decimals(header, _INTERCEPT)), 0.0)
    centers, widths = _decimals(header, _CENTER), _decimals(header, _WIDTH)
    for center, width in list(zip(centers, widths, strict=False))[:_MOST_WINDOWS]:
        ends = sorted((center + side * width / 2 - intercept) / slope for side in (-1, 1))
        if all(map(isfinite, ends)):
            yield Window(*ends)


def _decimals(header: Dataset, tag: int) -> list[float]:
    try:
        return [float(text) for text in text_of(header.get(tag)).split("\\") if text.strip()]
    except ValueError:
        return []
