"""Small real DICOM instances."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, MRImageStorage, generate_uid

CLASSES = {"CT": CTImageStorage, "MR": MRImageStorage}


@dataclass(frozen=True)
class Sample:
    """What a test cares about in an instance; the rest is filled in."""

    study_uid: str = field(default_factory=generate_uid)
    series_uid: str = field(default_factory=generate_uid)
    instance_uid: str = field(default_factory=generate_uid)
    patient_id: str = "HEART-1"
    patient_name: str = "HEART-1"
    study_date: str = "20200229"
    study_description: str = "Thorax"
    modality: str = "CT"
    study_id: str = ""
    accession_number: str = ""
    number: int = 1
    rows: int = 4
    columns: int = 6
    shade: int = 100


def dataset_of(sample: Sample) -> Dataset:
    """Return a complete instance whose pixels count up from its shade."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CLASSES[sample.modality]
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = sample.instance_uid
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = sample.study_uid, sample.series_uid
    dataset.PatientID, dataset.PatientName = sample.patient_id, sample.patient_name
    dataset.PatientBirthDate, dataset.PatientSex = "", "F"
    dataset.StudyDate, dataset.StudyTime = sample.study_date, "101500"
    dataset.StudyID, dataset.AccessionNumber = sample.study_id, sample.accession_number
    dataset.StudyDescription, dataset.Modality = sample.study_description, sample.modality
    dataset.SeriesNumber, dataset.InstanceNumber = 1, sample.number
    dataset.SeriesDescription = "Axial"
    _add_pixels(dataset, sample)
    return dataset


def _add_pixels(dataset: Dataset, sample: Sample) -> None:
    dataset.Rows, dataset.Columns = sample.rows, sample.columns
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelSpacing, dataset.ImageOrientationPatient = [0.5, 0.75], [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [0, 0, 2 * sample.number]
    pixels = np.arange(sample.rows * sample.columns, dtype="<u2") + sample.shade
    dataset.PixelData = pixels.tobytes()


def written(sample: Sample, folder: Path) -> tuple[Path, str]:
    """Write the sample and return its path and SHA-256."""
    path = folder / f"{sample.instance_uid}-{sample.shade}.dcm"
    dataset_of(sample).save_as(path, enforce_file_format=True)
    return path, hashlib.sha256(path.read_bytes()).hexdigest()
