import io

import numpy as np
import pytest
from PIL import Image
from raster_samples import saved, scene

from converter.engine import ConversionError


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_pixels_equal_those_of_pillow(convert, mode):
    source = saved(scene().convert(mode), "BMP")
    (dataset,) = convert(source)
    is_gray = dataset.PhotometricInterpretation == "MONOCHROME2"
    assert is_gray == (mode in ("1", "L"))
    expected = Image.open(io.BytesIO(source)).convert("L" if is_gray else "RGB")
    assert (dataset.pixel_array == np.asarray(expected)).all()


@pytest.mark.parametrize("missing", [2, 500])  # the last byte only fills up the row
def test_a_truncated_file_is_an_error(convert, out, missing):
    with pytest.raises(ConversionError) as refused:
        convert(saved(scene(), "BMP")[:-missing])
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


def test_a_header_that_claims_too_much_is_refused(convert):
    source = bytearray(saved(scene(), "BMP"))
    source[18:26] = (60_000).to_bytes(4, "little") * 2
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "bomb"


def test_a_kind_that_cannot_be_read_is_not_called_damaged(convert):
    source = bytearray(saved(scene(), "BMP"))
    source[28:30] = (2).to_bytes(2, "little")  # bits per pixel
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "unsupported"
