from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from pseudonymizer.engine import Context, HeldBack, pseudonymize_file
from pseudonymizer.engine.overlays import clear_unused_bits

NATIVE = [
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
]
MODULO = 4093  # a prime, so that neither rows nor columns repeat


def with_overlay(ct: Dataset, bit: int) -> np.ndarray:
    """Put 300 x 500 pixels of 12 bits below an overlay of letters; return the pixels."""
    pixels = (np.arange(300 * 500, dtype=np.uint16) * 7 % MODULO).reshape(300, 500)
    overlay = (np.indices(pixels.shape).sum(axis=0) % 3 == 0).astype(np.uint16)
    ct.Rows, ct.Columns = pixels.shape
    ct.BitsAllocated, ct.BitsStored, ct.HighBit, ct.PixelRepresentation = 16, 12, 11, 0
    ct.SamplesPerPixel, ct.PhotometricInterpretation = 1, "MONOCHROME2"
    ct.add_new(0x60000010, "US", 300)
    ct.add_new(0x60000011, "US", 500)
    ct.add_new(0x60000100, "US", 16)
    ct.add_new(0x60000102, "US", bit)
    ct.add_new(0x7FE00010, "OW", (pixels | overlay << bit).astype("<u2").tobytes())
    return pixels


@pytest.mark.parametrize("syntax", NATIVE)
@pytest.mark.parametrize("bit", [12, 15])
def test_an_overlay_in_unused_bits_is_cleared_and_the_pixels_stay(
    syntax: str, bit: int, ct: Dataset, tmp_path: Path, target: Path, context: Context
):
    pixels = with_overlay(ct, bit)
    ct.file_meta = pydicom.dataset.FileMetaDataset()
    ct.file_meta.TransferSyntaxUID = syntax
    source = tmp_path / "overlay"
    if syntax == "1.2.840.10008.1.2.2":
        ct.PixelData = np.frombuffer(ct.PixelData, "<u2").astype(">u2").tobytes()
        ct["PixelData"].VR = "OW"
    ct.save_as(source, enforce_file_format=True)
    output = pydicom.dcmread(pseudonymize_file(source, target, context).path)
    order = ">u2" if syntax == "1.2.840.10008.1.2.2" else "<u2"
    assert (np.frombuffer(output.PixelData, order).reshape(300, 500) == pixels).all()
    assert not [element for element in output if element.tag.group >> 8 == 0x60]


def test_an_overlay_below_the_pixels_is_cleared(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.BitsAllocated, ct.BitsStored, ct.HighBit = 16, 12, 15
    ct.add_new(0x60040102, "US", 0)
    ct.add_new(0x60020102, "US", 3)
    ct.add_new(0x7FE00010, "OW", b"\xff\xff\x0f\x00\xf0\x12" * 2)
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.PixelData == b"\xf0\xff\x00\x00\xf0\x12" * 2


def test_an_overlay_with_data_of_its_own_changes_no_pixel(
    ct: Dataset, write_file, target: Path, context: Context
):
    ct.BitsAllocated, ct.BitsStored, ct.HighBit = 16, 12, 11
    ct.add_new(0x60000102, "US", 0)
    ct.add_new(0x7FE00010, "OW", b"\xff" * 12)
    output = pydicom.dcmread(pseudonymize_file(write_file(ct), target, context).path)
    assert output.PixelData == b"\xff" * 12


@pytest.mark.parametrize(
    ("stored", "high", "bit"), [(16, 15, 12), (12, 11, 11), (12, 11, 16), (0, 0, 12), (12, 3, 15)]
)
def test_an_overlay_whose_bits_may_be_pixel_is_held(
    stored: int, high: int, bit: int, ct: Dataset, write_file, target: Path, context: Context
):
    ct.BitsStored, ct.HighBit = stored, high
    ct.add_new(0x60020102, "US", bit)
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(write_file(ct), target, context)
    assert caught.value.code == "overlay-in-pixels"


@pytest.mark.parametrize("sizes", [[1, 2, 3, 6], [12], [7, 5], [100_000, 31]])
def test_chunks_of_any_size_keep_the_cells_apart(sizes: list[int]):
    chunks = [b"\xff" * size for size in sizes]
    cleared = b"".join(clear_unused_bits(chunks, b"\xff\x0f\x00"))
    assert cleared == (b"\xff\x0f\x00" * sum(sizes))[: sum(sizes)]
