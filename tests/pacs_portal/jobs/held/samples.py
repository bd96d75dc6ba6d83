"""What a step has held: small images, a finding, and where a steward looks at them."""

from pathlib import Path

import numpy as np
from django.urls import reverse
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from pacs_portal.jobs.models import HeldFile

PLACE, FINDING = "(0028,3010) [1] (0028,1055)", "zwirbelmayr"
# Unequal sides, and every pixel another value: a swapped axis shows.
GRADIENT = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20


def write_dicom(path: Path, pixels: np.ndarray, **attributes: object) -> Path:
    """Write pixels of shape ([frames,] rows, columns[, 3]) as they are."""
    is_color = pixels.ndim == 3 and pixels.shape[-1] == 3
    *frames, rows, columns = pixels.shape[:-1] if is_color else pixels.shape
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "2.25.1"
    made.Rows, made.Columns = rows, columns
    made.SamplesPerPixel = 3 if is_color else 1
    made.PhotometricInterpretation = "RGB" if is_color else "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 8 * pixels.itemsize
    made.HighBit = made.BitsStored - 1
    made.PixelRepresentation = int(pixels.dtype.kind == "i")
    if is_color:
        made.PlanarConfiguration = 0
    if frames:
        made.NumberOfFrames = frames[0]
    made.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for name, value in attributes.items():
        setattr(made, name, value)
    made.save_as(path, enforce_file_format=True)
    return path


def address(name: str, held: HeldFile) -> str:
    return reverse(name, args=[held.receipt.job.project.key, held.pk])
