"""Compressed frames with planted words, and files that hold them."""

from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, encapsulate_extended
from pydicom.uid import CTImageStorage, SecondaryCaptureImageStorage

PLANTED = b"Zwirbelmayr^Hans"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_2000_LOSSLESS = "1.2.840.10008.1.2.4.90"


def picture(seed: int, is_color: bool) -> Image.Image:
    """A picture of 40 rows and 56 columns in which no two pixels need be alike."""
    shape = (5, 7, 3) if is_color else (5, 7)
    small = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    return Image.fromarray(small).resize((56, 40))


def jpeg_of(image: Image.Image, **options: object) -> bytes:
    """A JPEG with Exif, an ICC profile, a comment and bytes behind its end."""
    stream = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = PLANTED.decode()
    image.save(stream, "JPEG", exif=exif, icc_profile=PLANTED, comment=PLANTED, **options)
    return stream.getvalue() + PLANTED


def with_adobe(jpeg: bytes, transform: int) -> bytes:
    """Say in an Adobe segment, behind which words hide, how colors were transformed."""
    content = b"Adobe\0\x64\0\0\0\0" + bytes((transform,)) + PLANTED
    return jpeg[:2] + b"\xff\xee" + (len(content) + 2).to_bytes(2, "big") + content + jpeg[2:]


def without_segment(jpeg: bytes, marker: int) -> bytes:
    """Take the first segment with this marker out."""
    start = jpeg.index(bytes((0xFF, marker)))
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


def jpeg2000_of(image: Image.Image, is_file: bool = False, **options: object) -> bytes:
    """A codestream with a planted comment, or a JP2 file with a planted XML box as well."""
    stream = BytesIO()
    image.save(stream, "JPEG2000", no_jp2=not is_file, comment=PLANTED, **options)
    box = (len(PLANTED) + 8).to_bytes(4, "big") + b"xml " + PLANTED
    content = stream.getvalue()
    return content[:32] + box + content[32:] if is_file else content + PLANTED


def file_of(
    path: Path,
    frames: list[bytes],
    syntax: str,
    fragments: int = 1,
    is_extended: bool = False,
    is_color: bool | None = None,
) -> Path:
    """Write frames of 40 rows and 56 columns as a DICOM file."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    if is_color is None:
        is_color = Image.open(BytesIO(frames[0])).mode != "L"
    dataset.SOPClassUID = SecondaryCaptureImageStorage if is_color else CTImageStorage
    dataset.SOPInstanceUID, dataset.StudyInstanceUID = "1.2.3.1", "1.2.3.2"
    dataset.SeriesInstanceUID = "1.2.3.3"
    dataset.Rows, dataset.Columns = 40, 56
    dataset.SamplesPerPixel = 3 if is_color else 1
    dataset.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
    if is_color:
        dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    if len(frames) > 1:
        dataset.NumberOfFrames = len(frames)
    if is_extended:
        content, dataset.ExtendedOffsetTable, dataset.ExtendedOffsetTableLengths = (
            encapsulate_extended(frames)
        )
        dataset.PixelData = content
    else:
        dataset.PixelData = encapsulate(frames, fragments_per_frame=fragments)
    dataset["PixelData"].VR = "OB"
    dataset.save_as(path, enforce_file_format=True)
    return path
