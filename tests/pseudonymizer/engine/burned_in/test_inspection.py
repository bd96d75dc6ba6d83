"""Text is found by the real detector, and nothing else of an image changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Box, Context, HeldBack, TextFound, pseudonymize_file
from pseudonymizer.engine.burned_in import formats as burned_in_formats
from pseudonymizer.engine.burned_in import frames as burned_in_frames
from tests.bench.planted_text import STROKES, letters, plant
from tests.pseudonymizer.engine.burned_in.images import (
    COLUMNS,
    NAME,
    ROWS,
    Blind,
    as_capture,
    as_high_throughput,
    as_jpeg,
    as_jpeg_ls,
    as_lossless_jpeg,
    as_rle,
    codes_of,
    dataset_of,
    planted,
    run,
    write,
)

COMPRESSED = [as_jpeg, as_lossless_jpeg, as_jpeg_ls, as_high_throughput, as_rle]


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return which pixels of an image of one or more samples differ."""
    difference = before != after
    return difference.any(axis=-1) if difference.ndim == 3 else difference


@pytest.mark.parametrize("color", ["gray", "rgb", "planes", "ybr", "inverted", "palette"])
def test_a_name_becomes_black_and_nothing_else_changes(
    color: str, picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    pixels, black = written, 0
    attributes: dict[str, object] = {}
    if color in ("rgb", "planes", "ybr"):
        pixels, black = np.stack([written, written, written // 2], axis=-1), (0, 0, 0)
    if color == "ybr":
        pixels[..., 1:] = 128
        attributes, black = {"PhotometricInterpretation": "YBR_FULL"}, (0, 128, 128)
    if color == "inverted":
        pixels = 255 - written
        attributes, black = {"PhotometricInterpretation": "MONOCHROME1"}, 255
    if color == "palette":
        entries = np.arange(255, -1, -1, dtype=np.uint16) * 257  # the last is the darkest
        attributes, black = {"PhotometricInterpretation": "PALETTE COLOR"}, 255
        for name in ("Red", "Green", "Blue"):
            attributes[f"{name}PaletteColorLookupTableDescriptor"] = [256, 0, 16]
            attributes[f"{name}PaletteColorLookupTableData"] = entries.tobytes()
    dataset = dataset_of(pixels, **attributes)
    if color == "planes":
        dataset.PlanarConfiguration = 1
        dataset.PixelData = pixels.transpose(2, 0, 1).tobytes()
    output = run(write(tmp_path / "a", dataset), target, context)
    after = pydicom.pixels.pixel_array(output, raw=True)
    differs = changed(pixels, after)
    assert (after[mask] == black).all()
    assert (after[differs] == black).all()
    assert not differs[40:].any()  # the name stands above; the speckle below stays
    for keyword in ("Rows", "Columns", "PhotometricInterpretation", "BitsAllocated", "Modality"):
        assert output[keyword].value == dataset[keyword].value
    assert output.BurnedInAnnotation == "NO"
    assert "113101" in codes_of(output)


def test_pale_letters_in_a_few_of_65536_values_are_found(
    tmp_path: Path, target: Path, context: Context
):
    pixels = np.full((ROWS, COLUMNS), 1000, np.uint16)
    pixels[-1, -1] = 65535
    mask = plant(pixels, letters(NAME, STROKES, 20, 0), 12, 100, (1040,) * 3)
    output = run(write(tmp_path / "a", dataset_of(pixels)), target, context)
    assert (output.pixel_array[mask] == 0).all()
    assert output.pixel_array[-1, -1] == 65535


def test_of_signed_values_the_darkest_of_the_frame_is_black(
    tmp_path: Path, target: Path, context: Context
):
    pixels = np.full((ROWS, COLUMNS), -300, np.int16)
    mask = plant(pixels, letters(NAME, STROKES, 20, 0), 12, 100, (900,) * 3)
    output = run(write(tmp_path / "a", dataset_of(pixels)), target, context)
    assert (output.pixel_array[mask] == -300).all()


def test_a_clean_image_stays_as_it_is(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    output = run(write(tmp_path / "a", dataset_of(picture)), target, context)
    assert (output.pixel_array == picture).all()
    assert output.BurnedInAnnotation == "NO"


@pytest.mark.parametrize(
    "compressed", [as_jpeg, as_lossless_jpeg, as_jpeg_ls, as_high_throughput, as_rle]
)
def test_compressed_text_waits_for_a_steward_with_its_boxes(
    compressed, picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    path = write(tmp_path / "a", compressed(as_capture(dataset_of(written))))
    with pytest.raises(TextFound) as caught:
        pseudonymize_file(path, target, context)
    assert caught.value.code == "burned-in-text"
    shown = np.zeros(mask.shape, bool)
    for box in caught.value.boxes:
        shown[box.top : box.bottom, box.left : box.right] = True
    assert shown[mask].all()
    assert not shown[60:].any()
    assert list(target.iterdir()) == []


@pytest.mark.parametrize(
    "compressed", [as_jpeg, as_lossless_jpeg, as_jpeg_ls, as_high_throughput, as_rle]
)
def test_a_redacted_compressed_image_is_decoded_and_black_there_alone(
    compressed, picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, _mask = planted(picture)
    shown = np.stack([written, written // 2, 255 - written], axis=-1)
    path = write(tmp_path / "a", compressed(as_capture(dataset_of(shown))))
    redacted = replace(context, redactions=(Box(0, 0, COLUMNS, 40),))
    output = run(path, target, redacted)
    assert output.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert output.PhotometricInterpretation == "RGB"
    if compressed is as_jpeg:
        shown = pydicom.dcmread(path).pixel_array
    assert (output.pixel_array[:40] == 0).all()
    assert (output.pixel_array[40:] == shown[40:]).all()
    lossy = "01" if compressed is as_jpeg else ""
    assert output.get("LossyImageCompression", "") == lossy
    assert {"113101"} <= codes_of(output)
    assert any("decoded" in text for text in output.DeidentificationMethod)


def test_ycbcr_in_a_jpeg_without_loss_becomes_rgb(tmp_path: Path, target: Path, context: Context):
    shown = np.full((ROWS, COLUMNS, 3), (76, 85, 255), np.uint8)  # red, by PS3.3 C.7.6.3.1.2
    dataset = dataset_of(shown, PhotometricInterpretation="YBR_FULL")
    path = write(tmp_path / "a", as_lossless_jpeg(as_capture(dataset)))
    output = run(path, target, replace(context, redactions=(Box(0, 0, COLUMNS, 40),)))
    assert output.PhotometricInterpretation == "RGB"
    assert abs(output.pixel_array[40:].astype(int) - (254, 0, 0)).max() <= 1


def test_a_box_on_one_frame_blackens_that_frame(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    redacted = replace(context, redactions=(Box(50, 60, 20, 10, frame=1),))
    path = write(tmp_path / "a", dataset_of(np.stack([picture, picture])))
    first, second = run(path, target, redacted).pixel_array
    assert (first == picture).all()
    assert (second[60:70, 50:70] == 0).all()
    assert changed(picture, second).sum() <= 200


def test_boxes_beyond_the_image_do_no_harm(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    boxes = (
        Box(COLUMNS - 5, ROWS - 5, 4000, 4000),
        Box(9000, 9000, 5, 5),
        Box(0, 0, 2, 2, frame=7),
    )
    path = write(tmp_path / "a", dataset_of(picture))
    after = run(path, target, replace(context, redactions=boxes)).pixel_array
    assert (after[-5:, -5:] == 0).all()
    assert changed(picture, after).sum() <= 25


def test_what_a_steward_accepted_keeps_its_text(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, _mask = planted(picture)
    accepted = replace(context, accepted=frozenset({"burned-in-text"}))
    output = run(write(tmp_path / "a", dataset_of(written)), target, accepted)
    assert (output.pixel_array == written).all()
    assert output.BurnedInAnnotation == "NO"


def test_nothing_is_said_of_pixels_that_are_not_there(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    dataset = dataset_of(picture, Modality="SR")
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.11"
    del dataset.PixelData
    accepted = replace(context, accepted=frozenset({"burned-in-text"}))
    output = run(write(tmp_path / "a", dataset), target, accepted)
    assert "BurnedInAnnotation" not in output
    assert "113101" not in codes_of(output)


def test_a_jpeg_ls_frame_that_is_larger_than_its_header_says_is_held_and_not_decoded(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    dataset = as_jpeg_ls(as_capture(dataset_of(picture)))
    dataset.Rows -= 1
    with pytest.raises(TextFound, match="cannot be read here"):
        pseudonymize_file(write(tmp_path / "a", dataset), target, context)


def test_blackened_bytes_of_big_endian_are_not_swapped(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    dataset = dataset_of(written)
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRBigEndian
    output = run(write(tmp_path / "a", dataset), target, context)
    assert (output.pixel_array[mask] == 0).all()
    assert (output.pixel_array[60:] == written[60:]).all()


def test_what_cannot_be_read_and_may_show_text_is_held(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    dataset = dataset_of(picture, PhotometricInterpretation="HSV", SamplesPerPixel=3)
    with pytest.raises(TextFound):
        pseudonymize_file(write(tmp_path / "a", dataset), target, context)


def test_a_frame_that_would_fill_the_memory_is_held_and_not_decoded(
    tmp_path: Path, target: Path, context: Context, monkeypatch
):
    """A blank frame of any size is a few kilobytes in a file; color counts three times."""
    monkeypatch.setattr(burned_in_formats, "MOST_SAMPLES", 64 * 64)
    gray = write(tmp_path / "a", dataset_of(np.zeros((64, 64), np.uint8)))
    assert run(gray, target, context).Rows == 64
    color = write(tmp_path / "b", dataset_of(np.zeros((64, 64, 3), np.uint8)))
    with pytest.raises(TextFound, match="cannot be read here"):
        pseudonymize_file(color, target, context)


def test_frames_that_take_hours_to_decode_are_held(
    tmp_path: Path, target: Path, context: Context, monkeypatch
):
    monkeypatch.setattr(burned_in_frames, "MOST_DECODED_SAMPLES", 3 * 64 * 64 - 1)
    path = write(tmp_path / "a", as_rle(dataset_of(np.zeros((3, 64, 64), np.uint8))))
    with pytest.raises(TextFound, match="cannot be read here"):
        pseudonymize_file(path, target, context)
    monkeypatch.setattr(burned_in_frames, "MOST_DECODED_SAMPLES", 3 * 64 * 64)
    assert run(path, target, context).NumberOfFrames == 3


def test_a_photograph_waits_unless_somebody_says_that_no_face_is_in_it(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    dataset = dataset_of(picture, Modality="XC")
    path = write(tmp_path / "a", dataset)
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(path, target, context)
    assert caught.value.code == "recognizable-face"
    seen = replace(context, accepted=frozenset({"recognizable-face"}))
    output = run(path, target, seen)
    assert output.RecognizableVisualFeatures == "NO"
    assert "113102" in codes_of(output)
    dataset.RecognizableVisualFeatures = "NO"
    stated = run(write(tmp_path / "b", dataset), target, context)
    assert stated.RecognizableVisualFeatures == "NO"
    assert "113102" not in codes_of(stated)


def test_an_image_that_is_not_looked_at_loads_no_network(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.ImagePositionPatient = [0, 0, 0]
    ct.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    pseudonymize_file(write_file(ct), target, replace(context, detector=Blind()))
