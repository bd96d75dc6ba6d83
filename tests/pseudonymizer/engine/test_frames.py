import shutil
import subprocess
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file, get_testdata_files
from pydicom.encaps import generate_frames, get_frame, parse_basic_offsets
from pydicom.pixels import pixel_array

from pseudonymizer.engine import Context, HeldBack, PseudonymizationError, pseudonymize_file
from tests.pseudonymizer.engine.frame_files import (
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    PLANTED,
    file_of,
    jpeg2000_of,
    jpeg_of,
    picture,
    with_adobe,
    without_segment,
)

DCMTK = {
    "JPEG-LL.dcm": "dcmdjpeg",
    "JPGExtended.dcm": "dcmdjpeg",
    "SC_rgb_jpeg_dcmtk.dcm": "dcmdjpeg",
    "SC_rgb_jpeg_app14_dcmd.dcm": "dcmdjpeg",
    "SC_jpeg_no_color_transform.dcm": "dcmdjpeg",
    "color3d_jpeg_baseline.dcm": "dcmdjpeg",
    "MR_small_jpeg_ls_lossless.dcm": "dcmdjpls",
}


def frames_of(path: Path) -> list[bytes]:
    dataset = pydicom.dcmread(path)
    count = int(dataset.get("NumberOfFrames", 1))
    return list(generate_frames(dataset.PixelData, number_of_frames=count))


def colors_of(frame: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(frame)).convert("RGB"))


@pytest.fixture
def context(context: Context) -> Context:
    """A data steward has looked at these images; tests/…/burned_in look for text."""
    return replace(context, accepted=frozenset({"burned-in-text"}))


def cleaned(source: Path, target: Path, context: Context) -> Path:
    path = pseudonymize_file(source, target, context).path
    assert PLANTED not in path.read_bytes()
    return path


def held(source: Path, target: Path, context: Context) -> str:
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(source, target, context)
    assert list(target.iterdir()) == []
    return caught.value.code


@pytest.mark.parametrize("is_color", [True, False])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 3}])
def test_a_jpeg_frame_loses_its_segments_and_keeps_its_pixels(
    is_color: bool, options: dict, tmp_path: Path, target: Path, context: Context
):
    jpeg = jpeg_of(picture(1, is_color), **options)
    assert jpeg.count(PLANTED) == 4
    (frame,) = frames_of(cleaned(file_of(tmp_path / "a", [jpeg], JPEG_BASELINE), target, context))
    assert (colors_of(frame) == colors_of(jpeg)).all()
    assert frame.rstrip(b"\0").endswith(b"\xff\xd9")
    assert not any(bytes((0xFF, marker)) in frame[:40] for marker in (0xE0, 0xE1, 0xE2, 0xFE))


@pytest.mark.parametrize("transform", [0, 1])
@pytest.mark.parametrize("has_jfif", [True, False])
def test_only_the_number_of_adobes_color_transform_stays(
    transform: int, has_jfif: bool, tmp_path: Path, target: Path, context: Context
):
    jpeg = with_adobe(jpeg_of(picture(1, True)), transform)
    jpeg = jpeg if has_jfif else without_segment(jpeg, 0xE0)
    (frame,) = frames_of(cleaned(file_of(tmp_path / "a", [jpeg], JPEG_BASELINE), target, context))
    assert (colors_of(frame) == colors_of(jpeg)).all()
    assert frame[:6] == b"\xff\xd8\xff\xee\0\x0e"


def test_components_that_are_named_rgb_stay_so(tmp_path: Path, target: Path, context: Context):
    jpeg = without_segment(jpeg_of(picture(1, True), keep_rgb=True), 0xEE)
    (frame,) = frames_of(cleaned(file_of(tmp_path / "a", [jpeg], JPEG_BASELINE), target, context))
    assert (colors_of(frame) == colors_of(jpeg)).all()


@pytest.mark.parametrize("is_file", [True, False])
@pytest.mark.parametrize("options", [{}, {"tile_size": (16, 16)}, {"plt": True}])
def test_a_jpeg_2000_frame_loses_comments_and_boxes_and_keeps_its_pixels(
    is_file: bool, options: dict, tmp_path: Path, target: Path, context: Context
):
    original = jpeg2000_of(picture(2, True), is_file, **options)
    assert original.count(PLANTED) == 2
    source = file_of(tmp_path / "a", [original], JPEG_2000_LOSSLESS)
    (frame,) = frames_of(cleaned(source, target, context))
    assert (colors_of(frame) == colors_of(original)).all()
    assert b"xml " not in frame


def test_a_comment_in_a_tile_part_goes_and_its_length_follows(
    tmp_path: Path, target: Path, context: Context
):
    plain = jpeg2000_of(picture(2, False), tile_size=(32, 40)).removesuffix(PLANTED)
    comment = b"\xff\x64" + (len(PLANTED) + 4).to_bytes(2, "big") + b"\0\1" + PLANTED
    start = plain.index(b"\xff\x90\0\x0a")
    length = int.from_bytes(plain[start + 6 : start + 10], "big") + len(comment)
    head = plain[: start + 6] + length.to_bytes(4, "big") + plain[start + 10 : start + 12]
    original = head + comment + plain[start + 12 :]
    source = file_of(tmp_path / "a", [original], JPEG_2000_LOSSLESS)
    (frame,) = frames_of(cleaned(source, target, context))
    assert (colors_of(frame) == colors_of(plain)).all()
    assert frame[frame.index(b"\xff\x90") :][:100] == plain[start:][:100]


def test_an_icc_profile_in_a_jp2_file_makes_way_for_the_color_space(
    tmp_path: Path, target: Path, context: Context
):
    plain = jpeg2000_of(picture(2, True), is_file=True)
    enumerated = b"\0\0\0\x0fcolr\1\0\0\0\0\0\x10"
    profile = b"colr\2\0\0" + PLANTED
    start = plain.index(b"jp2h") - 4
    length = int.from_bytes(plain[start : start + 4], "big") + len(profile) + 4 - len(enumerated)
    original = plain[:start] + length.to_bytes(4, "big") + plain[start + 4 :]
    original = original.replace(enumerated, (len(profile) + 4).to_bytes(4, "big") + profile)
    source = file_of(tmp_path / "a", [original], JPEG_2000_LOSSLESS)
    (frame,) = frames_of(cleaned(source, target, context))
    assert enumerated in frame
    assert (colors_of(frame) == colors_of(plain)).all()


@pytest.mark.parametrize("fragments", [1, 2, 3])
@pytest.mark.parametrize("is_extended", [True, False])
def test_frames_and_offset_tables_are_rebuilt(
    fragments: int, is_extended: bool, tmp_path: Path, target: Path, context: Context
):
    originals = [jpeg_of(picture(seed, False)) for seed in range(4)]
    source = file_of(tmp_path / "a", originals, JPEG_BASELINE, fragments, is_extended)
    output = pydicom.dcmread(cleaned(source, target, context))
    assert output.NumberOfFrames == 4
    assert len(parse_basic_offsets(output.PixelData)) == (0 if is_extended else 4)
    tables = (output.ExtendedOffsetTable, output.ExtendedOffsetTableLengths) if is_extended else ()
    for number, original in enumerate(originals):
        frame = get_frame(
            output.PixelData, number, number_of_frames=4, extended_offsets=tables or None
        )
        assert (colors_of(frame) == colors_of(original)).all()


def test_frames_in_fragments_without_a_table_are_told_by_their_beginnings(
    tmp_path: Path, target: Path, context: Context
):
    originals = [jpeg_of(picture(seed, False)) for seed in range(3)]
    source = pydicom.dcmread(file_of(tmp_path / "a", originals, JPEG_BASELINE, 2))
    source.PixelData = b"\xfe\xff\0\xe0" + bytes(4) + source.PixelData[8 + 3 * 4 :]
    source.save_as(tmp_path / "b")
    frames = frames_of(cleaned(tmp_path / "b", target, context))
    assert [(colors_of(f) == colors_of(o)).all() for f, o in zip(frames, originals, strict=True)]


def test_a_number_of_frames_that_does_not_fit_is_held(
    tmp_path: Path, target: Path, context: Context
):
    originals = [jpeg_of(picture(seed, False)) for seed in range(3)]
    dataset = pydicom.dcmread(file_of(tmp_path / "a", originals, JPEG_BASELINE))
    dataset.NumberOfFrames = 2
    dataset.save_as(tmp_path / "b")
    assert held(tmp_path / "b", target, context) == "unclear-frames"


@pytest.mark.parametrize(("syntax", "make"), [
    (JPEG_BASELINE, jpeg_of), (JPEG_2000_LOSSLESS, jpeg2000_of)
])  # fmt: skip
@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_frame_that_ends_too_early_is_held(
    syntax: str, make, share: float, tmp_path: Path, target: Path, context: Context
):
    whole = make(picture(3, False)).removesuffix(PLANTED)
    dataset = pydicom.dcmread(file_of(tmp_path / "a", [whole], syntax))
    cut = whole[: int(len(whole) * share) // 2 * 2]
    dataset.PixelData = pydicom.encaps.encapsulate([cut])
    dataset.save_as(tmp_path / "b")
    assert held(tmp_path / "b", target, context) == "damaged-frame"


def test_compression_that_nothing_is_known_of_is_held(
    tmp_path: Path, target: Path, context: Context
):
    source = file_of(tmp_path / "a", [jpeg_of(picture(3, False))], JPEG_BASELINE)
    native = b"1.2.840.10008.1.2.1".ljust(len(JPEG_BASELINE), b"\0")
    source.write_bytes(source.read_bytes().replace(JPEG_BASELINE.encode(), native, 1))
    assert held(source, target, context) == "unchecked-compression"


@pytest.mark.parametrize("name", DCMTK)
def test_dcmtk_decodes_the_same_pixels(name: str, tmp_path: Path, target: Path, context: Context):
    tool = shutil.which(DCMTK[name])
    assert tool is not None
    source = get_testdata_file(name)
    pixels = []
    for number, path in enumerate((source, pseudonymize_file(Path(source), target, context).path)):
        decoded = tmp_path / f"decoded-{number}"
        subprocess.run([tool, str(path), str(decoded)], check=True, capture_output=True)
        pixels.append(pydicom.dcmread(decoded).PixelData)
    assert pixels[0] == pixels[1]


@pytest.mark.filterwarnings("ignore")
def test_every_compressed_file_that_pydicom_ships_keeps_its_pixels(target: Path, context: Context):
    compared = 0
    for name in get_testdata_files("**/*J2K*") + get_testdata_files("**/*jp*g*"):
        try:
            path = pseudonymize_file(Path(name), target, context).path
            before = pixel_array(name)
        except (PseudonymizationError, NotImplementedError, RuntimeError, ValueError):
            continue  # what no decoder reads before need not be read after
        assert (pixel_array(path) == before).all(), name
        compared += 1
    assert compared > 20


def test_frames_that_start_alike_are_cleaned_one_by_one(tmp_path, target, context):
    """Tiles share their head; what hides behind the scan of one of them is found all the same."""
    plain = jpeg_of(picture(1, is_color=False), quality=90)
    twin = jpeg_of(picture(2, is_color=False), quality=90)
    comment = b"\xff\xfe" + (len(PLANTED) + 2).to_bytes(2, "big") + PLANTED
    end = twin.index(b"\xff\xd9")
    hiding = twin[:end] + comment + twin[end:]
    filled = twin[:end] + b"\xff\xff" + twin[end:]
    frames = [plain, twin, hiding, filled, plain]
    source = file_of(tmp_path / "source.dcm", frames, JPEG_BASELINE)
    found = frames_of(cleaned(source, target, context))
    alone = [
        frames_of(cleaned(file_of(tmp_path / "one.dcm", [one], JPEG_BASELINE), target, context))[0]
        for one in frames
    ]
    assert found == alone
    assert found[1] == found[2] == found[3] != found[0]
    assert [colors_of(one).tolist() for one in found] == [colors_of(one).tolist() for one in frames]
