"""The MR, CT or PET instance of one slice."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    CTImageStorage,
    MRImageStorage,
    PositronEmissionTomographyImageStorage,
)

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.geometry import Planes
from converter.engine.instances import (
    ObjectClass,
    decimal_string,
    decimal_strings,
    new_instance,
)
from converter.engine.options import Job
from converter.engine.sources.bids import Sidecar
from converter.engine.sources.nifti_pet import add_pet, pet_values
from converter.engine.sources.nifti_scaling import Storage
from converter.engine.uids import derive_uid

WIDEST_WINDOW = 1e9  # beyond, validators and viewers count in 32 bit integers and go wrong


_ACQUISITION_NUMBER, _INSTANCE_NUMBER = 0x00200012, 0x00200013
_IMAGE_POSITION, _TEMPORAL_POSITION = 0x00200032, 0x00200100
_CLASSES = {
    "MR": MRImageStorage,
    "CT": CTImageStorage,
    "PT": PositronEmissionTomographyImageStorage,
}


@dataclass(frozen=True)
class Times:
    """How many volumes follow each other, and how far apart where that is known."""

    volumes: int
    interval_ms: float | None


@dataclass(frozen=True)
class SliceInfo:
    """What all slices of a series share; `slices` is their number in one volume."""

    rows: int
    columns: int
    slices: int
    planes: Planes
    storage: Storage
    times: Times
    sidecar: Sidecar
    notes: tuple[str, ...] = ()

    @cached_property
    def positions(self) -> list[str]:
        """The Image Position (Patient) of each slice of a volume, as DICOM writes it."""
        return position_texts(self.planes, self.slices)


def new_slice(job: Job, info: SliceInfo) -> Dataset:
    """Make the instance of a volume's slices, still without number, position and pixels.

    Parameters
    ----------
    job : Job
        Attributes, series and options; modality MR, CT or PT, when empty as the sidecar says,
        else MR.
    info : SliceInfo
        Size, place, storage and times of the slices.

    Returns
    -------
    Dataset
        An MR Image, a CT Image or a PET Image.

    Raises
    ------
    ConversionError
        Code "unsupported", for another modality.

    References
    ----------
    DICOM PS3.3 A.3, A.4, A.21, C.7.4.1, C.7.6.2, C.7.6.3, C.8.2.1, C.8.3.1.
    """
    modality = modality_of(job, info.sidecar)
    dataset = new_instance(job, ObjectClass(slice_class(modality), modality))
    dataset.DerivationDescription = " ".join((*info.notes, *info.storage.notes))
    if modality == "MR":
        _add_mr(dataset, info.sidecar)
    elif modality == "CT":
        _add_ct(dataset)
    else:
        add_pet(dataset, info.times.volumes, info.slices, info.sidecar.pet)
    if modality != "PT":
        _add_times(dataset, info.times)
    add_plane(dataset, job, info.planes)
    if modality == "PT":
        del dataset.PatientPosition  # the orientation to the gantry stands in its place
    _add_pixel_format(dataset, info)
    _add_rescale(dataset, info.storage)
    _add_window(dataset, info.storage)
    return dataset


def modality_of(job: Job, sidecar: Sidecar) -> str:
    """Return the modality of the slices of a volume.

    Raises
    ------
    ConversionError
        Code "unsupported", for one that no slice of a volume has.
    """
    modality = job.options.modality or sidecar.modality or "MR"
    if not slice_class(modality):
        raise ConversionError(
            _("A NIfTI volume can become MR, CT or PT. Choose one of them."), "unsupported"
        )
    return modality


def slice_class(modality: str) -> str:
    """Return the SOP class of the slices of a volume, "" if none has this modality."""
    return _CLASSES.get(modality or "MR", "")


def position_texts(planes: Planes, slices: int) -> list[str]:
    """Return the Image Position (Patient) of each slice as DICOM writes it."""
    places = (planes.position(place) for place in range(slices))
    return ["\\".join(decimal_strings(place)) for place in places]


def slice_values(job: Job, index: int, info: SliceInfo) -> dict[int, str | bytes]:
    """Return the values, by tag, that tell the slice at `index` from the others; not its UID."""
    volume, place = divmod(index, info.slices)
    values: dict[int, str | bytes] = {
        _INSTANCE_NUMBER: str(job.series.first_instance_number + index),
        _IMAGE_POSITION: info.positions[place],
    }
    if modality_of(job, info.sidecar) == "PT":
        values |= pet_values(index, volume, info.times.interval_ms, info.sidecar.pet)
    elif info.times.volumes > 1:
        values[_ACQUISITION_NUMBER] = values[_TEMPORAL_POSITION] = str(volume + 1)
    return values


def _add_mr(dataset: Dataset, sidecar: Sidecar) -> None:
    """MR Image module; how the source was acquired only a sidecar knows."""
    dataset.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
    dataset.ScanningSequence = "RM"
    dataset.SequenceVariant = "NONE"
    dataset.ScanOptions = None
    dataset.MRAcquisitionType = None
    dataset.RepetitionTime = None
    dataset.EchoTime = None
    dataset.EchoTrainLength = None
    for keyword, value in sidecar.mr.items():
        setattr(dataset, keyword, value)


def _add_ct(dataset: Dataset) -> None:
    """CT Image module; voxels of a CT in NIfTI are Hounsfield units by convention."""
    dataset.ImageType = ["DERIVED", "SECONDARY", "AXIAL"]
    dataset.AcquisitionNumber = None
    dataset.KVP = None
    dataset.RescaleType = "HU"


def _add_times(dataset: Dataset, times: Times) -> None:
    """Say that several volumes follow each other in time.

    These are attributes of the MR Image module; a CT Image carries them beyond its module, as
    viewers sort by them. The interval is the repetition time by the convention of NIfTI (BIDS).
    """
    if times.volumes == 1:
        return
    dataset.NumberOfTemporalPositions = times.volumes
    if times.interval_ms is not None:
        dataset.TemporalResolution = decimal_string(times.interval_ms)
        if dataset.Modality == "MR" and not dataset.RepetitionTime:
            dataset.RepetitionTime = dataset.TemporalResolution


def add_plane(dataset: Dataset, job: Job, planes: Planes) -> None:
    """Frame of Reference and Image Plane modules."""
    dataset.FrameOfReferenceUID = derive_uid(job.series.uid_seed, "frame of reference")
    dataset.PositionReferenceIndicator = ""
    dataset.PatientPosition = None
    dataset.PixelSpacing = decimal_strings(planes.pixel_spacing)
    dataset.ImageOrientationPatient = decimal_strings(planes.orientation)
    dataset.SliceThickness = decimal_string(planes.slice_spacing)
    dataset.SpacingBetweenSlices = decimal_string(planes.slice_spacing)


def _add_pixel_format(dataset: Dataset, info: SliceInfo) -> None:
    is_signed = info.storage.dtype.kind == "i"
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = info.rows
    dataset.Columns = info.columns
    dataset.BitsAllocated = 16
    dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = int(is_signed)
    if info.storage.padding is not None:
        dataset.PixelPaddingValue = info.storage.padding


def _add_rescale(dataset: Dataset, storage: Storage) -> None:
    """Modality LUT and Real World Value Mapping.

    An MR Image has no Modality LUT in the standard, but viewers and other converters read real
    values from it alone; so it is written where it changes the values, beside the mapping that
    the standard provides.
    """
    if dataset.Modality != "MR" or storage.is_rescaled:
        dataset.RescaleSlope = storage.rescale_slope
        dataset.RescaleIntercept = storage.rescale_intercept
    if dataset.Modality == "MR" and storage.is_rescaled:
        dataset.RealWorldValueMappingSequence = [_real_world_mapping(storage)]


def _real_world_mapping(storage: Storage) -> Dataset:
    """PS3.3 C.7.6.16.2.11.1, with the unit "no units" of UCUM."""
    vr = "SS" if storage.dtype.kind == "i" else "US"
    limits = np.iinfo(storage.dtype)
    first = int(limits.min) if storage.padding is None else storage.padding + 1
    item = Dataset()
    item.add_new("RealWorldValueFirstValueMapped", vr, first)
    item.add_new("RealWorldValueLastValueMapped", vr, int(limits.max))
    item.RealWorldValueIntercept = float(storage.rescale_intercept)
    item.RealWorldValueSlope = float(storage.rescale_slope)
    item.LUTExplanation = "Linear"
    item.LUTLabel = "Linear"
    unit = Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "1", "UCUM", "no units"
    item.MeasurementUnitsCodeSequence = [unit]
    return item


def _add_window(dataset: Dataset, storage: Storage) -> None:
    """One window for the whole volume: soft tissue for CT, nearly all values for MR.

    PS3.3 C.11.2. An MR has no scale of its own, so its window follows the values.
    """
    center, width = 40.0, 400.0
    if dataset.Modality != "CT":
        center = (storage.darkest + storage.brightest) / 2
        width = (storage.brightest - storage.darkest) or 1.0
    if width > WIDEST_WINDOW:
        return
    if width < 1:
        dataset.VOILUTFunction = "LINEAR_EXACT"  # LINEAR would subtract 1 from the width
    dataset.WindowCenter = decimal_string(center)
    dataset.WindowWidth = decimal_string(width)
