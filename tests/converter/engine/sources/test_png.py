import io

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin
from raster_samples import PLANTED, chunk, planted_exif, png, saved, scene

from converter.engine import ConversionError

RANDOM = np.random.default_rng(7)


def pillow(data: bytes) -> Image.Image:
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data)))


def on_white(image: Image.Image) -> np.ndarray:
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))


@pytest.mark.parametrize("mode", ["1", "L", "RGB", "P"])
def test_pixels_equal_those_of_pillow(convert, mode):
    source = saved(scene().convert(mode), "PNG")
    (dataset,) = convert(source)
    expected = pillow(source).convert("RGB" if mode == "P" else {"1": "L"}.get(mode, mode))
    assert (dataset.pixel_array == np.asarray(expected)).all()
    assert dataset.BitsStored == 8
    assert dataset.LossyImageCompression == "00"
    assert "DerivationDescription" not in dataset


@pytest.mark.parametrize("bit_depth", [1, 2, 4])
def test_few_bits_of_gray_spread_over_eight(convert, bit_depth):
    values = RANDOM.integers(0, 2**bit_depth, (5, 11, 1))
    (dataset,) = convert(png(values, bit_depth, 0))
    assert dataset.PhotometricInterpretation == "MONOCHROME2"
    assert (dataset.pixel_array == values[..., 0] * (255 // (2**bit_depth - 1))).all()


def test_a_palette_of_grays_becomes_monochrome2(convert):
    source = saved(scene().convert("L").quantize(16), "PNG")
    assert pillow(source).mode == "P"
    (dataset,) = convert(source)
    assert dataset.PhotometricInterpretation == "MONOCHROME2"
    assert (dataset.pixel_array == np.asarray(pillow(source).convert("L"))).all()


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_alpha_is_laid_on_white_and_said_so(convert, mode):
    image = scene().convert(mode)
    alpha = Image.linear_gradient("L").resize(image.size)
    image.putalpha(alpha)
    source = saved(image, "PNG")
    (dataset,) = convert(source)
    expected = on_white(image)
    assert (dataset.pixel_array == (expected if mode == "RGBA" else expected[..., 0])).all()
    assert "white" in dataset.DerivationDescription
    assert dataset.ImageType[0] == "DERIVED"


def test_alpha_that_hides_nothing_changes_nothing(convert):
    (dataset,) = convert(saved(scene().convert("RGBA"), "PNG"))
    assert (dataset.pixel_array == np.asarray(scene())).all()
    assert "DerivationDescription" not in dataset


def test_a_transparent_color_of_a_palette_is_laid_on_white(convert):
    source = saved(scene().quantize(8), "PNG", transparency=0)
    (dataset,) = convert(source)
    assert (dataset.pixel_array == on_white(pillow(source))).all()


@pytest.mark.parametrize(("color_type", "channels"), [(0, 1), (2, 3)], ids=["gray", "RGB"])
def test_sixteen_bits_stay_exact(convert, color_type, channels):
    values = RANDOM.integers(0, 65536, (5, 11, channels))
    (dataset,) = convert(png(values, 16, color_type))
    assert (dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit) == (16, 16, 15)
    assert (dataset.pixel_array == values.squeeze()).all()


@pytest.mark.parametrize(("color_type", "channels"), [(4, 1), (6, 3)], ids=["gray", "RGB"])
def test_sixteen_bits_with_alpha_are_composited_in_sixteen_bits(convert, color_type, channels):
    values = RANDOM.integers(0, 65536, (5, 11, channels + 1))
    values[0, :, -1] = 65535
    values[1, :, -1] = 0
    (dataset,) = convert(png(values, 16, color_type))
    color, alpha = values[..., :-1], values[..., -1:] / 65535
    expected = (color * alpha + 65535 * (1 - alpha)).squeeze()
    assert np.abs(dataset.pixel_array - expected).max() <= 0.5 + 1e-6
    assert (dataset.pixel_array[0] == color[0].squeeze()).all()
    assert (dataset.pixel_array[1] == 65535).all()


def test_one_transparent_value_of_sixteen_bits_becomes_white(convert):
    values = RANDOM.integers(0, 60000, (5, 11, 1))
    transparent = chunk(b"tRNS", int(values[2, 3, 0]).to_bytes(2))
    (dataset,) = convert(png(values, 16, 0, transparent))
    assert dataset.pixel_array[2, 3] == 65535
    assert dataset.pixel_array[0, 0] == values[0, 0, 0]


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("bits", [8, 16])
def test_an_exif_orientation_is_applied_exactly_once(convert, bits, orientation):
    if bits == 8:
        source = saved(scene(), "PNG", exif=planted_exif(orientation))
        expected = np.asarray(pillow(source))
    else:
        values = RANDOM.integers(0, 65536, (5, 11, 3))
        exif = planted_exif(orientation).tobytes().removeprefix(b"Exif\0\0")
        source = png(values, 16, 2, chunk(b"eXIf", exif))
        quarter_turns = {1: 0, 8: 1, 3: 2, 6: 3}[orientation]
        expected = np.rot90(values, quarter_turns)
    (dataset,) = convert(source)
    assert (dataset.pixel_array == expected).all()


def test_nothing_planted_survives(convert_paths):
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "Mueller^Hans")
    texts.add_itxt("Comment", "SecretComment", zip=True)
    source = saved(scene(), "PNG", pnginfo=texts, exif=planted_exif()) + b"Mueller^Hans"
    (converted,) = convert_paths(source)
    content = converted.path.read_bytes()
    for text in (*PLANTED, "Mueller_Hans"):
        assert text.encode() not in content


def test_a_text_that_unpacks_to_a_bomb_is_never_unpacked(convert):
    import zlib

    bomb = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000)))
    values = RANDOM.integers(0, 256, (5, 11, 1))
    (dataset,) = convert(png(values, 8, 0, bomb))
    assert (dataset.pixel_array == values[..., 0]).all()


@pytest.mark.parametrize("missing", [1, 12, 40, 2000])
def test_a_truncated_file_is_an_error(convert, out, missing):
    with pytest.raises(ConversionError) as refused:
        convert(saved(scene(), "PNG", compress_level=0)[:-missing])
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


def test_a_wrong_checksum_is_an_error(convert):
    source = bytearray(saved(scene(), "PNG"))
    source[len(source) // 2] ^= 1
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "damaged"


def test_a_palette_that_is_missing_is_an_error(convert):
    source = saved(scene().convert("P"), "PNG")
    at = source.index(b"PLTE") - 4
    length = 12 + int.from_bytes(source[at : at + 4])
    with pytest.raises(ConversionError) as refused:
        convert(source[:at] + source[at + length :])
    assert refused.value.code == "damaged"


@pytest.mark.parametrize(("columns", "rows"), [(40_000, 40_000), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_refused_by_its_header(convert, columns, rows):
    source = png(np.zeros((1, 1, 1)), 8, 0)
    size = columns.to_bytes(4) + rows.to_bytes(4)
    header = chunk(b"IHDR", size + source[24:29])
    with pytest.raises(ConversionError) as refused:
        convert(source[:8] + header + source[33:])
    assert refused.value.code == "bomb"


def test_the_limit_on_pixels_is_the_option(convert):
    source = saved(scene(), "PNG")
    assert convert(source, max_pixels=61 * 44)
    with pytest.raises(ConversionError) as refused:
        convert(source, max_pixels=61 * 44 - 1)
    assert refused.value.code == "bomb"


def test_an_image_longer_than_dicom_allows_is_refused(convert):
    with pytest.raises(ConversionError) as refused:
        convert(png(np.zeros((1, 65536, 1)), 16, 0))
    assert refused.value.code == "unsupported"


def test_more_than_eight_bits_are_no_photograph(convert):
    with pytest.raises(ConversionError, match="Secondary Capture"):
        convert(png(RANDOM.integers(0, 65536, (5, 11, 1)), 16, 0), photograph=True)


@pytest.mark.parametrize("bit_depth", [1, 2, 4, 8])
@pytest.mark.parametrize("with_more_bits", [False, True])
def test_a_transparent_gray_is_laid_on_white_at_every_depth(convert, bit_depth, with_more_bits):
    highest = 2**bit_depth - 1
    values = np.arange(12).reshape(3, 4, 1) % (highest + 1)
    transparent = 1 | (0xFF00 if with_more_bits and bit_depth < 8 else 0)
    (dataset,) = convert(png(values, bit_depth, 0, chunk(b"tRNS", transparent.to_bytes(2))))
    spread = values[..., 0] * (255 // highest)
    assert (dataset.pixel_array == np.where(values[..., 0] == 1, 255, spread)).all()
    assert "white" in dataset.get("DerivationDescription", "") or bit_depth == 1
