"""OME-TIFF: which plane goes where by the specification, spacing and times by hand."""

import io
from itertools import product

import numpy as np
import pydicom
import pytest
import tifffile
from raster_samples import scene

from converter.engine import ConversionError

GRAYSCALE_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
TRUE_COLOR = "1.2.840.10008.5.1.4.1.1.7.4"
FRAME_TIME, FRAME_TIME_VECTOR, PAGES, SLICES = 0x00181063, 0x00181065, 0x00182001, 0x00182005
SIZES = {"C": 2, "Z": 3, "T": 4}
STACK = np.arange(4 * 3 * 2 * 5 * 7, dtype=np.uint16).reshape(4, 3, 2, 5, 7)  # T, Z, C, Y, X
SPACED = {
    "PhysicalSizeX": 0.5,
    "PhysicalSizeXUnit": "µm",
    "PhysicalSizeY": 250,
    "PhysicalSizeYUnit": "nm",
    "PhysicalSizeZ": 2,
    "TimeIncrement": 1.5,
}
NAMES = {"Name": "Mueller^Hans", "Description": "ward7-host", "Channel": {"Name": ["Ann", "Bea"]}}


def ome(samples: np.ndarray, axes: str, **metadata: object) -> bytes:
    """Let tifffile write an OME-TIFF."""
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        samples,
        ome=True,
        photometric="rgb" if axes.endswith("S") else "minisblack",
        metadata={"axes": axes, **metadata},
    )
    return stream.getvalue()


def by_hand(pixels: str, count: int, uuid: str = "", before: str = "") -> bytes:
    """Write `count` pages, each full of its number, under a description of our own."""
    description = (
        f'<?xml version="1.0"?>{before}<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
        f"{uuid}>{pixels}</OME>"
    )
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for number in range(count):
            told = description.encode() if number == 0 else None
            page = np.full((5, 7), number, np.uint16)
            writer.write(page, description=told, metadata=None, contiguous=False)
    return stream.getvalue()


def image(order: str, inside: str, more: str = "", **sizes: int) -> str:
    sizes = {**SIZES, **sizes}
    told = " ".join(f'Size{axis}="{size}"' for axis, size in sizes.items())
    return (
        f'<Image ID="Image:0"><Pixels DimensionOrder="{order}" Type="uint16" SizeX="7" SizeY="5" '
        f"{told} {more}>{inside}</Pixels></Image>"
    )


def numbers(dataset: pydicom.Dataset) -> list[int]:
    """Return the page that each frame came from."""
    frames = dataset.pixel_array.reshape(-1, 5, 7)
    assert all((frame == frame[0, 0]).all() for frame in frames)
    return frames[:, 0, 0].tolist()


def test_each_channel_is_an_instance_of_its_times_and_slices(convert_paths, dciodvfy_errors):
    made = convert_paths(ome(STACK, "TZCYX", **SPACED, **NAMES))
    assert len(made) == 2
    for channel, one in enumerate(made):
        dataset = pydicom.dcmread(one.path)
        assert dataset.SOPClassUID == GRAYSCALE_WORD
        assert (dataset.pixel_array == STACK[:, :, channel].reshape(12, 5, 7)).all()
        assert dataset.ImageComments == f"Channel {channel + 1} of 2"
        assert dataset.InstanceNumber == channel + 1
        assert dciodvfy_errors(one.path) == []


def test_spacing_and_times_are_told_by_frame(convert):
    first, _ = convert(ome(STACK, "TZCYX", **SPACED))
    assert first.PixelSpacing == [0.00025, 0.0005]
    assert first.FrameIncrementPointer == [FRAME_TIME_VECTOR, SLICES]
    assert first.SliceLocationVector == pytest.approx([0, 0.002, 0.004] * 4)
    assert first.FrameTimeVector == [0, 0, 0, 1500, 0, 0, 1500, 0, 0, 1500, 0, 0]


def test_a_stack_without_time_has_places_alone(convert):
    (dataset,) = convert(ome(STACK[0, :, 0], "ZYX", PhysicalSizeZ=0.75))
    assert dataset.FrameIncrementPointer == SLICES
    assert dataset.SliceLocationVector == pytest.approx([0, 0.00075, 0.0015])
    assert "FrameTimeVector" not in dataset


def test_a_film_without_slices_has_a_time_alone(convert):
    (dataset,) = convert(ome(STACK[:, 0, 0], "TYX", TimeIncrement=20, TimeIncrementUnit="ms"))
    assert (dataset.FrameIncrementPointer, dataset.FrameTime) == (FRAME_TIME, 20)


def test_what_is_not_told_is_not_invented(convert):
    (dataset,) = convert(ome(STACK[0, :, 0], "ZYX", PhysicalSizeX=3, PhysicalSizeXUnit="pixel"))
    assert dataset.FrameIncrementPointer == PAGES
    assert "PixelSpacing" not in dataset


def test_nothing_that_people_wrote_survives(convert_paths):
    for one in convert_paths(ome(STACK, "TZCYX", **SPACED, **NAMES)):
        content = one.path.read_bytes()
        for text in ("Mueller", "ward7", "Ann", "Bea", "tifffile", "urn:uuid"):
            assert text.encode() not in content


def test_colors_are_one_channel(convert):
    stack = np.stack([np.asarray(scene().rotate(40 * turn)) for turn in range(3)])
    (dataset,) = convert(ome(stack, "ZYXS", PhysicalSizeZ=1))
    assert dataset.SOPClassUID == TRUE_COLOR
    assert (dataset.pixel_array == stack).all()
    assert "ImageComments" not in dataset


def test_floats_are_an_instance_each(convert):
    stack = STACK[0].astype(np.float32) * np.float32(0.37)
    datasets = convert(ome(stack, "ZCYX", **SPACED))
    assert len(datasets) == 6
    for dataset, (channel, place) in zip(datasets, product(range(2), range(3)), strict=True):
        values = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        half_a_step = float(dataset.RescaleSlope) / 2
        assert np.abs(values - stack[place, channel]).max() <= half_a_step * 1.001
        assert dataset.NominalScannedPixelSpacing == [0.00025, 0.0005]


@pytest.mark.parametrize("order", ["XYZCT", "XYZTC", "XYCTZ", "XYCZT", "XYTCZ", "XYTZC"])
def test_planes_follow_the_order_that_is_told(convert, order):
    datasets = convert(by_hand(image(order, "<TiffData/>"), 24))
    slowest_first = [range(SIZES[axis]) for axis in reversed(order[2:])]
    page_of = {
        tuple(sorted(zip(reversed(order[2:]), place, strict=True))): page
        for page, place in enumerate(product(*slowest_first))
    }
    for channel, dataset in enumerate(datasets):
        assert numbers(dataset) == [
            page_of[tuple(sorted({"C": channel, "T": time, "Z": place}.items()))]
            for time in range(4)
            for place in range(3)
        ]


def test_single_planes_may_lie_anywhere(convert):
    places = list(product(range(4), range(3), range(2)))
    told = "".join(
        f'<TiffData IFD="{23 - page}" FirstT="{t}" FirstZ="{z}" FirstC="{c}" PlaneCount="1"/>'
        for page, (t, z, c) in enumerate(places)
    )
    first, second = convert(by_hand(image("XYCZT", told), 24))
    assert numbers(first) == [23 - page for page, (_, _, c) in enumerate(places) if c == 0]
    assert numbers(second) == [23 - page for page, (_, _, c) in enumerate(places) if c == 1]


def test_times_of_planes_count_where_no_step_is_told(convert):
    planes = "".join(
        f'<Plane TheC="0" TheZ="0" TheT="{time}" DeltaT="{seconds}"/>'
        for time, seconds in enumerate([0.5, 1.5, 4, 4.5])
    )
    (dataset,) = convert(by_hand(image("XYZCT", f"<TiffData/>{planes}", C=1, Z=1), 4))
    assert dataset.FrameIncrementPointer == FRAME_TIME_VECTOR
    assert dataset.FrameTimeVector == [0, 1000, 2500, 500]


def test_several_images_are_told_apart(convert):
    told = [
        image("XYZCT", f'<TiffData IFD="{start}" PlaneCount="3"/>', C=1, T=1) for start in (0, 3)
    ]
    assert [numbers(dataset) for dataset in convert(by_hand("".join(told), 6))] == [
        [0, 1, 2],
        [3, 4, 5],
    ]


OTHER = '<TiffData IFD="0" PlaneCount="24"><UUID FileName="b.ome.tif">urn:uuid:2</UUID></TiffData>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
SMALL = {"C": 1, "T": 1}


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (by_hand(image("XYZCT", OTHER), 24, ' UUID="urn:uuid:1"'), "incomplete"),
        (by_hand('<BinaryOnly MetadataFile="a.ome" UUID="urn:uuid:1"/>', 2), "incomplete"),
        (by_hand(image("XYZCT", "<TiffData/>"), 23), "incomplete"),
        (by_hand(image("XYZCT", "<TiffData/>", Z=999_999_999), 24), "incomplete"),
        (by_hand(image("XYZCT", '<TiffData IFD="3" PlaneCount="3"/>', **SMALL), 5), "damaged"),
        (by_hand(image("XYZCT", "<TiffData/>", **SMALL) * 1000, 5), "damaged"),
        (by_hand(image("XYZCT", "<TiffData/>").replace('"7"', '"8"'), 24), "damaged"),
        (by_hand(image("XYZCT", "<TiffData/>", Z=-1), 24), "damaged"),
        (by_hand(image("XYZXT", "<TiffData/>"), 24), "damaged"),
        (by_hand("<Image>", 1), "damaged"),
        (by_hand("", 1), "damaged"),
        (
            by_hand(
                f"{image('XYZCT', '<TiffData/>')}<a>&l9;</a>",
                24,
                before=f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
            ),
            "damaged",
        ),
        (
            by_hand(
                image("XYZCT", "<TiffData/>"), 24, before='<!DOCTYPE x SYSTEM "file:///etc/passwd">'
            ),
            "damaged",
        ),
    ],
    ids=[
        "one of several files",
        "without a description of its own",
        "a page is missing",
        "more slices than anybody has",
        "pages behind the last",
        "pages in a thousand images",
        "another size",
        "a negative size",
        "an axis that is not there",
        "no end",
        "no image",
        "a billion laughs",
        "a document type from elsewhere",
    ],
)
def test_what_is_wrong_is_refused_with_a_reason(convert, out, source, code):
    with pytest.raises(ConversionError) as refused:
        convert(source)
    assert refused.value.code == code
    assert list(out.iterdir()) == []
