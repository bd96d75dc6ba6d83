"""Makes the images of the benchmark: python -m tests.bench.images FOLDER COUNT."""

import sys
from pathlib import Path

from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID

ROWS = COLUMNS = 512
SLICES_PER_SERIES = 125
SERIES_PER_PATIENT = 4


def make_images(folder: Path, count: int) -> None:
    """Write `count` CT instances of 0.5 MB, in series and patients, below `folder`."""
    dataset = dcmread(get_testdata_file("CT_small.dcm"))
    small = dataset.pixel_array.tobytes()
    dataset.Rows, dataset.Columns = ROWS, COLUMNS
    dataset.PixelData = small * (ROWS * COLUMNS * 2 // len(small))
    for number in range(count):
        path = _name_instance(dataset, folder, number)
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path)


def _name_instance(dataset: Dataset, folder: Path, number: int) -> Path:
    """Give the dataset the identifiers of slice `number` and return where it belongs."""
    series, slice_number = divmod(number, SLICES_PER_SERIES)
    patient = series // SERIES_PER_PATIENT
    dataset.PatientID, dataset.PatientName = f"BENCH-{patient:04}", f"Bench^Number{patient}"
    dataset.StudyInstanceUID = UID(f"1.2.3.{patient + 1}")
    dataset.SeriesInstanceUID = UID(f"1.2.3.{patient + 1}.{series + 1}")
    uid = UID(f"{dataset.SeriesInstanceUID}.{slice_number + 1}")
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = uid
    dataset.InstanceNumber = slice_number + 1
    return folder / f"patient{patient:04}" / f"series{series:04}" / f"{slice_number:04}.dcm"


if __name__ == "__main__":
    make_images(Path(sys.argv[1]), int(sys.argv[2]))
