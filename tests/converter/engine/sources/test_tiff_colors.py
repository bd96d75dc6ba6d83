"""What the gray and the palettes of a TIFF mean."""

import io

import numpy as np
import pytest
import tifffile
from raster_samples import tiff

from converter.engine import ConversionError

RANDOM = np.random.default_rng(12)


@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_where_white_is_zero_transparent_parts_are_laid_on_white_too(convert, dtype):
    full = np.iinfo(dtype).max
    gray = RANDOM.integers(0, full, (20, 34), dtype, endpoint=True)
    samples = np.stack([gray, np.full((20, 34), full, dtype)], axis=-1)
    samples[:5, :, 1] = 0
    source = tiff(samples, photometric="miniswhite", extrasamples=["unassalpha"])
    (dataset,) = convert(source)
    expected = full - samples[..., 0]
    expected[:5] = full
    assert (dataset.pixel_array == expected).all()


def test_premultiplied_gray_where_white_is_zero_is_refused(convert):
    samples = np.zeros((4, 6, 2), np.uint8)
    with pytest.raises(ConversionError, match="unusual"):
        convert(tiff(samples, photometric="miniswhite", extrasamples=["assocalpha"]))


@pytest.mark.parametrize("dtype", ["i2", "f4"])
def test_values_that_cannot_be_inverted_are_refused_for_their_white(convert, dtype):
    with pytest.raises(ConversionError, match="the lowest value is white"):
        convert(tiff(np.zeros((4, 6), dtype), photometric="miniswhite"))


@pytest.mark.parametrize("factor", [1, 257], ids=["8 bit", "16 bit"])
def test_a_palette_filled_in_8_bits_keeps_its_colors(convert, factor):
    indices = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    colors = np.stack([np.arange(256), 255 - np.arange(256), np.arange(256) // 2]).astype(np.uint16)
    (dataset,) = convert(tiff(indices, photometric="palette", colormap=colors * factor))
    assert (dataset.pixel_array == colors.T[indices]).all()


def test_a_palette_of_two_colors_keeps_them(convert):
    indices = np.arange(24).reshape(4, 6) % 5 == 2
    colors = np.array([[0, 250, 30], [200, 10, 90]])
    source = bytearray(tiff(indices, extratags=[(320, 3, 6, (colors.T * 257).ravel().tolist())]))
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        photometric = file.pages[0].tags[262].valueoffset
    source[photometric : photometric + 2] = (3).to_bytes(2, "little")
    (dataset,) = convert(bytes(source))
    assert (dataset.pixel_array == colors[indices.astype(int)]).all()
