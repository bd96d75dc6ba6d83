"""Writes docs/formats.md from real conversions of small files."""

import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset

from converter.engine import Attributes, ConversionError, Converted, Options, Series, convert_file
from converter.engine.foreign import FOREIGN
from pacs_portal.uploads.sniffing import sniff_head
from tests.formats import pictures, slides, tiffs, volumes
from tests.formats.samples import Refused, Sample

MODULES = (pictures, tiffs, slides, volumes)
PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
CODESTREAMS = frozenset({JPEG_BASELINE, "1.2.840.10008.1.2.4.91"})
HEAD = """# Formats

`python -m tests.formats` writes this page: each row is a small file that was converted, its pixels
compared with what the reader named finds in it, and each output checked by `dciodvfy` without an
Error. A test fails when the page is not what the converter does. Files are told by their content;
names of files, EXIF data, comments, programs and hosts are never taken over. The portal's viewer
shows all of it but Parametric Maps, which it shows only over the images they were computed from.

| format | variant | becomes | transfer syntax | outputs | what is kept | pixels equal to |
|---|---|---|---|---|---|---|
"""
REFUSED = """
## Refused

| file | what the person reads |
|---|---|
"""


class FormatError(Exception):
    """A conversion that is not what the page would say."""


def page() -> str:
    """Convert everything and return the page."""
    rows = [row(sample) for module in MODULES for sample in module.samples()]
    refusals = [refusal(one) for module in MODULES for one in module.refused()]
    return "".join([HEAD, *rows, REFUSED, *refusals])


def row(sample: Sample) -> str:
    """Convert a sample, check what came of it, and tell it."""
    with tempfile.TemporaryDirectory() as folder:
        made = convert(sample.data, Path(folder), photograph=sample.is_photograph, **sample.options)
        datasets = [pydicom.dcmread(one.path) for one in made]
        for one in made:
            check_valid(one.path)
    check_pixels(sample, datasets)
    first = datasets[0]
    cells = [
        sample.kind,
        sample.variant,
        first.SOPClassUID.name.removesuffix(" Storage"),
        first.file_meta.TransferSyntaxUID.name.split(" (")[0],
        outputs(datasets),
        "; ".join(kept(sample, first)),
        sample.reader,
    ]
    return f"| {' | '.join(cells)} |\n"


def refusal(one: Refused) -> str:
    """Return the row of a file that is refused."""
    if sentence := FOREIGN.get(sniff_head(one.data)):
        return f"| {one.what} | {sentence} |\n"
    with tempfile.TemporaryDirectory() as folder:
        try:
            convert(one.data, Path(folder), photograph=False)
        except ConversionError as error:
            return f"| {one.what} | {error} |\n"
    raise FormatError(f"{one.what}: it was converted.")


def convert(data: bytes, folder: Path, **chosen: object) -> list[Converted]:
    source, out = folder / "source", folder / "out"
    source.write_bytes(data)
    out.mkdir()
    series = Series(
        study_instance_uid="2.25.1", series_instance_uid="2.25.2", uid_seed=b"s", series_number=1
    )
    return list(convert_file(source, out, Attributes(), series, Options(**chosen)))


def check_valid(path: Path) -> None:
    """Let the validator of dicom3tools look."""
    done = subprocess.run(
        ["dciodvfy", "-new", str(path)], capture_output=True, text=True, timeout=60, check=False
    )
    told = (done.stdout + done.stderr).splitlines()
    errors = [line for line in told if "Error" in line]
    if errors or not told:
        raise FormatError(f"dciodvfy: {errors or 'said nothing'}")


def check_pixels(sample: Sample, datasets: Sequence[Dataset]) -> None:
    """Compare with what an independent reader found."""
    expected = sample.expected(sample.data)
    if sample.is_slide:
        found = slides.tiles(datasets[0])
    else:
        found = np.concatenate([pixels(sample, one) for one in datasets])
    tolerance = max(float(one.get("RescaleSlope", 1)) for one in datasets) * 0.5001
    distance = np.abs(found.reshape(expected.shape) - expected.astype(float)).max()
    if distance > (tolerance if sample.is_scaled else 0):
        raise FormatError(f"{sample.kind}, {sample.variant}: pixels differ by {distance}.")


def pixels(sample: Sample, dataset: Dataset) -> np.ndarray:
    """Return the frames of a dataset; a JPEG stream as the reader of the sample decodes it."""
    if dataset.file_meta.TransferSyntaxUID == JPEG_BASELINE:
        (frame,) = pydicom.encaps.generate_frames(dataset.PixelData, number_of_frames=1)
        return sample.expected(frame)[np.newaxis].astype(float)
    stored = dataset.pixel_array.astype(float)
    values = stored * float(dataset.get("RescaleSlope", 1)) + float(
        dataset.get("RescaleIntercept", 0)
    )
    return values if "NumberOfFrames" in dataset else values[np.newaxis]


def outputs(datasets: Sequence[Dataset]) -> str:
    frames = int(datasets[0].get("NumberOfFrames", 1))
    told = "1 image" if len(datasets) == 1 else f"{len(datasets)} images"
    return f"{told} of {frames} frames" if frames > 1 else told


def kept(sample: Sample, dataset: Dataset) -> Iterator[str]:
    """Tell what a dataset has, from the dataset alone."""
    if dataset.file_meta.TransferSyntaxUID in CODESTREAMS:
        yield "the tiles themselves" if sample.is_slide else "the bitstream itself"
    elif "SegmentSequence" in dataset:
        yield "a segment for each label"
    elif "FloatPixelData" in dataset:
        yield "32 bits of floating point"
    else:
        color = "color" if dataset.SamplesPerPixel == 3 else "gray"
        yield f"{dataset.BitsStored} bits of {color}"
    if dataset.get("NumberOfOpticalPaths", 1) > 1:
        yield "a named optical path for each channel"
    if dataset.get("LossyImageCompression") == "01":
        yield "the loss stated"
    if sample.is_scaled and float(dataset.get("RescaleSlope", 1)) != 1:
        yield "values by slope and intercept, to half a step"
    yield from placed(dataset)


def placed(dataset: Dataset) -> Iterator[str]:
    """Tell what a dataset says of colors, place and time."""
    told = {
        "ICCProfile": "the color profile",
        "NominalScannedPixelSpacing": "spacing",
        "PixelSpacing": "spacing",
        "ImagePositionPatient": "place in the patient",
        "FrameTime": "the time of frames",
        "FrameTimeVector": "the time of frames",
        "SliceLocationVector": "the place of slices",
        "PageNumberVector": "the order of pages",
    }
    shared = dataset.get("SharedFunctionalGroupsSequence", [Dataset()])[0]
    if "PixelMeasuresSequence" in shared:
        yield "spacing"
    if "PerFrameFunctionalGroupsSequence" in dataset:
        yield "place in the patient"
    yield from dict.fromkeys(text for keyword, text in told.items() if keyword in dataset)
