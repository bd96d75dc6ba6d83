"""JPEG of more than 8 bits, with and without loss: text in it is found, and can be blackened."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file

from pseudonymizer.engine import Box, Context, TextFound, pseudonymize_file
from tests.bench.planted_text import STROKES, letters, plant
from tests.pseudonymizer.engine.burned_in.images import (
    COLUMNS,
    NAME,
    ROWS,
    as_capture,
    as_deep_jpeg,
    as_lossless_jpeg,
    dataset_of,
    run,
    write,
)


def planted(bits: int, *, is_signed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return a picture that uses all of its bits, and where a name stands in it."""
    lowest = -(1 << bits - 1) if is_signed else 0
    pixels = np.full((ROWS, COLUMNS), lowest, np.int16 if is_signed else np.uint16)
    pixels[60:] += np.linspace(0, (1 << bits) - 1, COLUMNS).astype(pixels.dtype)
    white = lowest + (1 << bits) - 1
    return pixels, plant(pixels, letters(NAME, STROKES, 14, 0), 12, 6, (white,) * 3)


@pytest.mark.parametrize(
    ("bits", "is_signed", "is_lossless"),
    [(10, False, True), (12, True, True), (16, False, True), (16, True, True), (12, False, False)],
)
def test_text_is_found_and_blackened_as_asked(
    bits: int, is_signed: bool, is_lossless: bool, tmp_path: Path, target: Path, context: Context
):
    pixels, mask = planted(bits, is_signed=is_signed)
    dataset = as_capture(dataset_of(pixels, BitsStored=bits, HighBit=bits - 1))
    path = write(tmp_path / "a", as_deep_jpeg(dataset, is_lossless=is_lossless))
    with pytest.raises(TextFound) as caught:
        pseudonymize_file(path, target, context)
    assert caught.value.code == "burned-in-text"
    found = np.zeros(mask.shape, bool)
    for box in caught.value.boxes:
        found[box.top : box.bottom, box.left : box.right] = True
    assert found[mask].all()
    assert not found[60:].any()
    output = run(path, target, replace(context, redactions=(Box(0, 0, COLUMNS, 40),)))
    assert (output.BitsStored, output.PixelRepresentation) == (bits, int(is_signed))
    assert len(np.unique(output.pixel_array[:40])) == 1
    error = np.abs(output.pixel_array[60:].astype(int) - pixels[60:])
    assert error.max() <= (0 if is_lossless else 40)


def test_eight_bits_in_a_frame_of_sixteen_are_read(tmp_path: Path, target: Path, context: Context):
    pixels, _mask = planted(8, is_signed=False)
    dataset = as_capture(dataset_of(pixels, BitsStored=8, HighBit=7))
    path = write(tmp_path / "a", as_lossless_jpeg(dataset))
    output = run(path, target, replace(context, redactions=(Box(0, 0, COLUMNS, 40),)))
    assert output.pixel_array.dtype == np.uint16
    assert (output.pixel_array[40:] == pixels[40:]).all()


@pytest.mark.parametrize("name", ["JPEG-LL.dcm", "JPGExtended.dcm"])
def test_a_frame_has_the_values_that_dcmtk_reads(
    name: str, tmp_path: Path, target: Path, context: Context
):
    source = shutil.copy(get_testdata_file(name), tmp_path / "a")
    subprocess.run(["dcmdjpeg", source, tmp_path / "native"], check=True)
    expected = pydicom.dcmread(tmp_path / "native").pixel_array
    asked = {"accepted": frozenset({"burned-in-text"}), "redactions": (Box(0, 0, 4, 4),)}
    output = run(Path(source), target, replace(context, **asked))
    error = np.abs(output.pixel_array[4:].astype(int) - expected[4:])
    assert error.max() <= (1 if name == "JPGExtended.dcm" else 0)


def test_colors_of_more_than_8_bits_are_held(tmp_path: Path, target: Path, context: Context):
    dataset = as_capture(dataset_of(np.zeros((ROWS, COLUMNS, 3), np.uint16)))
    frame = imagecodecs.jpeg8_encode(dataset.pixel_array, bitspersample=16, lossless=True)
    dataset.PixelData = pydicom.encaps.encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.JPEGLosslessSV1
    with pytest.raises(TextFound, match="cannot be read here"):
        pseudonymize_file(write(tmp_path / "a", dataset), target, context)
