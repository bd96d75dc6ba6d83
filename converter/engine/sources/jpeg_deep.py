"""JPEG of more than 8 bits, or lossless: gray ones are decoded with all their bits."""

import imagecodecs
import numpy as np
from PIL import Image

from converter.engine.errors import ConversionError, damaged
from converter.engine.errors import gettext_noop as _
from converter.engine.sources.jpeg_stream import Frame, JpegStream
from converter.engine.sources.raster import UPRIGHT, Picture
from converter.engine.sources.turning import turned

_ORIENTATION = 0x0112


def decode_deep(stream: JpegStream, frame: Frame) -> Picture:
    """Decode a gray JPEG of 2 to 16 bits.

    Parameters
    ----------
    stream : JpegStream
        Its clean bytes are decoded; its EXIF data is asked for the orientation alone.
    frame : Frame
        Its size was checked.

    Returns
    -------
    Picture
        MONOCHROME2 with the precision of the stream.

    Raises
    ------
    ConversionError
        Code "unsupported" for color, "damaged" for what cannot be decoded.

    References
    ----------
    ISO/IEC 10918-1, B.2.2.
    """
    if len(frame.component_ids) != 1:
        raise ConversionError(
            _(
                "A color JPEG that is lossless or has more than 8 bits per sample is not "
                "supported. Save it as PNG."
            ),
            "unsupported",
        )
    array = _decoded(bytes(stream.clean), frame)
    ratio = frame.rows * frame.columns * frame.precision / 8 / len(stream.clean)
    orientation = _orientation(stream.exif)
    upright = turned(array, orientation)
    return Picture(
        rows=upright.shape[0],
        columns=upright.shape[1],
        photometric_interpretation="MONOCHROME2",
        bits=frame.precision,
        data=upright.astype("<u2" if frame.precision > 8 else "u1").tobytes(),
        derivation=(UPRIGHT,) if orientation != 1 else (),
        lossy_ratio=0.0 if frame.is_lossless else ratio,
        lossy_method="" if frame.is_lossless else "ISO_10918_1",
    )


def _decoded(clean: bytes, frame: Frame) -> np.ndarray:
    try:
        array = imagecodecs.jpeg8_decode(clean)
    except (RuntimeError, ValueError, TypeError):
        raise damaged() from None
    if array.shape != (frame.rows, frame.columns) or array.max() >= 2**frame.precision:
        raise damaged()
    return np.asarray(array)


def _orientation(exif: bytes) -> int:
    """Return the mark, 1 to 8; one that cannot be read counts as 1."""
    marks = Image.Exif()
    try:
        marks.load(exif)
        mark = marks.get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError):
        return 1
    return mark if mark in range(1, 9) else 1
