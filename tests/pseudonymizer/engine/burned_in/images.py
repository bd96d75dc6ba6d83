"""Images as files, built with pydicom, which the engine does not use to read or write."""

from io import BytesIO
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import pixel_array
from pydicom.uid import (
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
    SecondaryCaptureImageStorage,
    UltrasoundImageStorage,
)

from pseudonymizer.engine import Box, Context, pseudonymize_file
from tests.bench.planted_text import STROKES, letters, plant

ROWS, COLUMNS = 240, 360  # unequal, so that a swapped axis fails
NAME = "MUELLER, HANS 12.04.1956"


def dataset_of(pixels: np.ndarray, **attributes: object) -> Dataset:
    """Return an ultrasound image; an array of (frames,) rows, columns(, 3) becomes its pixels."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID, dataset.Modality = UltrasoundImageStorage, "US"
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = "1.2.3.1", "1.2.3.2"
    dataset.SeriesInstanceUID = "1.2.3.3"
    is_color = pixels.shape[-1] == 3
    shape = pixels.shape[:-1] if is_color else pixels.shape
    if len(shape) == 3:
        dataset.NumberOfFrames = shape[0]
    dataset.Rows, dataset.Columns = shape[-2:]
    dataset.SamplesPerPixel = 3 if is_color else 1
    dataset.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
    if is_color:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB" if pixels.dtype.itemsize == 1 else "OW"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def write(path: Path, dataset: Dataset) -> Path:
    """Write a dataset as a file."""
    pydicom.dcmwrite(path, dataset, enforce_file_format=True)
    return path


def as_jpeg(dataset: Dataset) -> Dataset:
    """Return the image with its one frame as a JPEG."""
    stream = BytesIO()
    Image.fromarray(dataset.pixel_array).save(stream, "JPEG", quality=95)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    if dataset.SamplesPerPixel == 3:
        dataset.PhotometricInterpretation = "YBR_FULL_422"
    return dataset


def as_rle(dataset: Dataset) -> Dataset:
    """Return the image compressed without loss."""
    dataset.compress(RLELossless, generate_instance_uid=False)
    return dataset


def as_jpeg_ls(dataset: Dataset) -> Dataset:
    """Return the image compressed without loss, as cameras and archives do."""
    dataset.compress(JPEGLSLossless, generate_instance_uid=False)
    return dataset


def as_lossless_jpeg(dataset: Dataset) -> Dataset:
    """Return the image with its one frame as a JPEG without loss, as most archives keep it."""
    dataset.PixelData = encapsulate([lossless_jpeg(pixel_array(dataset, raw=True))])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGLosslessSV1
    return dataset


def as_deep_jpeg(dataset: Dataset, *, is_lossless: bool = True) -> Dataset:
    """Return a gray image with its one frame as a JPEG of all bits that are stored."""
    bits = dataset.BitsStored
    values = pixel_array(dataset, raw=True).astype(np.uint16) & ((1 << bits) - 1)
    frame = imagecodecs.jpeg8_encode(values, bitspersample=bits, lossless=is_lossless)
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    syntax = JPEGLossless if is_lossless else JPEGExtended12Bit
    dataset.file_meta.TransferSyntaxUID = syntax
    return dataset


def as_high_throughput(dataset: Dataset) -> Dataset:
    """Return the image with its one frame as High-Throughput JPEG 2000, as cloud archives do."""
    frame = imagecodecs.htj2k_encode(pixel_array(dataset, raw=True), reversible=True)
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = HTJ2KLossless
    if dataset.SamplesPerPixel == 3:
        dataset.PhotometricInterpretation = "YBR_RCT"
    return dataset


def lossless_jpeg(pixels: np.ndarray) -> bytes:
    """Encode 8 bits by ITU-T T.81 Annex H: predictor 1, and codes of four bits for all sizes."""
    values = np.atleast_3d(pixels).astype(int)
    rows, columns, samples = values.shape
    guess = np.full(values.shape, 128)
    guess[1:, 0] = values[:-1, 0]
    guess[:, 1:] = values[:, :-1]
    bits = []
    for difference in (values - guess).ravel().tolist():
        size = abs(difference).bit_length()
        ones = difference if difference > 0 else difference + (1 << size) - 1
        bits.append(f"{size:04b}" + (f"{ones:0{size}b}" if size else ""))
    text = "".join(bits)
    text += "1" * (-len(text) % 8)
    scan = int(text, 2).to_bytes(len(text) // 8).replace(b"\xff", b"\xff\0")
    components = range(1, samples + 1)
    frame = bytes([8, *rows.to_bytes(2), *columns.to_bytes(2), samples])
    frame += b"".join(bytes([component, 0x11, 0]) for component in components)
    table = bytes([0, 0, 0, 0, 9, *([0] * 12), *range(9)])
    head = bytes([samples]) + b"".join(bytes([component, 0]) for component in components)
    segments = [(0xC3, frame), (0xC4, table), (0xDA, head + bytes([1, 0, 0]))]
    return b"".join(
        [
            b"\xff\xd8",
            *(bytes([0xFF, kind]) + (len(one) + 2).to_bytes(2) + one for kind, one in segments),
            *(scan, b"\xff\xd9"),
        ]
    )


def as_capture(dataset: Dataset) -> Dataset:
    """Return the image as a capture of a screen."""
    dataset.SOPClassUID, dataset.Modality = SecondaryCaptureImageStorage, "OT"
    return dataset


def planted(picture: np.ndarray, value: int = 255) -> tuple[np.ndarray, np.ndarray]:
    """Return the picture with a name at the top, and where its letters are."""
    written = picture.copy()
    mask = plant(written, letters(NAME, STROKES, 14, 0), 12, 6, (value,) * 3)
    return written, mask


def thick_letters(text: str, size: int) -> np.ndarray:
    """Return how much of each pixel a line in Pillow's own font covers, 0 to 255."""
    font = ImageFont.load_default(size)
    left, top, right, bottom = (round(side) for side in font.getbbox(text))
    image = Image.new("L", (right - left, bottom - top))
    ImageDraw.Draw(image).text((-left, -top), text, 255, font)
    return np.asarray(image)


def run(path: Path, target: Path, context: Context) -> Dataset:
    return pydicom.dcmread(pseudonymize_file(path, target, context).path)


def codes_of(dataset: Dataset) -> set[str]:
    return {item.CodeValue for item in dataset.DeidentificationMethodCodeSequence}


class Blind:
    """A detector that must not be asked."""

    def boxes(self, image: np.ndarray) -> tuple[Box, ...]:
        raise AssertionError("Nobody asked to look.")
