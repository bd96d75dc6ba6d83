"""The folder that the walk drops: real images with names planted wherever names hide."""

import io
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

import nibabel
import numpy as np
import pydicom
from nibabel.testing import data_path
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

SLICES = 6
FOLDER = "Quandtmeier_Hedwig_1956"
# Words that occur nowhere else: any of them in an answer, a name, a log or a column is a leak.
PLANTED = (
    "Quandtmeier",
    "Hedwig",
    "PX7730412",
    "Zwirnlechner",
    "Rubezahlklinik",
    "Ottokringel",
    "Fledermausgasse",
    "Plumpaquatsch",
    "Krawinkelhofer",
)


@dataclass(frozen=True)
class Drop:
    """What lies on the disk of the person who uploads."""

    folder: Path
    ct_pixels: tuple[np.ndarray, ...]  # rescaled to HU, by slice
    nifti: Path


def make_drop(target: Path) -> Drop:
    """Write the folder: a CT series, a second patient in a zip, a photograph, a volume, junk."""
    folder = target / FOLDER
    folder.mkdir(parents=True)
    ct_pixels = _write_ct_series(folder / "CT_Hedwig")
    _write_zip(folder / "Krawinkelhofer.zip")
    _write_escaping_zip(folder / "Plumpaquatsch.zip")
    _write_photograph(folder / "Fledermausgasse" / "Foto_Quandtmeier.jpg")
    nifti = folder / "Plumpaquatsch.nii"
    shutil.copy(Path(data_path) / "anatomical.nii", nifti)
    (folder / "leer.dcm").touch()
    (folder / "Notizen_Hedwig.txt").write_text("Hedwig Quandtmeier, PX7730412")
    return Drop(folder=folder, ct_pixels=ct_pixels, nifti=nifti)


def _write_ct_series(folder: Path) -> tuple[np.ndarray, ...]:
    folder.mkdir()
    pixels = []
    for index in range(SLICES):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        _plant(dataset, "Quandtmeier^Hedwig", "PX7730412")
        # Each slice is the real one, rolled: slices differ and every pixel value is known.
        array = np.roll(dataset.pixel_array, 20 * index, axis=1)
        dataset.PixelData = array.tobytes()
        dataset.InstanceNumber = index + 1
        dataset.SOPInstanceUID = f"{dataset.SOPInstanceUID}.{index + 1}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        x, y, _ = dataset.ImagePositionPatient
        dataset.ImagePositionPatient = [x, y, -70.0 + 5 * index]
        dataset.SliceLocation = -70.0 + 5 * index
        dataset.WindowCenter, dataset.WindowWidth = 40, 400
        dataset.save_as(folder / f"Hedwig_{index + 1}.dcm")
        pixels.append(array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept))
    return tuple(pixels)


def _plant(dataset: Dataset, name: str, patient_id: str) -> None:
    dataset.PatientName, dataset.PatientID = name, patient_id
    dataset.PatientBirthDate, dataset.PatientSex = "19560417", "F"
    dataset.OtherPatientIDs = patient_id
    dataset.ReferringPhysicianName = "Zwirnlechner^Ottokringel"
    dataset.InstitutionName = "Rubezahlklinik"
    dataset.PatientAddress = "Fledermausgasse 3"
    dataset.StudyDescription = "CT Thorax Quandtmeier"
    nested = Dataset()
    nested.PersonName = "Plumpaquatsch"
    nested.PatientName = name
    dataset.RequestAttributesSequence = [nested]
    block = dataset.private_block(0x0099, "RUBEZAHL", create=True)
    block.add_new(0x01, "LO", "Krawinkelhofer")
    dataset.PatientComments = "Ottokringel"


def _write_zip(path: Path) -> None:
    dataset = pydicom.dcmread(get_testdata_file("MR_small.dcm"))
    _plant(dataset, "Krawinkelhofer^Ottokringel", "PX7730999")
    content = io.BytesIO()
    dataset.save_as(content)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Krawinkelhofer/MR_Ottokringel.dcm", content.getvalue())


def _write_escaping_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../Plumpaquatsch.dcm", b"escape")


def _write_photograph(path: Path) -> None:
    path.parent.mkdir()
    gradient = np.zeros((120, 160, 3), np.uint8)
    gradient[..., 0] = np.linspace(0, 255, 160)
    gradient[..., 1] = np.linspace(0, 255, 120)[:, None]
    image = Image.fromarray(gradient)
    exif = image.getexif()
    exif[0x010F], exif[0x0110] = "Rubezahlklinik", "Zwirnlechner"
    exif[0x013B] = "Ottokringel"
    image.save(path, quality=90, exif=exif, comment=b"Hedwig Quandtmeier")


def nifti_voxels(path: Path) -> np.ndarray:
    """Return the stored voxels of the volume, shape (columns, rows, slices)."""
    return np.asanyarray(nibabel.load(path).dataobj)
