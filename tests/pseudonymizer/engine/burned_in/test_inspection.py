"""Text is found by the real detector, and nothing else of an image changes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import (
    Box,
    Context,
    Earlier,
    HeldBack,
    Subject,
    TextFound,
    pseudonymize_file,
)
from pseudonymizer.engine.burned_in import formats as burned_in_formats
from pseudonymizer.engine.burned_in import frames as burned_in_frames
from pseudonymizer.engine.burned_in import looking
from tests.bench.planted_text import STROKES, background, letters, plant
from tests.pseudonymizer.engine.burned_in.images import (
    NAME,
    as_capture,
    as_jpeg,
    as_rle,
    dataset_of,
    write,
)

ROWS, COLUMNS = 240, 360  # unequal, so that a swapped axis fails


@pytest.fixture
def picture() -> np.ndarray:
    """An ultrasound image, (rows, columns)."""
    return background("ultrasound", (ROWS, COLUMNS), np.random.default_rng(4))


def planted(picture: np.ndarray, value: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture with a name at the top, and where its letters are."""
    written = picture.copy()
    mask = plant(written, letters(NAME, STROKES, 14, 0), 12, 6, (value,) * 3)
    return written, mask


def run(path: Path, target: Path, context: Context) -> Dataset:
    return pydicom.dcmread(pseudonymize_file(path, target, context).path)


def changed(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return which pixels of an image of one or more samples differ."""
    difference = before != after
    return difference.any(axis=-1) if difference.ndim == 3 else difference


def codes_of(dataset: Dataset) -> set[str]:
    return {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence}


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


def test_a_name_on_one_frame_of_few_is_found_on_it(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    output = run(
        write(tmp_path / "a", dataset_of(np.stack([picture, written, picture]))), target, context
    )
    assert (output.pixel_array[:, mask] == 0).all()
    assert output.BurnedInAnnotation == "NO"


def test_each_frame_of_a_loop_is_looked_at(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    frames = np.stack([picture] * 24)
    frames[0], frames[12] = 255, 0  # no projection shows anything
    frames[7], mask = planted(picture)
    output = run(write(tmp_path / "a", dataset_of(frames)), target, context)
    assert (output.pixel_array[:, mask] == 0).all()
    assert output.BurnedInAnnotation == "NO"
    assert "113101" in codes_of(output)


def test_frames_that_look_alike_are_looked_at_once(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    class Counting:
        seen = 0

        def boxes(self, image: np.ndarray) -> tuple[Box, ...]:
            self.seen += 1
            return ()

    detector = Counting()
    frames = np.stack([picture] * 60)
    frames[30:], _mask = planted(picture)
    path = write(tmp_path / "a", dataset_of(frames))
    output = run(path, target, replace(context, detector=detector))
    assert 2 <= detector.seen <= 4  # both pictures, each by one or two windows
    assert output.BurnedInAnnotation == "NO"


def test_a_name_that_fades_in_is_found(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    """Each frame looks almost like the one before."""
    picture = picture[:64]
    written, mask = planted(picture)
    steps = np.linspace(0, 1, 30)[:, None, None]
    frames = np.round(picture * (1 - steps) + written * steps).astype(np.uint8)
    output = run(write(tmp_path / "a", dataset_of(frames)), target, context)
    assert (output.pixel_array[:, mask] == 0).all()


def test_of_a_loop_of_minutes_the_projections_show_the_name_but_do_not_prove_its_absence(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context, monkeypatch
):
    monkeypatch.setattr(looking, "MOST_PIXELS", 11 * ROWS * COLUMNS)
    frames = np.stack([picture] * 12)
    frames[7], mask = planted(picture)  # neither the first, the middle nor the last
    output = run(write(tmp_path / "a", dataset_of(frames)), target, context)
    assert (output.pixel_array[:, mask] == 0).all()
    assert "BurnedInAnnotation" not in output
    assert "113101" not in codes_of(output)


def ultrasound_region(left: int, top: int, right: int, bottom: int) -> Dataset:
    """Return a region as PS3.3 C.8.5.5 has it; its sides belong to it."""
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = left, top
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = right, bottom
    region.RegionSpatialFormat = region.RegionDataType = 1
    return region


def test_black_beside_a_region_of_tissue_is_generous_but_ends_at_it(
    tmp_path: Path, target: Path, context: Context
):
    pixels = np.full((ROWS, COLUMNS), 90, np.uint8)
    mask = plant(pixels, letters(NAME, STROKES, 24, 0), 20, 20, (255,) * 3)
    below = int(np.flatnonzero(mask.any(axis=1)).max()) + 1
    first = below + 8  # of the region: nearer than half a letter's height
    region = ultrasound_region(0, first, COLUMNS - 1, ROWS - 1)
    path = write(tmp_path / "a", dataset_of(pixels, SequenceOfUltrasoundRegions=[region]))
    after = run(path, target, context).pixel_array
    alone = run(write(tmp_path / "b", dataset_of(pixels)), target, context).pixel_array
    assert (after[mask] == 0).all()
    assert (after[first:] == pixels[first:]).all()
    assert (after[first - 1] == 0).sum() > mask.any(axis=0).sum()
    assert ((after == 0) >= (alone == 0)).all()
    assert (after == 0).sum() > (alone == 0).sum()


def test_a_name_inside_a_region_of_tissue_goes_too_and_as_little_as_needed_with_it(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    region = ultrasound_region(0, 0, COLUMNS - 1, ROWS - 1)
    path = write(tmp_path / "a", dataset_of(written, SequenceOfUltrasoundRegions=[region]))
    after = run(path, target, context).pixel_array
    alone = run(write(tmp_path / "b", dataset_of(written)), target, context).pixel_array
    assert (after[mask] == 0).all()
    assert (after == alone).all()


def test_a_clean_image_stays_as_it_is(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    output = run(write(tmp_path / "a", dataset_of(picture)), target, context)
    assert (output.pixel_array == picture).all()
    assert output.BurnedInAnnotation == "NO"


@pytest.mark.parametrize("compressed", [as_jpeg, as_rle])
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


@pytest.mark.parametrize("compressed", [as_jpeg, as_rle])
def test_a_redacted_compressed_image_is_decoded_and_black_there_alone(
    compressed, picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, _mask = planted(picture)
    dataset = compressed(as_capture(dataset_of(np.stack([written] * 3, axis=-1))))
    path = write(tmp_path / "a", dataset)
    redacted = replace(context, redactions=(Box(0, 0, COLUMNS, 40),))
    output = run(path, target, redacted)
    assert output.file_meta.TransferSyntaxUID == pydicom.uid.ExplicitVRLittleEndian
    assert output.PhotometricInterpretation == "RGB"
    shown = pydicom.dcmread(path).pixel_array
    assert (output.pixel_array[:40] == 0).all()
    assert (output.pixel_array[40:] == shown[40:]).all()
    lossy = "01" if compressed is as_jpeg else ""
    assert output.get("LossyImageCompression", "") == lossy
    assert {"113101"} <= codes_of(output)
    assert any("decoded" in text for text in output.DeidentificationMethod)


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


class Blind:
    """A detector that must not be asked."""

    def boxes(self, image: np.ndarray) -> tuple[Box, ...]:
        raise AssertionError("Nobody asked to look.")


def test_what_was_cleaned_before_is_not_looked_at_again_on_its_way_to_another_project(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    first = pseudonymize_file(write(tmp_path / "a", dataset_of(picture)), target, context)
    moved = replace(context, earlier=Earlier(context.profile, -400), detector=Blind())
    second = replace(moved, subject=Subject("XX-7QF3K0ZB5", "xx", -900))
    output = run(first.path, target, second)
    assert (output.pixel_array == picture).all()
    assert output.BurnedInAnnotation == "NO"
    assert "113101" in codes_of(output)


def test_a_stranger_who_says_that_pixels_are_clean_is_not_believed(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "113101", "DCM"
    code.CodeMeaning = "Clean Pixel Data Option"
    dataset = dataset_of(written, DeidentificationMethodCodeSequence=[code])
    output = run(write(tmp_path / "a", dataset), target, context)
    assert (output.pixel_array[mask] == 0).all()


def test_what_was_not_settled_before_is_looked_at_after_a_transfer(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    moved = replace(context, earlier=Earlier(context.profile, -400))
    output = run(write(tmp_path / "a", dataset_of(written)), target, moved)
    assert (output.pixel_array[mask] == 0).all()


def test_an_image_that_is_not_looked_at_loads_no_network(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.ImagePositionPatient = [0, 0, 0]
    ct.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    pseudonymize_file(write_file(ct), target, replace(context, detector=Blind()))
