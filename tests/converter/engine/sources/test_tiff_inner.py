"""Pictures inside of a TIFF's strips, whose own headers claim more than the page says."""

import io
import tracemalloc
import zlib
from contextlib import suppress

import imagecodecs
import numpy as np
import pytest
import tifffile
from raster_samples import saved, scene, tiff, with_strip

from converter.engine import ConversionError

RGB = np.asarray(scene())
LARGE = np.zeros((2000, 2000, 3), np.uint8)
LARGE_JPEG = bytearray(imagecodecs.jpeg8_encode(LARGE[:64, :64]))
LARGE_JPEG[(start := LARGE_JPEG.index(b"\xff\xc0")) + 5 : start + 9] = b"\xff\xdc\xff\xdc"
INNER = {
    "jpeg": bytes(LARGE_JPEG),
    "jpeg2000": imagecodecs.jpeg2k_encode(LARGE, level=0),
    "png": imagecodecs.png_encode(LARGE),
    "webp": imagecodecs.webp_encode(LARGE, lossless=True),
}


@pytest.mark.parametrize("compression", INNER)
def test_a_picture_in_a_strip_that_is_larger_than_its_page_is_never_decoded(convert, compression):
    honest = tiff(RGB, photometric="rgb", compression=compression)
    assert convert(honest)[0].Rows == 44
    with pytest.raises(ConversionError) as refused:
        convert(with_strip(honest, INNER[compression]))
    assert refused.value.code == "bomb"


def test_a_strip_that_unpacks_to_more_than_its_page_is_cut_short_or_refused(convert):
    honest = tiff(RGB, photometric="rgb", compression="deflate")
    bomb = with_strip(honest, zlib.compress(bytes(300_000_000)))
    tracemalloc.start()
    with suppress(ConversionError):
        convert(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50_000_000


def test_a_compression_whose_headers_are_unknown_is_refused(convert):
    with pytest.raises(ConversionError) as refused:
        convert(tiff(RGB, photometric="rgb", compression="jpegxl"))
    assert refused.value.code == "unsupported"


def test_an_old_jpeg_without_its_head_is_called_unsupported_not_damaged(convert):
    source = bytearray(tiff(RGB, photometric="rgb", compression="jpeg"))
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        compression = file.pages[0].tags[259].valueoffset
    source[compression : compression + 2] = (6).to_bytes(2, "little")
    with pytest.raises(ConversionError) as refused:
        convert(with_strip(bytes(source), saved(scene(), "JPEG")[600:]))
    assert refused.value.code == "unsupported"
