"""GIF, WebP and animated PNG against Pillow's own composition of each frame."""

import io

import numpy as np
import pytest
from PIL import Image, ImageOps
from raster_samples import PLANTED, animated, chunk, moving, planted_exif, saved, scene

from converter.engine import ConversionError

KINDS = ["GIF", "WebP", "PNG"]
TRUE_COLOR = "1.2.840.10008.5.1.4.1.1.7.4"
GRAYSCALE_BYTE = "1.2.840.10008.5.1.4.1.1.7.2"
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
FRAME_TIME, FRAME_TIME_VECTOR = 0x00181063, 0x00181065


def composed(data: bytes) -> np.ndarray:
    """Return all frames, laid on white: (frames, rows, columns, 3)."""
    image = Image.open(io.BytesIO(data))
    frames = []
    for index in range(image.n_frames):
        image.seek(index)
        frame = ImageOps.exif_transpose(image).convert("RGBA")
        white = Image.new("RGBA", frame.size, "white")
        frames.append(np.asarray(Image.alpha_composite(white, frame).convert("RGB")))
    return np.stack(frames)


def see_through() -> list[Image.Image]:
    """Frames with holes, and edges half covered."""
    return [scene().convert("RGBA").rotate(25 * index, Image.BICUBIC) for index in (1, 2, 3)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_picture_becomes_a_frame(convert, kind):
    source = animated(kind, moving(4), duration=80)
    (dataset,) = convert(source)
    assert dataset.SOPClassUID == TRUE_COLOR
    assert (dataset.NumberOfFrames, dataset.Rows, dataset.Columns) == (4, 44, 61)
    assert (dataset.pixel_array == composed(source)).all()
    assert dataset.FrameIncrementPointer == FRAME_TIME
    assert dataset.FrameTime == 80


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("disposal", [0, 1], ids=["kept", "cleared"])
def test_transparent_parts_of_frames_lie_on_white(convert, kind, disposal):
    source = animated(kind, see_through(), disposal=disposal, duration=80)
    (dataset,) = convert(source)
    assert (dataset.pixel_array == composed(source)).all()
    assert "white" in dataset.DerivationDescription


@pytest.mark.parametrize("kind", KINDS)
def test_times_are_those_between_a_frame_and_the_one_before(convert, kind):
    (dataset,) = convert(animated(kind, moving(4), duration=[40, 120, 200, 1000]))
    assert dataset.FrameIncrementPointer == FRAME_TIME_VECTOR
    assert list(dataset.FrameTimeVector) == [0, 40, 120, 200]


def test_a_picture_without_duration_is_shown_for_a_tenth_of_a_second(convert):
    (dataset,) = convert(animated("GIF", moving(), duration=0))
    assert dataset.FrameTime == 100


@pytest.mark.parametrize("kind", ["GIF", "PNG"])
def test_gray_stays_gray(convert, kind):
    source = animated(kind, moving(mode="L"), duration=80)
    (dataset,) = convert(source)
    assert dataset.SOPClassUID == GRAYSCALE_BYTE
    assert dataset.PresentationLUTShape == "IDENTITY"
    assert (dataset.pixel_array == composed(source)[..., 0]).all()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_a_still_gif_is_a_plain_capture(convert, mode):
    source = saved(scene().convert(mode), "GIF")
    (dataset,) = convert(source)
    assert dataset.SOPClassUID == SECONDARY_CAPTURE
    expected = composed(source)[0]
    is_gray = mode in ("1", "L")
    assert (dataset.PhotometricInterpretation == "MONOCHROME2") == is_gray
    assert (dataset.pixel_array == (expected[..., 0] if is_gray else expected)).all()


def test_zeros_between_the_blocks_of_a_gif_are_skipped(convert):
    source = animated("GIF", moving(), duration=80)
    end_of_picture = source.index(b"\0!\xf9", source.index(b"\x2c")) + 1
    (dataset,) = convert(source[:end_of_picture] + bytes(2) + source[end_of_picture:])
    assert (dataset.pixel_array == composed(source)).all()


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_still_webp_is_upright_and_says_what_was_lost(convert, lossless, orientation):
    exif = planted_exif(orientation)
    source = saved(scene(), "WebP", lossless=lossless, exif=exif)
    (dataset,) = convert(source)
    assert (dataset.pixel_array == composed(source)[0]).all()
    assert dataset.Rows == (44 if orientation == 1 else 61)
    assert dataset.LossyImageCompression == ("00" if lossless else "01")
    assert ("LossyImageCompressionRatio" in dataset) != lossless
    assert "LossyImageCompressionMethod" not in dataset


def test_an_animated_webp_with_loss_says_so(convert):
    (dataset,) = convert(animated("WebP", moving(), quality=50))
    assert dataset.LossyImageCompression == "01"


def test_a_still_picture_outside_the_animation_is_left_out(convert):
    source = animated("PNG", [scene(), *moving(2)], default_image=True, duration=80)
    (dataset,) = convert(source)
    assert dataset.NumberOfFrames == 2
    assert (dataset.pixel_array == composed(source)[1:]).all()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_planted_survives(convert_paths, kind):
    marks = {"comment": "SecretComment"} if kind == "GIF" else {"exif": planted_exif()}
    for source in (
        saved(scene(), kind, **marks) + b"Mueller^Hans",
        animated(kind, moving(), duration=80, **marks) + b"Mueller^Hans",
    ):
        assert any(text.encode() in source[:-12] for text in PLANTED)
        (converted,) = convert_paths(source)
        content = converted.path.read_bytes()
        for text in (*PLANTED, "Mueller_Hans"):
            assert text.encode() not in content


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("missing", [1, 40, 700])
def test_a_truncated_animation_is_an_error_and_leaves_nothing(convert, out, kind, missing):
    with pytest.raises(ConversionError) as refused:
        convert(animated(kind, moving(), duration=80)[:-missing])
    assert refused.value.code == "truncated"
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS)
def test_the_limit_holds_for_all_frames_together(convert, kind):
    source = animated(kind, moving(), duration=80)
    assert convert(source, max_pixels=3 * 61 * 44)
    with pytest.raises(ConversionError) as refused:
        convert(source, max_pixels=3 * 61 * 44 - 1)
    assert refused.value.code == "bomb"


def test_a_screen_larger_than_allowed_is_refused_before_decoding(convert):
    source = bytearray(animated("GIF", moving()))
    source[6:10] = b"\xff" * 4
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "bomb"


def test_a_webp_that_lies_about_its_canvas_is_refused(convert):
    source = bytearray(animated("WebP", moving()))
    assert source[12:16] == b"VP8X"
    source[24:30] = b"\xff" * 6
    with pytest.raises(ConversionError) as refused:
        convert(bytes(source))
    assert refused.value.code == "bomb"


def test_more_frames_announced_than_there_are_is_damage(convert):
    source = animated("PNG", moving(), duration=80)
    start = source.index(b"acTL") - 4
    lying = chunk(b"acTL", (4).to_bytes(4) + bytes(4))
    with pytest.raises(ConversionError) as refused:
        convert(source[:start] + lying + source[start + 20 :])
    assert refused.value.code == "damaged"


def test_an_animation_is_no_photograph(convert):
    with pytest.raises(ConversionError, match="Secondary Capture"):
        convert(animated("GIF", moving()), photograph=True)
