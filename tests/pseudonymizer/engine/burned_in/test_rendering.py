"""Letters that one way of showing an image hides are found by another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Box, Context
from tests.bench.planted_text import STROKES, background, letters, plant
from tests.pseudonymizer.engine.burned_in.images import (
    COLUMNS,
    NAME,
    ROWS,
    as_capture,
    dataset_of,
    planted,
    run,
    write,
)

CHANNELS = ("Red", "Green", "Blue")


def slice_with_a_name(values: tuple[int, int], letter: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a slice between two values as int32, and where its letters are."""
    low, high = values
    gray = background("ct", (ROWS, COLUMNS), np.random.default_rng(4)).astype(np.int32)
    pixels = low + gray * (high - low) // 255
    return pixels, plant(pixels, letters(NAME, STROKES, 20, 0), 12, 100, (letter,) * 3)


def raw(dataset: Dataset) -> np.ndarray:
    return pydicom.pixels.pixel_array(dataset, raw=True)


@pytest.mark.parametrize("padding", [-32768, 32767])
def test_padding_far_from_the_image_hides_no_letters(
    padding: int, tmp_path: Path, target: Path, context: Context
):
    pixels, mask = slice_with_a_name((-1000, 1000), 1200)
    pixels = pixels.astype(np.int16)
    pixels[:, 300:] = padding
    output = run(write(tmp_path / "a", as_capture(dataset_of(pixels))), target, context)
    assert (output.pixel_array[mask] == pixels.min()).all()


@pytest.mark.parametrize("is_told", [True, False], ids=["an overlay", "what nobody names"])
def test_bits_outside_the_stored_ones_hide_no_letters(
    is_told: bool, tmp_path: Path, target: Path, context: Context
):
    pixels, mask = slice_with_a_name((0, 2000), 2500)
    pixels = pixels.astype(np.uint16)
    pixels[180:] |= 0x8000
    dataset = as_capture(dataset_of(pixels, BitsStored=12, HighBit=11))
    if is_told:
        dataset.add_new(0x60000102, "US", 15)
    output = run(write(tmp_path / "a", dataset), target, context)
    after = np.frombuffer(output.PixelData, "<u2").reshape(pixels.shape)
    assert (after[mask] == 0).all()
    assert (after[200:] & 0xFFF == pixels[200:] & 0xFFF).all()


def test_letters_in_unused_bits_are_found(tmp_path: Path, target: Path, context: Context):
    pixels, _mask = slice_with_a_name((0, 2000), 2500)
    hidden = np.zeros((ROWS, COLUMNS), np.uint16)
    mask = plant(hidden, letters(NAME, STROKES, 20, 0), 12, 20, (0x1000,) * 3)
    pixels = pixels.astype(np.uint16) | hidden
    dataset = as_capture(dataset_of(pixels, BitsStored=12, HighBit=11))
    output = run(write(tmp_path / "a", dataset), target, context)
    after = np.frombuffer(output.PixelData, "<u2").reshape(pixels.shape)
    assert (after[mask] == 0).all()


def colored(dataset: Dataset, entries: np.ndarray, bits: int, first: int = 0) -> Dataset:
    """Return the image with a gray palette."""
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for number, name in enumerate(CHANNELS):
        setattr(dataset, f"{name}PaletteColorLookupTableData", entries.tobytes())
        vr = "SS" if first < 0 else "US"
        dataset.add_new(0x00281101 + number, vr, [len(entries) % (1 << 16), first, bits])
    return dataset


GRAYS = np.arange(256, dtype=np.uint16)


@pytest.mark.parametrize(
    ("entries", "bits"),
    [
        pytest.param(GRAYS, 16, id="entries of 8 bits called 16"),
        pytest.param(GRAYS << 8, 8, id="entries of 16 bits called 8"),
        pytest.param(GRAYS * 0, 16, id="all alike"),
        pytest.param(
            np.arange(65535, -1, -1).astype(np.uint16), 16, id="more than there are values"
        ),
    ],
)
def test_an_odd_palette_hides_no_letters(
    entries: np.ndarray,
    bits: int,
    picture: np.ndarray,
    tmp_path: Path,
    target: Path,
    context: Context,
):
    written, mask = planted(picture)
    path = write(tmp_path / "a", colored(dataset_of(written), entries, bits))
    after = raw(run(path, target, context))
    (black,) = np.unique(after[mask])
    assert entries[black] >> 8 == entries[: 1 << 8].min() >> 8
    assert (after[60:] == written[60:]).all()


def test_a_palette_may_begin_below_zero(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    written, mask = planted(picture)
    signed = written.astype(np.int16) - 100
    path = write(tmp_path / "a", colored(dataset_of(signed), GRAYS[::-1] * 257, 16, first=-100))
    after = raw(run(path, target, context))
    assert (after[mask] == 155).all()  # the last entry is the darkest


def test_black_of_a_palette_is_a_value_that_a_pixel_can_have(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context
):
    entries = (np.arange(1023, -1, -1) * 60).astype(np.uint16)  # 0 lies beyond 8 bits
    path = write(tmp_path / "a", colored(dataset_of(picture), entries, 16))
    redacted = replace(context, redactions=(Box(0, 0, COLUMNS, 40),))
    (black,) = np.unique(raw(run(path, target, redacted))[:40])
    assert entries[black] >> 8 == entries[255] >> 8


def test_a_window_that_is_no_number_shows_nothing_and_harms_nothing(
    picture: np.ndarray, tmp_path: Path, target: Path, context: Context, recwarn
):
    written, mask = planted(picture)
    window = {"WindowCenter": "100", "WindowWidth": "1e308", "RescaleSlope": "1e-300"}
    dataset = dataset_of(written, **window, RescaleIntercept="0")
    output = run(write(tmp_path / "a", dataset), target, context)
    assert (output.pixel_array[mask] == 0).all()
    assert not [one for one in recwarn if one.category is RuntimeWarning]
