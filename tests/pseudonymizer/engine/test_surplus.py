"""Bytes after the last frame: padding passes, a message there does not."""

from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, PseudonymizationError, pseudonymize_file


def image(ct: Dataset, frames: str, bits: int, data: bytes) -> Dataset:
    ct.Rows, ct.Columns, ct.SamplesPerPixel = 3, 5, 1
    ct.PhotometricInterpretation, ct.PixelRepresentation = "MONOCHROME2", 0
    ct.BitsAllocated = ct.BitsStored = bits
    ct.HighBit = bits - 1
    if frames:
        ct.NumberOfFrames = frames
    ct.add_new(0x7FE00010, "OB" if bits == 8 else "OW", data)
    return ct


@pytest.mark.parametrize(
    ("frames", "bits", "length"),
    [("", 8, 15), ("1", 16, 30), ("7", 16, 210), ("3", 8, 45)],
)
def test_what_follows_the_last_frame_is_refused_without_a_word_of_it(
    frames: str, bits: int, length: int, ct: Dataset, write_file, target: Path, context: Context
) -> None:
    even = length + length % 2
    source = write_file(image(ct, frames, bits, b"\x01" * even + b"Krummbiegel^Adelheid"))
    with pytest.raises(PseudonymizationError) as refused:
        pseudonymize_file(source, target, context)
    assert refused.value.code == "pixel-surplus"
    assert "Krummbiegel" not in str(refused.value)
    assert not list(target.iterdir())


@pytest.mark.parametrize("padding", [b"", b"\0" * 2, b"\0" * 3_000_000])
def test_zeros_after_the_last_frame_pass(
    padding: bytes, ct: Dataset, write_file, target: Path, context: Context
) -> None:
    source = write_file(image(ct, "2", 16, b"\x01" * 60 + padding))
    assert pseudonymize_file(source, target, context).path.exists()


def test_a_message_far_behind_the_padding_is_found(
    ct: Dataset, write_file, target: Path, context: Context
) -> None:
    source = write_file(image(ct, "2", 16, b"\x01" * 60 + b"\0" * 3_000_000 + b"AB"))
    with pytest.raises(PseudonymizationError):
        pseudonymize_file(source, target, context)
