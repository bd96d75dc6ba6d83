"""RLE frames (PS3.5 Annex G) with words in the gaps of their layout."""

from pathlib import Path
from struct import pack

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import CTImageStorage, RLELossless

from pseudonymizer.engine import Context, HeldBack, pseudonymize_file

PLANTED = b"Zwirbelmayr^Hans"
ROWS, COLUMNS = 6, 50


def pixels() -> np.ndarray:
    """Return an image of 16 bits with runs, and with bytes that differ from their neighbors."""
    image = np.random.default_rng(3).integers(0, 3000, (ROWS, COLUMNS), np.uint16)
    image[1:4, 5:40] = 700
    return image


def packed(plane: bytes) -> bytes:
    """Return a byte plane in runs; -128 stands in between, which says nothing."""
    content, position = b"\x80", 0
    while position < len(plane):
        same = len(plane) - position - len(plane[position:].lstrip(plane[position : position + 1]))
        if same > 2:
            length = min(same, 128)
            content += bytes((257 - length, plane[position]))
        else:
            length = min(7, len(plane) - position)
            content += bytes((length - 1,)) + plane[position : position + length]
        position += length
    return content


def frame(*, tail: bytes = b"", gap: bytes = b"", unused: bytes = b"") -> bytes:
    raw = pixels().tobytes()
    segments = [packed(raw[1::2]) + tail, packed(raw[0::2]) + tail]
    segments = [segment + b"\0" * (len(segment) % 2) for segment in segments]
    first = 64 + len(gap)
    head = pack("<LLL", 2, first, first + len(segments[0])) + unused
    return head.ljust(64, b"\0") + gap + b"".join(segments)


def written(path: Path, content: bytes, **attributes: object) -> Path:
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = RLELossless
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3.1"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.2", "1.2.3.3"
    dataset.Rows, dataset.Columns, dataset.SamplesPerPixel = ROWS, COLUMNS, 1
    dataset.PhotometricInterpretation, dataset.PixelRepresentation = "MONOCHROME2", 0
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.PixelData = encapsulate([content])
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("place", ["tail", "gap", "unused"])
def test_words_in_a_frame_go_and_every_pixel_stays(
    place: str, tmp_path: Path, target: Path, context: Context
) -> None:
    source = written(tmp_path / "source", frame(**{place: PLANTED}))
    output = pseudonymize_file(source, target, context).path
    assert PLANTED not in output.read_bytes()
    assert np.array_equal(pydicom.dcmread(output).pixel_array, pixels())


def test_an_offset_table_is_made_anew(tmp_path: Path, target: Path, context: Context) -> None:
    source = written(tmp_path / "source", frame())
    raw = source.read_bytes()
    table = pack("<HHLL", 0xFFFE, 0xE000, 4, 0)
    source.write_bytes(raw.replace(table, pack("<HHL", 0xFFFE, 0xE000, 16) + PLANTED))
    output = pseudonymize_file(source, target, context).path
    assert PLANTED not in output.read_bytes()
    assert np.array_equal(pydicom.dcmread(output).pixel_array, pixels())


@pytest.mark.parametrize(
    "bad",
    [
        frame()[:-9],
        pack("<LL", 9, 64) + frame()[8:],
        pack("<LLL", 2, 64, 1 << 30) + frame()[12:],
        pack("<LLL", 2, 80, 64) + frame()[12:],
        frame()[:40],
    ],
    ids=["cut", "nine segments", "beyond the end", "backwards", "no header"],
)
def test_what_makes_no_image_is_held(
    bad: bytes, tmp_path: Path, target: Path, context: Context
) -> None:
    with pytest.raises(HeldBack) as caught:
        pseudonymize_file(written(tmp_path / "source", bad), target, context)
    assert caught.value.code == "damaged-frame"
    assert not list(target.iterdir())


def test_an_image_of_another_size_is_held(tmp_path: Path, target: Path, context: Context) -> None:
    source = written(tmp_path / "source", frame(), Rows=ROWS + 1)
    with pytest.raises(HeldBack):
        pseudonymize_file(source, target, context)
