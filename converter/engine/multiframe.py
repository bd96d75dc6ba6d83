"""What the multi-frame objects of volumes share: equipment, content, functional groups of all."""

from pydicom.dataset import Dataset

from converter.engine.geometry import Planes
from converter.engine.instances import IMPLEMENTATION_VERSION_NAME, decimal_string, decimal_strings
from converter.engine.options import Job
from converter.engine.uids import derive_uid

_UNKNOWN_DATE = "19000101"  # the standard wants a date, and no clock is read
_UNKNOWN_TIME = "000000"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """Return an item of a code sequence, PS3.3 8.8."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def item(**elements: object) -> Dataset:
    """Return a dataset of these elements."""
    made = Dataset()
    for keyword, value in elements.items():
        setattr(made, keyword, value)
    return made


def study_begin(dataset: Dataset) -> tuple[str, str]:
    """Return date and time of the study that an instance belongs to, where they are wanted."""
    return dataset.get("StudyDate") or _UNKNOWN_DATE, dataset.get("StudyTime") or _UNKNOWN_TIME


def add_content(dataset: Dataset, label: str) -> None:
    """Enhanced General Equipment, Content Identification and Multi-frame Functional Groups."""
    dataset.Manufacturer = IMPLEMENTATION_VERSION_NAME
    dataset.ManufacturerModelName = "Converter"
    dataset.DeviceSerialNumber = "0"
    dataset.SoftwareVersions = "1"
    dataset.ContentDate, dataset.ContentTime = study_begin(dataset)
    dataset.ContentLabel = label
    dataset.ContentDescription = ""
    dataset.ContentCreatorName = ""
    dataset.LossyImageCompression = "00"


def add_dimensions(dataset: Dataset, job: Job, pointers: list[tuple[int, int, str]]) -> None:
    """Multi-frame Dimension module; `pointers` are tags of attribute and functional group, name."""
    uid = derive_uid(job.series.uid_seed, "dimensions")
    dataset.DimensionOrganizationSequence = [item(DimensionOrganizationUID=uid)]
    dataset.DimensionIndexSequence = [
        item(
            DimensionOrganizationUID=uid,
            DimensionIndexPointer=pointer,
            FunctionalGroupPointer=group,
            DimensionDescriptionLabel=name,
        )
        for pointer, group, name in pointers
    ]


def plane_groups(planes: Planes) -> Dataset:
    """Return Pixel Measures and Plane Orientation, the same for every frame."""
    measures = item(
        PixelSpacing=decimal_strings(planes.pixel_spacing),
        SliceThickness=decimal_string(planes.slice_spacing),
        SpacingBetweenSlices=decimal_string(planes.slice_spacing),
    )
    orientation = item(ImageOrientationPatient=decimal_strings(planes.orientation))
    return item(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[orientation])
