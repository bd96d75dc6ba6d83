"""TIFF against tifffile and Pillow, and against arithmetic by hand."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps
from raster_samples import PLANTED, moving, pages, planted_exif, saved, scene, tiff

from converter.engine import ConversionError

RANDOM = np.random.default_rng(11)
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
GRAYSCALE_BYTE, GRAYSCALE_WORD, TRUE_COLOR = (f"{SECONDARY_CAPTURE}.{arc}" for arc in (2, 3, 4))
PAGE_NUMBERS = 0x00182001
RGB = np.asarray(scene())


def gray(dtype: str = "u2", rows: int = 20, columns: int = 34) -> np.ndarray:
    limits = np.iinfo(dtype)
    return RANDOM.integers(limits.min, limits.max, (rows, columns), dtype, endpoint=True)


def pillow(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB"))


@pytest.mark.parametrize(
    "compression", [None, "lzw", "deflate", "packbits", "zstd", "jpeg2000", "png"]
)
@pytest.mark.parametrize("tile", [None, (16, 32)], ids=["strips", "tiles"])
@pytest.mark.parametrize("samples", [RGB, gray("u1"), gray("u2")], ids=["RGB", "8 bit", "16 bit"])
def test_samples_stay_exact_in_every_compression(convert, compression, tile, samples):
    (dataset,) = convert(tiff(samples, compression=compression, tile=tile, rowsperstrip=7))
    assert dataset.SOPClassUID == SECONDARY_CAPTURE
    assert (dataset.pixel_array == samples).all()
    assert dataset.BitsStored == samples.itemsize * 8


def test_thousands_of_pages_are_read(convert):
    samples = RANDOM.integers(0, 65535, (2100, 4, 6), np.uint16)
    (dataset,) = convert(tiff(samples, photometric="minisblack"))
    assert (dataset.pixel_array == samples).all()


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("bigtiff", [False, True])
def test_both_byte_orders_and_both_sizes_of_offsets_are_read(convert, byteorder, bigtiff):
    samples = gray("u2")
    (dataset,) = convert(tiff(samples, byteorder=byteorder, bigtiff=bigtiff))
    assert (dataset.pixel_array == samples).all()


@pytest.mark.parametrize("predictor", [False, True])
@pytest.mark.parametrize("dtype", ["u1", "u2"])
def test_colors_in_planes_come_by_pixel(convert, predictor, dtype):
    planes = np.stack([gray(dtype) for _ in range(3)])
    source = tiff(
        planes,
        photometric="rgb",
        planarconfig="separate",
        compression="deflate",
        predictor=predictor,
    )
    (dataset,) = convert(source)
    assert (dataset.pixel_array == np.moveaxis(planes, 0, -1)).all()


def test_jpeg_inside_is_decoded_and_its_loss_is_stated(convert):
    source = tiff(RGB, photometric="rgb", compression="jpeg", compressionargs={"level": 90})
    (dataset,) = convert(source)
    assert (dataset.pixel_array == pillow(source)).all()
    assert dataset.LossyImageCompression == "01"
    assert dataset.LossyImageCompressionMethod == "ISO_10918_1"


@pytest.mark.parametrize(("compression", "method"), [("jpeg2000", "ISO_15444_1"), ("webp", "WEBP")])
def test_what_may_have_lost_something_names_its_method(convert, compression, method):
    (dataset,) = convert(tiff(RGB, photometric="rgb", compression=compression))
    assert dataset.LossyImageCompression == "01"
    assert dataset.LossyImageCompressionMethod == method


def test_one_bit_is_black_and_white_whichever_is_zero(convert):
    bits = gray("u1") > 100
    for photometric, expected in (("minisblack", bits), ("miniswhite", ~bits)):
        (dataset,) = convert(tiff(bits, photometric=photometric))
        assert dataset.PhotometricInterpretation == "MONOCHROME2"
        assert (dataset.pixel_array == expected * 255).all()


def test_where_white_is_zero_gray_is_inverted_and_said_so(convert):
    samples = gray("u2")
    (dataset,) = convert(tiff(samples, photometric="miniswhite"))
    assert (dataset.pixel_array == 65535 - samples).all()
    assert "Inverted" in dataset.DerivationDescription


def test_a_palette_becomes_color(convert):
    source = saved(scene().quantize(30), "TIFF")
    (dataset,) = convert(source)
    assert dataset.PhotometricInterpretation == "RGB"
    assert (dataset.pixel_array == pillow(source)).all()


def test_cmyk_becomes_rgb_as_in_pillow(convert):
    source = saved(scene().convert("CMYK"), "TIFF")
    (dataset,) = convert(source)
    assert (dataset.pixel_array == pillow(source)).all()
    assert "CMYK" in dataset.DerivationDescription


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha"])
def test_alpha_is_laid_on_white(convert, dtype, kind):
    full = np.iinfo(dtype).max
    samples = np.dstack([gray(dtype) for _ in range(4)])
    if kind == "assocalpha":
        samples[..., :3] = np.minimum(samples[..., :3], samples[..., 3:])
    (dataset,) = convert(tiff(samples, photometric="rgb", extrasamples=[kind]))
    alpha = samples[..., 3:] / full
    color = samples[..., :3] * (alpha if kind == "unassalpha" else 1)
    assert np.abs(dataset.pixel_array - (color + full * (1 - alpha))).max() <= 0.5 + 1e-6
    assert "white" in dataset.DerivationDescription


def test_a_channel_that_is_no_alpha_is_left_out(convert):
    samples = np.dstack([gray("u1") for _ in range(4)])
    (dataset,) = convert(tiff(samples, photometric="rgb", extrasamples=["unspecified"]))
    assert (dataset.pixel_array == samples[..., :3]).all()
    assert "left out" in dataset.DerivationDescription


@pytest.mark.parametrize("dtype", ["i1", "i2"])
def test_signed_values_stay_exact(convert, dtype):
    samples = gray(dtype)
    (dataset,) = convert(tiff(samples))
    real = dataset.pixel_array * dataset.RescaleSlope + dataset.RescaleIntercept
    assert (real == samples).all()


def test_wide_numbers_that_fit_stay_exact(convert):
    samples = gray("u2").astype("u4")
    (dataset,) = convert(tiff(samples))
    assert (dataset.pixel_array == samples).all()
    assert "DerivationDescription" not in dataset


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i4"])
def test_other_values_are_within_half_a_step(convert, dtype):
    widest = 200 if dtype == "f2" else 9000
    samples = (RANDOM.uniform(-1, 1, (20, 34)) * widest**2).astype(dtype)
    (dataset,) = convert(tiff(samples))
    real = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    assert np.abs(real - samples).max() <= float(dataset.RescaleSlope) * 0.501
    assert "half a step" in dataset.DerivationDescription


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_orientation_is_applied_exactly_once(convert, orientation):
    tag = (274, "H", 1, orientation, True)
    source = tiff(RGB, photometric="rgb", resolution=(200, 400), extratags=[tag])
    (dataset,) = convert(source)
    assert (dataset.pixel_array == pillow(source)).all()
    rows_mm, columns_mm = (25.4 / 400, 25.4 / 200)[:: 1 if orientation < 5 else -1]
    assert list(dataset.NominalScannedPixelSpacing) == pytest.approx([rows_mm, columns_mm])


@pytest.mark.parametrize(
    ("resolution", "unit"), [((72, 72), "inch"), ((300, 300), "none"), ((96, 96), "inch")]
)
def test_a_resolution_that_nobody_measured_is_no_spacing(convert, resolution, unit):
    (dataset,) = convert(tiff(gray(), resolution=resolution, resolutionunit=unit))
    assert "NominalScannedPixelSpacing" not in dataset


def test_a_resolution_per_centimeter_is_a_spacing(convert):
    (dataset,) = convert(tiff(gray(), resolution=(100, 200), resolutionunit="centimeter"))
    assert list(dataset.NominalScannedPixelSpacing) == [0.05, 0.1]


def test_a_resolution_of_pages_is_a_spacing_too(convert):
    (dataset,) = convert(pages(gray(), gray(), resolution=(100, 200), resolutionunit="centimeter"))
    assert list(dataset.PixelSpacing) == [0.05, 0.1]


@pytest.mark.parametrize(
    ("stack", "sop_class"),
    [
        ([gray("u1") for _ in range(3)], GRAYSCALE_BYTE),
        ([gray("u2") for _ in range(3)], GRAYSCALE_WORD),
        ([np.asarray(one) for one in moving()], TRUE_COLOR),
    ],
    ids=["8 bit", "16 bit", "RGB"],
)
def test_pages_alike_are_frames_of_one_instance(convert, stack, sop_class):
    (dataset,) = convert(pages(*stack, compression="lzw"))
    assert dataset.SOPClassUID == sop_class
    assert dataset.NumberOfFrames == 3
    assert (dataset.pixel_array == np.stack(stack)).all()
    assert dataset.FrameIncrementPointer == PAGE_NUMBERS
    assert list(dataset.PageNumberVector) == [1, 2, 3]


def test_pages_unlike_are_instances_of_one_series(convert):
    stack = [gray("u2"), gray("u2", 5, 9), RGB]
    first, second, third = convert(pages(*stack))
    for dataset, samples in zip((first, second, third), stack, strict=True):
        assert (dataset.pixel_array == samples).all()
    assert [d.InstanceNumber for d in (first, second, third)] == [1, 2, 3]
    assert len({d.SOPInstanceUID for d in (first, second, third)}) == 3


def test_pages_of_floats_are_instances_with_their_own_slope(convert):
    stack = [gray("u2") * np.float32(factor) for factor in (0.1, 70.3)]
    found = convert(pages(*stack))
    for dataset, samples in zip(found, stack, strict=True):
        real = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        assert np.abs(real - samples).max() <= float(dataset.RescaleSlope) * 0.501


def test_a_thumbnail_beside_the_picture_is_left_out(convert):
    stream = io.BytesIO()
    samples = gray("u2")
    with tifffile.TiffWriter(stream) as writer:
        writer.write(samples, metadata=None)
        writer.write(samples[::2, ::2], subfiletype=1, metadata=None)
    (dataset,) = convert(stream.getvalue())
    assert (dataset.pixel_array == samples).all()


def test_a_slide_with_its_label_is_refused(convert, out):
    with pytest.raises(ConversionError, match="slide"):
        convert(tiff(gray("u1"), description="Aperio Image Library v1 |AppMag = 40"))
    assert list(out.iterdir()) == []


def test_nothing_planted_survives(convert_paths):
    tags = [(316, "s", 0, "ward7-host", True), (270, "s", 0, "SecretComment", True)]
    source = tiff(
        gray(), software="Photoshop9", extratags=[*tags, (315, "s", 0, "Mueller^Hans", True)]
    )
    exif = saved(scene(), "TIFF", exif=planted_exif())
    for data in (source, exif + b"Mueller^Hans"):
        assert b"Mueller^Hans" in data
        (converted,) = convert_paths(data)
        content = converted.path.read_bytes()
        for text in (*PLANTED, "Mueller_Hans"):
            assert text.encode() not in content


@pytest.mark.parametrize("kept", [8, 60, -1, -200])
def test_a_truncated_file_is_an_error(convert, out, kept):
    with pytest.raises(ConversionError) as refused:
        convert(tiff(gray("u2"), compression="deflate")[:kept])
    assert refused.value.code in ("truncated", "damaged")
    assert list(out.iterdir()) == []


def test_pages_that_point_back_are_an_error(convert):
    source = bytearray(pages(gray("u1", 4, 6), gray("u1", 4, 6)))
    (first,) = struct.unpack_from("<I", source, 4)
    (entries,) = struct.unpack_from("<H", source, first)
    place = first + 2 + 12 * entries
    (second,) = struct.unpack_from("<I", source, place)
    (entries,) = struct.unpack_from("<H", source, second)
    struct.pack_into("<I", source, second + 2 + 12 * entries, first)
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "damaged"


@pytest.mark.parametrize("code", [256, 257])
def test_dimensions_beyond_the_limit_are_refused_before_decoding(convert, code):
    source = bytearray(tiff(gray("u2"), compression="deflate"))
    (start,) = struct.unpack_from("<I", source, 4)
    (entries,) = struct.unpack_from("<H", source, start)
    for place in range(start + 2, start + 2 + 12 * entries, 12):
        if struct.unpack_from("<H", source, place)[0] == code:
            struct.pack_into("<HII", source, place + 2, 4, 1, 2**31)
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "bomb"


def test_the_log_of_the_library_says_nothing(convert, caplog):
    source = bytearray(tiff(gray("u2"), software="Mueller^Hans"))
    source[8:40] = b"\xff" * 32
    with pytest.raises(ConversionError):
        convert(bytes(source))
    assert caplog.text == ""
