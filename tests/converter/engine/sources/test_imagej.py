"""Stacks of ImageJ: order, spacing and times by its own rules, written by hand."""

import io

import numpy as np
import pytest
import tifffile
from raster_samples import tiff

from converter.engine import ConversionError

STACK = np.arange(4 * 3 * 2 * 5 * 7, dtype=np.uint16).reshape(4, 3, 2, 5, 7)  # T, Z, C, Y, X
TOLD = "ImageJ=1.53\nimages=24\nchannels=2\nslices=3\nframes=4\nunit=micron\nspacing=2.0\n"
FRAME_TIME_VECTOR, SLICES = 0x00181065, 0x00182005


def one_page(described: str = TOLD, planes: np.ndarray = STACK, **options: object) -> bytes:
    """Write a stack whose slices follow the only page, as ImageJ does with large ones."""
    first = tiff(planes.reshape(-1, 5, 7)[0], description=described, **options)
    rest = planes.reshape(-1, 5, 7)[1:].astype(
        planes.dtype.newbyteorder(options.get("byteorder", "<"))
    )
    with tifffile.TiffFile(io.BytesIO(first)) as file:
        assert file.pages[0].dataoffsets[0] + 70 == len(first), "the pixels end the file"
    return first + rest.tobytes()


def paged() -> bytes:
    """Let tifffile write a stack with its pages."""
    stream = io.BytesIO()
    told = {"axes": "TZCYX", "spacing": 2.0, "unit": "um", "finterval": 1.5, "Info": "Mueller^Hans"}
    tifffile.imwrite(stream, STACK, imagej=True, resolution=(2, 4), metadata=told)
    return stream.getvalue()


def test_channels_are_instances_of_slices_and_times(convert_paths, convert, dciodvfy_errors):
    datasets = convert(paged())
    assert len(datasets) == 2
    for channel, dataset in enumerate(datasets):
        assert (dataset.pixel_array == STACK[:, :, channel].reshape(12, 5, 7)).all()
        assert dataset.PixelSpacing == [0.00025, 0.0005]
        assert dataset.SliceLocationVector == pytest.approx([0, 0.002, 0.004] * 4)
        assert dataset.FrameTimeVector == [0, 0, 0, 1500, 0, 0, 1500, 0, 0, 1500, 0, 0]
    for one in convert_paths(paged()):
        assert dciodvfy_errors(one.path) == []
        assert b"Mueller" not in one.path.read_bytes()


@pytest.mark.parametrize("byteorder", ["<", ">"])
def test_slices_without_pages_are_read_behind_the_first(convert, byteorder):
    for channel, dataset in enumerate(convert(one_page(byteorder=byteorder))):
        assert (dataset.pixel_array == STACK[:, :, channel].reshape(12, 5, 7)).all()
        assert dataset.FrameIncrementPointer == SLICES


@pytest.mark.parametrize("missing", [1, 70])
def test_a_stack_that_ends_early_is_refused(convert, missing):
    with pytest.raises(ConversionError) as refused:
        convert(one_page()[:-missing])
    assert refused.value.code == "truncated"


def test_more_slices_than_any_file_holds_are_refused(convert):
    with pytest.raises(ConversionError) as refused:
        convert(one_page(TOLD.replace("images=24", "images=999999999")))
    assert refused.value.code == "truncated"


def test_compressed_slices_without_pages_are_refused(convert):
    with pytest.raises(ConversionError, match="one page each"):
        convert(tiff(STACK[0, 0, 0], description=TOLD, compression="deflate"))


def test_a_description_that_does_not_add_up_leaves_pages_as_they_are(convert):
    (dataset,) = convert(tiff(STACK[0, 0, 0], description="ImageJ=1.53\nslices=7\n"))
    assert (dataset.pixel_array == STACK[0, 0, 0]).all()


@pytest.mark.parametrize(
    ("unit", "frame_ms"), [("sec", 2500), ("ms", 2.5), ("min", 150_000), ("hours", 9_000_000)]
)
def test_the_unit_of_time_counts(convert, unit, frame_ms):
    told = f"ImageJ=1.53\nimages=3\nframes=3\nfinterval=2.5\ntunit={unit}\n"
    (dataset,) = convert(one_page(told, STACK[:3, 0, 0]))
    assert dataset.FrameTime == frame_ms


def test_a_unit_of_time_that_nobody_knows_gives_no_time(convert):
    told = "ImageJ=1.53\nimages=3\nframes=3\nfinterval=2.5\ntunit=beats\n"
    (dataset,) = convert(one_page(told, STACK[:3, 0, 0]))
    assert "FrameTime" not in dataset
