import io

import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image, ImageOps
from pydicom.encaps import generate_frames
from raster_samples import (
    PLANTED,
    planted_exif,
    saved,
    scene,
    segments,
    with_component_ids,
    with_segment,
    without_segments,
)
from series_samples import a_series

from converter.engine import ConversionError, Series

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
VL_PHOTOGRAPHIC = "1.2.840.10008.5.1.4.1.1.77.1.4"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"


def frame_of(dataset) -> bytes:
    (frame,) = generate_frames(dataset.PixelData, number_of_frames=1)
    return frame


def pillow_pixels(data: bytes, mode: str | None = None) -> np.ndarray:
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    return np.asarray(image.convert(mode) if mode else image)


@pytest.mark.parametrize("subsampling", [0, 1, 2], ids=["4:4:4", "4:2:2", "4:2:0"])
def test_a_baseline_stream_is_passed_through(convert, subsampling):
    source = saved(scene(), "JPEG", subsampling=subsampling)
    (dataset,) = convert(source)
    assert dataset.file_meta.TransferSyntaxUID == JPEG_BASELINE
    assert dataset.PhotometricInterpretation == "YBR_FULL_422"
    assert (dataset.Rows, dataset.Columns, dataset.SamplesPerPixel) == (44, 61, 3)
    assert (pillow_pixels(frame_of(dataset)) == pillow_pixels(source)).all()


def test_all_but_application_and_comment_segments_stay_byte_for_byte(convert):
    source = saved(scene(), "JPEG", exif=planted_exif(), comment="SecretComment", dpi=(72, 72))
    (dataset,) = convert(source)
    kept = [part for part in segments(source) if not (0xE0 <= part[0] <= 0xEF or part[0] == 0xFE)]
    assert segments(frame_of(dataset)) == kept
    assert 0 in dict(kept), "the sample has a scan"


def numbered(source: bytes) -> Series:
    return a_series(uid_seed=source, first_instance_number=len(source))


def test_what_pictures_share_is_not_mixed_up(convert):
    """Headers are encoded once for pictures that are alike: what differs has to differ."""
    gray, camera = scene().convert("L"), planted_exif()
    sources = [
        saved(scene(), "JPEG"),
        saved(gray, "JPEG"),
        saved(scene(), "JPEG", exif=camera),
        saved(scene(90, 30), "JPEG", quality=40),
        saved(scene(), "JPEG", quality=95),
    ]
    for source in [*sources, *sources]:
        (dataset,) = convert(source, series=numbered(source))
        image = Image.open(io.BytesIO(source))
        stream_bytes = len(frame_of(dataset).rstrip(b"\0"))
        channels = len(image.getbands())
        assert (dataset.Columns, dataset.Rows) == image.size
        assert dataset.SamplesPerPixel == channels
        assert (dataset.Modality == "XC") == bool(image.getexif())
        assert dataset.InstanceNumber == len(source)
        ratio = dataset.Rows * dataset.Columns * channels / stream_bytes
        assert dataset.LossyImageCompressionRatio == pytest.approx(ratio, abs=1e-3)
    assert len({convert(s, series=numbered(s))[0].SOPInstanceUID for s in sources}) == 5


def test_a_gray_stream_is_monochrome2(convert):
    source = saved(scene().convert("L"), "JPEG")
    (dataset,) = convert(source)
    assert dataset.PhotometricInterpretation == "MONOCHROME2"
    assert (dataset.pixel_array == pillow_pixels(source)).all()


def test_restart_markers_inside_the_scan_are_kept(convert):
    source = saved(scene(), "JPEG", restart_marker_blocks=3)
    assert b"\xff\xd1" in source
    (dataset,) = convert(source)
    assert (pillow_pixels(frame_of(dataset)) == pillow_pixels(source)).all()


def test_nothing_planted_survives_and_nothing_behind_the_end_marker(convert_paths):
    source = saved(scene(), "JPEG", exif=planted_exif(), comment="SecretComment")
    source = with_segment(source, 0xE1, b"http://ns.adobe.com/xap/1.0/\0 Mueller^Hans")
    for data in (source, source + b"Mueller^Hans" + source):
        (converted,) = convert_paths(data)
        content = converted.path.read_bytes()
        for text in (*PLANTED, "Mueller_Hans", "Exif"):
            assert text.encode() not in content


def test_loss_is_stated_with_ratio_and_method(convert):
    source = saved(scene(), "JPEG")
    (dataset,) = convert(source)
    stream_bytes = len(frame_of(dataset).rstrip(b"\0"))
    assert dataset.LossyImageCompression == "01"
    assert dataset.LossyImageCompressionMethod == "ISO_10918_1"
    assert dataset.LossyImageCompressionRatio == pytest.approx(44 * 61 * 3 / stream_bytes, abs=1e-3)


def test_a_camera_makes_a_photograph_and_nothing_else_does(convert):
    with_camera = saved(scene(), "JPEG", exif=planted_exif())
    without_camera = saved(scene(), "JPEG")
    assert [d.SOPClassUID for d in convert(with_camera)] == [VL_PHOTOGRAPHIC]
    assert [d.Modality for d in convert(with_camera)] == ["XC"]
    assert [d.SOPClassUID for d in convert(without_camera)] == [SECONDARY_CAPTURE]
    assert [d.Modality for d in convert(without_camera)] == ["OT"]


def test_the_options_decide_over_the_camera(convert):
    with_camera = saved(scene(), "JPEG", exif=planted_exif())
    assert convert(with_camera, photograph=False)[0].SOPClassUID == SECONDARY_CAPTURE
    assert convert(with_camera, modality="OP")[0].Modality == "OP"
    assert convert(saved(scene(), "JPEG"), photograph=True)[0].SOPClassUID == VL_PHOTOGRAPHIC
    with pytest.raises(ConversionError) as refused:
        convert(with_camera, photograph=True, modality="OP")
    assert refused.value.code == "unsupported"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_exif_orientation_is_applied_exactly_once(convert, orientation):
    source = saved(scene(), "JPEG", exif=planted_exif(orientation))
    (dataset,) = convert(source)
    expected = pillow_pixels(source)
    assert (dataset.Rows, dataset.Columns) == expected.shape[:2]
    if orientation == 1:
        assert dataset.file_meta.TransferSyntaxUID == JPEG_BASELINE
        assert (pillow_pixels(frame_of(dataset)) == expected).all()
    else:
        assert dataset.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE_ENDIAN
        assert (dataset.pixel_array == expected).all()
        assert dataset.ImageType[0] == "DERIVED"


def test_a_progressive_stream_is_stored_losslessly(convert):
    source = saved(scene(), "JPEG", progressive=True)
    (dataset,) = convert(source)
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE_ENDIAN
    assert dataset.PhotometricInterpretation == "RGB"
    assert dataset.LossyImageCompression == "01"
    assert (dataset.pixel_array == pillow_pixels(source)).all()


def test_cmyk_becomes_rgb(convert):
    source = saved(scene().convert("CMYK"), "JPEG")
    (dataset,) = convert(source)
    assert (dataset.pixel_array == pillow_pixels(source, "RGB")).all()
    assert "CMYK" in dataset.DerivationDescription


def test_rgb_that_the_component_ids_tell_is_decoded(convert):
    source = without_segments(saved(scene(), "JPEG", keep_rgb=True), 0xEE)
    (dataset,) = convert(source)
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE_ENDIAN
    assert dataset.PhotometricInterpretation == "RGB"
    assert (dataset.pixel_array == pillow_pixels(source)).all()
    assert np.abs(dataset.pixel_array.astype(int) - np.asarray(scene())).mean() < 8


def test_rgb_that_only_the_adobe_marker_tells_is_decoded(convert):
    source = with_component_ids(saved(scene(), "JPEG", keep_rgb=True), b"\1\2\3")
    source = without_segments(source, 0xE0, 0xEE)
    source = with_segment(source, 0xEE, b"Adobe\0\x64\0\0\0\0\0")
    (dataset,) = convert(source)
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE_ENDIAN
    assert (dataset.pixel_array == pillow_pixels(source)).all()
    assert np.abs(dataset.pixel_array.astype(int) - np.asarray(scene())).mean() < 8


def test_ycbcr_under_the_names_r_g_b_is_decoded(convert):
    source = with_component_ids(saved(scene(), "JPEG"), b"RGB")
    (dataset,) = convert(source)
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE_ENDIAN
    assert (dataset.pixel_array == pillow_pixels(source)).all()


@pytest.mark.parametrize("kept", [3, 20, 300, -200, -2, -1], ids="{} bytes".format)
def test_a_truncated_stream_is_an_error(convert, out, kept):
    with pytest.raises(ConversionError) as refused:
        convert(saved(scene(), "JPEG")[:kept])
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("junk", [b"\x00\x00", b"John Doe", b"\xff\x00\xff"], ids=repr)
def test_what_stands_between_segments_is_skipped(convert, junk):
    source = saved(scene(), "JPEG")
    tables = source.index(b"\xff\xdb")
    (dataset,) = convert(source[:tables] + junk + source[tables:])
    (expected,) = convert(source)
    assert dataset.PixelData == expected.PixelData


def test_a_stream_cut_in_its_scan_and_closed_is_still_an_error(convert):
    whole = saved(scene(640, 480), "JPEG")
    scan = whole.index(b"\xff\xda")
    with pytest.raises(ConversionError) as refused:
        convert(whole[: scan + 60] + b"\xff\xd9")
    assert refused.value.code == "truncated"


def test_dimensions_beyond_the_limit_are_refused_before_decoding(convert):
    source = bytearray(saved(scene(), "JPEG", progressive=True))
    frame = source.index(b"\xff\xc2")
    source[frame + 5 : frame + 9] = b"\xff\xff\xff\xff"
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "bomb"


@pytest.mark.parametrize(("bits", "is_lossless"), [(12, False), (12, True), (16, True), (8, True)])
def test_deep_and_lossless_gray_keeps_its_bits(convert_paths, dciodvfy_errors, bits, is_lossless):
    samples = deep(bits)
    options = {"lossless": True} if is_lossless else {"level": 100}
    source = imagecodecs.jpeg8_encode(samples, bitspersample=bits, **options)
    (converted,) = convert_paths(source)
    dataset = pydicom.dcmread(converted.path)
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT_LITTLE_ENDIAN
    assert (dataset.BitsStored, dataset.BitsAllocated) == (bits, 8 if bits == 8 else 16)
    distance = np.abs(dataset.pixel_array.astype(int) - samples).max()
    assert distance == 0 if is_lossless else 0 < distance <= 4
    assert dataset.LossyImageCompression == ("00" if is_lossless else "01")
    assert dciodvfy_errors(converted.path) == []


def deep(bits: int) -> np.ndarray:
    """A smooth picture of unequal sides over the whole range."""
    rows, columns = np.mgrid[:20, :34]
    return ((rows * 34 + columns) * (2**bits - 1) // 679).astype("u1" if bits == 8 else "u2")


def test_deep_gray_is_turned_upright_and_loses_what_was_planted(convert_paths):
    plain = imagecodecs.jpeg8_encode(deep(12), bitspersample=12, lossless=True)
    exif = planted_exif(6).tobytes()
    (converted,) = convert_paths(with_segment(plain, 0xE1, exif))
    assert (pydicom.dcmread(converted.path).pixel_array == np.rot90(deep(12), -1)).all()
    assert not any(text.encode() in converted.path.read_bytes() for text in PLANTED)


def test_deep_color_is_refused_with_a_way_out(convert):
    source = bytearray(saved(scene(), "JPEG"))
    source[source.index(b"\xff\xc0") + 4] = 12
    with pytest.raises(ConversionError, match="PNG"):
        convert(bytes(source))


def grown(data: bytes, marker: int, extra: bytes) -> bytes:
    """Append bytes to the first segment with this marker."""
    start = data.index(bytes((0xFF, marker))) + 2
    end = start + int.from_bytes(data[start : start + 2])
    return (
        data[:start]
        + (end - start + len(extra)).to_bytes(2)
        + data[start + 2 : end]
        + extra
        + data[end:]
    )


@pytest.mark.parametrize("marker", [0xF0, 0xF7, 0xFD, 0xC8, 0xDC])
def test_text_in_segments_that_no_decoder_needs_is_left_out(convert_paths, marker):
    (one,) = convert_paths(with_segment(saved(scene(), "JPEG"), marker, b"Mueller^Hans"))
    assert b"Mueller" not in one.path.read_bytes()


@pytest.mark.parametrize("marker", [0xC0, 0xC4, 0xDA, 0xDB, 0xDD])
def test_text_behind_the_numbers_of_a_segment_is_refused(convert, marker):
    source = saved(scene(), "JPEG", restart_marker_blocks=3)
    with pytest.raises(ConversionError) as refused:
        convert(grown(source, marker, b"\x11Mueller^Hans 1956"))
    assert refused.value.code == "damaged"


@pytest.mark.parametrize("marker", [0xCC, 0xD8, 0xDE, 0xDF])
def test_segments_out_of_place_are_refused(convert, marker):
    with pytest.raises(ConversionError) as refused:
        convert(with_segment(saved(scene(), "JPEG"), marker, b"Mueller^Hans, born 1956 in Ulm"))
    assert refused.value.code == "damaged"
