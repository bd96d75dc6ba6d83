"""Which frames are looked at, where black ends, and what a second project believes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from pseudonymizer.engine import Box, Context, Earlier, Subject, pseudonymize_file
from pseudonymizer.engine.burned_in import looking
from tests.bench.planted_text import STROKES, letters, plant
from tests.pseudonymizer.engine.burned_in.images import (
    COLUMNS,
    NAME,
    ROWS,
    Blind,
    codes_of,
    dataset_of,
    planted,
    run,
    write,
)


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
