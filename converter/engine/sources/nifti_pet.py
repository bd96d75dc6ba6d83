"""What a PET Image has beside its slices: units, times of frames, decay, as far as BIDS tells."""

from pydicom.dataset import Dataset

from converter.engine.instances import decimal_string
from converter.engine.multiframe import study_begin
from converter.engine.sources.bids import Pet

_FRAME_REFERENCE_TIME, _ACTUAL_FRAME_DURATION = 0x00541300, 0x00181242
_IMAGE_INDEX, _DECAY_FACTOR = 0x00541330, 0x00541321
_MS_PER_SECOND = 1000
_PROPORTIONAL_TO_COUNTS = "PROPCNTS"


def add_pet(dataset: Dataset, volumes: int, slices: int, pet: Pet) -> None:
    """PET Series, PET Isotope and PET Image modules, but for what differs from slice to slice.

    References
    ----------
    DICOM PS3.3 C.8.4.6, C.8.9.1, C.8.9.2, C.8.9.4.
    """
    dataset.ImageType = ["DERIVED", "PRIMARY"]
    dataset.SeriesDate, dataset.SeriesTime = study_begin(dataset)
    dataset.AcquisitionDate = dataset.get("StudyDate", "")
    dataset.AcquisitionTime = dataset.get("StudyTime", "")
    dataset.Units = pet.units or _PROPORTIONAL_TO_COUNTS
    dataset.CountsSource = "EMISSION"
    dataset.SeriesType = ["DYNAMIC" if volumes > 1 else "STATIC", "IMAGE"]
    dataset.NumberOfSlices = slices
    if volumes > 1:
        dataset.NumberOfTimeSlices = volumes
    dataset.CollimatorType = None
    dataset.CorrectedImage = ["DECY"] if pet.decay_factors else None
    dataset.DecayCorrection = pet.decay_correction
    dataset.RadiopharmaceuticalInformationSequence = []
    dataset.PatientOrientationCodeSequence = []
    dataset.PatientGantryRelationshipCodeSequence = []


def pet_values(
    index: int, volume: int, interval_ms: float | None, pet: Pet
) -> dict[int, str | bytes]:
    """Return what differs: the number of the slice, and the times of its frame in ms."""
    start_ms = volume * (interval_ms or 0)
    duration_ms = interval_ms or 0
    if pet.starts:
        start_ms = pet.starts[volume] * _MS_PER_SECOND
        duration_ms = pet.durations[volume] * _MS_PER_SECOND
    values: dict[int, str | bytes] = {
        _FRAME_REFERENCE_TIME: decimal_string(start_ms + duration_ms / 2),
        _ACTUAL_FRAME_DURATION: str(round(duration_ms)),
        _IMAGE_INDEX: (index + 1 & 0xFFFF).to_bytes(2, "little"),
    }
    if pet.decay_factors:
        values[_DECAY_FACTOR] = decimal_string(pet.decay_factors[volume])
    return values
