"""Slides of channels that are damaged, too large or several: a sentence, and bounded memory."""

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from fluorescence_samples import signal, write_fluorescence, write_several
from own_process import converted

from converter.engine import ConversionError


def refusal(convert, out: Path, source: Path) -> ConversionError:
    with pytest.raises(ConversionError) as refused:
        convert(source)
    assert list(out.iterdir()) == []
    return refused.value


def test_several_slides_in_one_file_are_refused(convert, out, tmp_path):
    path = tmp_path / "slides.ome.tif"
    write_several(path, [signal(700, 530), signal(16_400, 40, 2)])
    error = refusal(convert, out, path)
    assert (error.code, "several slides" in str(error)) == ("unsupported", True)


def test_several_small_pictures_with_levels_stay_pictures(convert, tmp_path):
    path, pictures = tmp_path / "fields.ome.tif", [signal(700, 530), signal(700, 530, 2)]
    write_several(path, pictures)
    found = convert(path)
    assert {d.Modality for d in found} == {"OT"}
    assert np.array_equal([d.pixel_array for d in found], pictures)


def test_a_label_beside_several_slides_is_never_converted(convert, out, tmp_path):
    path = tmp_path / "slides.ome.tif"
    write_several(path, [signal(700, 530), signal(700, 530, 2)], label=signal(90, 70))
    assert refusal(convert, out, path).code == "unsupported"


def test_channels_whose_levels_differ_are_damaged(convert, out, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path)
    with tifffile.TiffFile(path) as file:
        tag = file.pages[1].pages[0].tags[256]  # the width of a level of the second channel
    with path.open("r+b") as stream:
        stream.seek(tag.valueoffset)
        stream.write(struct.pack("<H" if tag.dtype == 3 else "<I", 549))
    assert refusal(convert, out, path).code == "damaged"


def test_limits_hold_for_all_channels_together(convert, out, tmp_path):
    path = tmp_path / "slide.ome.tif"
    write_fluorescence(path)
    with pytest.raises(ConversionError) as refused:
        convert(path, max_slide_pixels=3 * 1100 * 700 - 1)
    assert refused.value.code == "bomb"
    assert convert(path, max_slide_pixels=3 * 1100 * 700)


def test_memory_does_not_grow_with_the_planes(tmp_path, out):
    """Three channels of 12,800 x 10,240 in 16 bits are 790 MB of samples."""
    path = tmp_path / "slide.ome.tif"
    tile = zlib.compress(signal(512, 512).tobytes(), 1)
    settings = {"dtype": np.uint16, "tile": (512, 512), "photometric": "minisblack"}
    settings |= {"compression": "zlib"}
    with tifffile.TiffWriter(path, ome=True, bigtiff=True) as writer:
        tiles = (tile for _ in range(3 * 25 * 20))
        told = {"axes": "CYX"}
        writer.write(tiles, shape=(3, 10_240, 12_800), subifds=1, metadata=told, **settings)
        tiles = (tile for _ in range(3 * 7 * 5))
        writer.write(tiles, shape=(3, 2560, 3200), subfiletype=1, **settings)
    assert converted(path, out) == 4


def test_memory_does_not_grow_with_the_strips(tmp_path, out):
    path = tmp_path / "large.tif"
    tifffile.imwrite(path, np.zeros((6000, 16_400), np.uint16), rowsperstrip=16)
    assert path.stat().st_size > 190_000_000
    assert converted(path, out) == 4
