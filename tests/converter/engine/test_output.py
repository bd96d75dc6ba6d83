"""Encapsulated frames go to their file one by one, and their table is right in the end."""

import struct
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from series_samples import a_series

from converter.engine import Attributes, Options
from converter.engine.instances import ObjectClass, new_instance, number_instance
from converter.engine.options import Job
from converter.engine.output import outbox

JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
SLIDE_CLASS = "1.2.840.10008.5.1.4.1.1.77.1.6"
FRAMES = [b"\xff\xd8odd", b"\xff\xd8even", b"\xff\xd8!"]


def instance(count: int) -> Dataset:
    job = Job(Attributes(), a_series(), Options())
    dataset = new_instance(job, ObjectClass(SLIDE_CLASS, "SM", JPEG_BASELINE))
    number_instance(dataset, job, 0)
    dataset.NumberOfFrames = count
    return dataset


def test_each_frame_is_a_fragment_of_even_length_and_stands_where_the_table_says(out: Path):
    with outbox(out) as box:
        box.write_frames(instance(3), iter(FRAMES))
        (written,) = box.deliver()
    dataset = pydicom.dcmread(written.path)
    # An item head of 8 bytes stands before each frame; odd frames take a byte more.
    assert struct.unpack("<3Q", dataset.ExtendedOffsetTable) == (0, 14, 28)
    assert struct.unpack("<3Q", dataset.ExtendedOffsetTableLengths) == (6, 6, 4)
    data = written.path.read_bytes()
    first = data.index(FRAMES[0]) - 8
    for offset, length, frame in zip((0, 14, 28), (6, 6, 4), FRAMES, strict=True):
        item = data[first + offset : first + offset + 8 + length]
        assert item == b"\xfe\xff\x00\xe0" + struct.pack("<I", length) + frame.ljust(length, b"\0")
    assert data.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")


@pytest.mark.parametrize("count", [2, 4])
def test_another_number_of_frames_than_announced_leaves_nothing(out: Path, count: int):
    with pytest.raises(ValueError, match="as many frames"), outbox(out) as box:
        box.write_frames(instance(count), iter(FRAMES))
    assert list(out.iterdir()) == []
