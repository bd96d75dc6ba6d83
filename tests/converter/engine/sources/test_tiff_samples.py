"""Pages of fax: black and white in runs."""

import numpy as np
import pytest
from PIL import Image
from raster_samples import saved, scene, with_strip

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
