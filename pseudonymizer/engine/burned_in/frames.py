"""The frames of an image as arrays, one at a time: a cine loop would fill the memory."""

import io
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from pseudonymizer.engine.burned_in.formats import PixelFormat, UnreadableError
from pseudonymizer.engine.elements import Buffer
from pseudonymizer.engine.frames import CleanFrames

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.generic]

_STREAMS_WITH_SIZES = "1.2.840.10008.1.2.4."
_JPEG_LS = frozenset(f"{_STREAMS_WITH_SIZES}{arc}" for arc in (80, 81))
_JPEG_EXTENDED = f"{_STREAMS_WITH_SIZES}51"
_JPEG_LOSSLESS = frozenset(f"{_STREAMS_WITH_SIZES}{arc}" for arc in (57, 70))
_JPEG = _JPEG_LOSSLESS | {f"{_STREAMS_WITH_SIZES}50", _JPEG_EXTENDED}
_JPEG_2000 = f"{_STREAMS_WITH_SIZES}90"
# High-Throughput JPEG 2000 is another coding of blocks, which the library of the other one reads.
_DECODED_AS = {f"{_STREAMS_WITH_SIZES}{arc}": _JPEG_2000 for arc in (201, 202, 203)}
_BITS_OF_A_BYTE = 8
# The markers before the size of a frame: ITU-T T.81 B.1.1.3, T.87 C.2.2.
_FRAME_MARKERS = [bytes([code]) for code in (*range(0xC0, 0xC4), *range(0xC5, 0xC8), 0xF7)]
# Of all compressed frames of a file: minutes of decoding. Native ones are bounded by the file.
MOST_DECODED_SAMPLES = 1 << 33


class Frames(Protocol):
    """The frames of one image, decoded when they are asked for."""

    @property
    def form(self) -> PixelFormat:
        """The format of the arrays."""

    def frame(self, index: int) -> "Samples":
        """Return a frame: (rows, columns), or (rows, columns, 3).

        Raises
        ------
        UnreadableError
            If it cannot be decoded.
        """


@dataclass(frozen=True)
class NativeFrames:
    """Frames that lie in a file as they are."""

    buffer: Buffer
    start: int
    stop: int
    form: PixelFormat

    def __post_init__(self) -> None:
        if self.stop - self.start < self.form.frames * self.form.frame_bytes:
            raise UnreadableError

    def frame(self, index: int) -> "Samples":
        """Return a copy of a frame."""
        import numpy as np

        start = self.start + index * self.form.frame_bytes
        raw = self.buffer[start : start + self.form.frame_bytes]
        return self.form.by_pixel(np.frombuffer(raw, self.form.dtype).reshape(self.form.shape))


@dataclass(frozen=True)
class CompressedFrames:
    """Encapsulated frames; YCbCr is decoded to RGB."""

    frames: CleanFrames
    syntax: str
    source: PixelFormat

    def __post_init__(self) -> None:
        form = self.source
        if len(self.frames.frames) != form.frames:
            raise UnreadableError
        if form.frames * form.rows * form.columns * form.samples > MOST_DECODED_SAMPLES:
            raise UnreadableError

    @property
    def form(self) -> PixelFormat:
        """The format of the decoded frames."""
        photometric = "RGB" if self.source.samples > 1 else self.source.photometric
        return replace(self.source, photometric=photometric, is_planar=False, is_big_endian=False)

    def frame(self, index: int) -> "Samples":
        """Return a decoded frame."""
        encoded = self.frames.content(index)
        if self.syntax.startswith(_STREAMS_WITH_SIZES):
            has_segments = self.syntax in _JPEG | _JPEG_LS
            size = _frame_size(encoded) if has_segments else _codestream_size(encoded)
            if size != (self.source.columns, self.source.rows):
                raise UnreadableError  # before a larger one than the header says is decoded
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # theirs quote values
                decoded = self._decode(encoded)
        except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError):
            raise UnreadableError from None
        form = self.form
        if decoded.shape != form.shape or decoded.dtype.itemsize * 8 != form.allocated:
            raise UnreadableError
        return decoded

    def _decode(self, encoded: bytes) -> "Samples":
        is_deep = self.syntax == _JPEG_EXTENDED and self.source.allocated > _BITS_OF_A_BYTE
        if is_deep or self.syntax in _JPEG_LOSSLESS:
            return self._decode_jpeg(encoded)
        from pydicom.encaps import encapsulate
        from pydicom.pixels import get_decoder
        from pydicom.uid import UID

        source = self.source
        facts: dict[str, Any] = {
            "rows": source.rows,
            "columns": source.columns,
            "number_of_frames": 1,
            "samples_per_pixel": source.samples,
            "photometric_interpretation": source.photometric,
            "bits_allocated": source.allocated,
            "bits_stored": source.stored,
            "pixel_representation": int(source.is_signed),
            "pixel_keyword": "PixelData",
        }
        if source.samples > 1:
            facts["planar_configuration"] = int(source.is_planar)
        decoder = get_decoder(UID(_DECODED_AS.get(self.syntax, self.syntax)))
        array, _facts = decoder.as_array(encapsulate([encoded]), index=0, **facts)
        return array

    def _decode_jpeg(self, encoded: bytes) -> "Samples":
        """Return a frame of more than 8 bits or without loss, for which pydicom has no decoder."""
        import numpy as np
        from imagecodecs import jpeg8_decode
        from PIL import Image

        source = self.source
        if source.samples == 1:
            decoded = jpeg8_decode(encoded).astype(f"u{source.allocated // 8}", casting="safe")
            return source.with_sign(decoded.view(source.dtype))
        if source.allocated != _BITS_OF_A_BYTE:
            raise UnreadableError
        decoded = jpeg8_decode(encoded, colorspace="RGB", outcolorspace="RGB")  # as they lie there
        if source.photometric.startswith("YBR"):
            return np.asarray(Image.fromarray(decoded, "YCbCr").convert("RGB"))
        return np.asarray(decoded)


def _frame_size(encoded: bytes) -> tuple[int, int]:
    """Return columns and rows of a clean JPEG or JPEG-LS stream."""
    position = 2
    while encoded[position + 1 : position + 2] not in _FRAME_MARKERS:
        length = int.from_bytes(encoded[position + 2 : position + 4])
        if not length:
            raise UnreadableError
        position += 2 + length
    rows, columns = encoded[position + 5 : position + 7], encoded[position + 7 : position + 9]
    return int.from_bytes(columns), int.from_bytes(rows)


def _codestream_size(encoded: bytes) -> tuple[int, int]:
    """Return columns and rows of a JPEG 2000 stream."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(encoded), formats=["JPEG2000"]).size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        raise UnreadableError from None
