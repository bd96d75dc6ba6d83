"""Frames that are made here: white ones, decoded ones, smaller ones."""

import io

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from converter.engine.errors import damaged
from converter.engine.sources.jpeg_stream import read_stream
from converter.engine.sources.raster import pillow_errors
from converter.engine.sources.slide.coding import Coding, Matrix, jpeg_coding, lossless_coding

_QUALITY = 90


def encode_jpeg(image: Image.Image, quality: int = _QUALITY) -> bytes:
    """Return a picture as baseline JPEG without APPn: YCbCr with all of its color, or gray."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, subsampling=0)
    return bytes(read_stream(stream.getvalue()).clean)


def encode_lossless(samples: np.ndarray) -> bytes:
    """Return samples of 8 bits, (rows, columns) or (rows, columns, 3), as JPEG-LS."""
    from imagecodecs import jpegls_encode

    return bytes(jpegls_encode(np.ascontiguousarray(samples)))


def encode(image: Image.Image, coding: Coding) -> bytes:
    """Return a picture in a coding of this module's: JPEG, or JPEG-LS without any loss."""
    if coding.lossy_method:
        return encode_jpeg(image)
    return encode_lossless(np.asarray(image))


def coding_beside(coding: Coding) -> Coding:
    """Return how levels are coded that are made from one: with loss only where it has some."""
    if not coding.lossy_method:
        return lossless_coding(coding.samples)
    return jpeg_coding("MONOCHROME2" if coding.samples == 1 else "YBR_FULL_422")


def decode_jpeg(data: bytes) -> Image.Image:
    """Return JPEG as a picture, L or RGB."""
    with pillow_errors():
        image = JpegImageFile(io.BytesIO(data))
        return image if image.mode == "L" else image.convert("RGB")


def decode_lossless(data: bytes) -> Image.Image:
    """Return JPEG-LS as a picture, L or RGB."""
    from imagecodecs import jpegls_decode

    return Image.fromarray(jpegls_decode(data))


def decode_codestream(data: bytes) -> Image.Image:
    """Return JPEG 2000 as a picture, L or RGB."""
    from imagecodecs import Jpeg2kError, jpeg2k_decode

    try:
        return Image.fromarray(jpeg2k_decode(data))
    except (Jpeg2kError, ValueError, TypeError):
        raise damaged() from None


def white_jpeg(matrix: Matrix, photometric: str) -> bytes:
    """Return a white tile as JPEG in the colors of its level."""
    mode = "L" if photometric == "MONOCHROME2" else "RGB"
    image = Image.new(mode, (matrix.tile_columns, matrix.tile_rows), "white")
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=_QUALITY, keep_rgb=photometric == "RGB")
    return stream.getvalue()


def white_codestream(matrix: Matrix, components: int) -> bytes:
    """Return a white tile as JPEG 2000."""
    from imagecodecs import jpeg2k_encode

    shape = (matrix.tile_rows, matrix.tile_columns, components)[: 3 if components > 1 else 2]
    return bytes(jpeg2k_encode(np.full(shape, 255, np.uint8), codecformat="j2k"))
