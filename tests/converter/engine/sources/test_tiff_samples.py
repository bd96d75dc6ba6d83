"""Pages of fax, and strips of Deflate that hold more than their rows."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image
from raster_samples import saved, scene, tiff, with_strip

from converter.engine import ConversionError

# Codes of ITU-T T.6: horizontal with a white and a black run, pass, vertical.
EMPTY_RUNS = "001001101010000110111"  # white 0, black 0
BLACK_4_TO_7 = "001101110"  # white 4, black 3
BLACK_1_TO_3 = "00100011111"  # white 1, black 2
PASS, VERTICAL, END = "0001", "1", "000000000001" * 2


def as_bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def test_a_fax_line_that_begins_with_empty_runs_is_read_as_libtiff_does(convert):
    first = EMPTY_RUNS + BLACK_4_TO_7 + VERTICAL
    second = PASS + BLACK_1_TO_3 + PASS + VERTICAL  # the first pass is over the empty runs
    page = saved(Image.new("1", (16, 2), 1), "TIFF", compression="group4")
    (dataset,) = convert(with_strip(page, as_bytes(first + second + END)))
    expected = np.zeros((2, 16))
    expected[0, 4:7] = expected[1, 1:3] = 255  # the page says that its black runs are white
    assert (dataset.pixel_array == expected).all()


@pytest.mark.parametrize("compression", ["tiff_ccitt", "group3", "group4"])
def test_pages_of_fax_are_read_one_after_the_other(convert, compression):
    pages = [scene().convert("1"), scene().convert("1").transpose(Image.Transpose.ROTATE_180)]
    options = {"save_all": True, "append_images": pages[1:], "compression": compression}
    (dataset,) = convert(saved(pages[0], "TIFF", **options))
    assert (
        dataset.pixel_array == np.stack([np.asarray(page.convert("L")) for page in pages])
    ).all()


def with_rows(source: bytes, rows: int) -> bytearray:
    """Let a TIFF say that it has fewer rows than its strips hold."""
    shorter = bytearray(source)
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        start = file.pages[0].tags[257].valueoffset
    shorter[start : start + 2] = rows.to_bytes(2, "little")
    return shorter


@pytest.mark.parametrize("planes", ["contig", "separate", None], ids=["RGB", "planes", "gray"])
@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_a_last_strip_of_deflate_may_hold_more_rows_than_are_left(
    convert, planes, predictor, dtype
):
    shape = {"contig": (60, 40, 3), "separate": (3, 60, 40), None: (60, 40)}[planes]
    samples = np.random.default_rng(17).integers(0, np.iinfo(dtype).max, shape, dtype)
    color = {"photometric": "rgb", "planarconfig": planes} if planes else {}
    source = tiff(samples, compression="deflate", predictor=predictor, rowsperstrip=20, **color)
    (dataset,) = convert(bytes(with_rows(source, 48)))
    expected = np.moveaxis(samples, 0, -1) if planes == "separate" else samples
    assert (dataset.pixel_array == expected[:48]).all()


def test_a_strip_of_deflate_whose_checksum_is_wrong_is_still_damaged(convert):
    samples = np.random.default_rng(17).integers(0, 255, (60, 40), np.uint8)
    source = with_rows(tiff(samples, compression="deflate", rowsperstrip=20), 48)
    with tifffile.TiffFile(io.BytesIO(bytes(source))) as file:
        page = file.pages[0]
        end = page.dataoffsets[1] + page.databytecounts[1]
    source[end - 1] ^= 1
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "damaged"
