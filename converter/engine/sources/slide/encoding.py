"""Frames that are made here: empty ones, decoded ones, smaller ones."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from pydicom.uid import JPEGBaseline8Bit

from converter.engine.errors import damaged
from converter.engine.sources.jpeg_stream import read_stream
from converter.engine.sources.raster import pillow_errors
from converter.engine.sources.slide.coding import Coding, jpeg_coding, lossless_coding

_QUALITY = 90


def encode_jpeg(samples: np.ndarray, quality: int = _QUALITY) -> bytes:
    """Return samples as baseline JPEG without APPn: YCbCr with all of its color, or gray."""
    stream = io.BytesIO()
    Image.fromarray(samples).save(stream, "JPEG", quality=quality, subsampling=0)
    return bytes(read_stream(stream.getvalue()).clean)


def encode_lossless(samples: np.ndarray) -> bytes:
    """Return samples, (rows, columns) of 8 or 16 bits or (rows, columns, 3) of 8, as JPEG-LS."""
    from imagecodecs import jpegls_encode

    return bytes(jpegls_encode(np.ascontiguousarray(samples)))


def encode(samples: np.ndarray, coding: Coding) -> bytes:
    """Return samples in a coding of this module's: JPEG, or JPEG-LS without any loss."""
    if coding.transfer_syntax_uid == JPEGBaseline8Bit:
        return encode_jpeg(samples)
    return encode_lossless(samples)


def coding_beside(coding: Coding) -> Coding:
    """Return how levels are coded that are made from one: with loss only where it has some.

    Baseline JPEG has 8 bits; beside more, levels are made without any further loss.
    """
    if coding.bits > 8:
        return replace(lossless_coding(coding.samples, 16), lossy_method=coding.lossy_method)
    if not coding.lossy_method:
        return lossless_coding(coding.samples)
    return jpeg_coding("MONOCHROME2" if coding.samples == 1 else "YBR_FULL_422")


def shrink(samples: np.ndarray, factor: int) -> np.ndarray:
    """Return the mean of each square of `factor` samples a side, those at the edges smaller."""
    if samples.dtype == np.uint8:
        return np.asarray(Image.fromarray(samples).reduce(factor))
    starts = [np.arange(0, side, factor) for side in samples.shape]
    rows, columns = starts
    sums = np.add.reduceat(np.add.reduceat(samples, rows, 0, np.uint32), columns, 1)
    high, wide = (np.diff(at, append=side) for at, side in zip(starts, samples.shape, strict=True))
    counts = np.outer(high, wide)
    return ((sums + counts // 2) // counts).astype(samples.dtype)


def decode_jpeg(data: bytes) -> np.ndarray:
    """Return the samples of JPEG, gray or RGB."""
    with pillow_errors():
        image = JpegImageFile(io.BytesIO(data))
        return np.asarray(image if image.mode == "L" else image.convert("RGB"))


def decode_jpeg_reduced(data: bytes, samples: int, factor: int) -> np.ndarray:
    """Return JPEG `factor` times smaller, most of which the decoder does itself."""
    with pillow_errors():
        image = JpegImageFile(io.BytesIO(data))
        mode = "L" if samples == 1 else "RGB"
        size_wanted = (image.width // factor, image.height // factor)
        image.draft(mode, size_wanted)
        scale = image.width // size_wanted[0]
        plain = image if image.mode == mode else image.convert(mode)
        return np.asarray(plain.reduce(scale) if scale > 1 else plain)


def decode_lossless(data: bytes) -> np.ndarray:
    """Return the samples of JPEG-LS."""
    from imagecodecs import jpegls_decode

    return np.asarray(jpegls_decode(data))


def decode_codestream(data: bytes) -> np.ndarray:
    """Return the samples of JPEG 2000."""
    from imagecodecs import Jpeg2kError, jpeg2k_decode

    try:
        return np.asarray(jpeg2k_decode(data))
    except (Jpeg2kError, ValueError, TypeError):
        raise damaged() from None


def jpeg_of(tile: np.ndarray, photometric: str) -> bytes:
    """Return a tile as JPEG in the colors of its level."""
    stream = io.BytesIO()
    Image.fromarray(tile).save(stream, "JPEG", quality=_QUALITY, keep_rgb=photometric == "RGB")
    return stream.getvalue()


def codestream_of(tile: np.ndarray, bits: int) -> bytes:
    """Return a tile as JPEG 2000."""
    from imagecodecs import jpeg2k_encode

    return bytes(jpeg2k_encode(tile, codecformat="j2k", bitspersample=bits))
