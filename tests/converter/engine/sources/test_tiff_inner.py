"""Pictures inside of a TIFF's strips, whose own headers claim more than the page says."""

import io
import struct
import tracemalloc
import zlib
from contextlib import suppress

import imagecodecs
import numpy as np
import pytest
import tifffile
from raster_samples import scene, tiff

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


def with_strip(source: bytes, strip: bytes) -> bytes:
    """Put another strip behind a TIFF of one, and let it be the picture."""
    changed = bytearray(source + strip)
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        tags = [file.pages[0].tags[code] for code in (273, 279)]
    for tag, value in zip(tags, (len(source), len(strip)), strict=True):
        changed[tag.valueoffset : tag.valueoffset + 4] = struct.pack("<I", value)
    return bytes(changed)


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
