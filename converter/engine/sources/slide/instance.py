"""A level of a slide as VL Whole Slide Microscopy Image, without its frames."""

from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import VLWholeSlideMicroscopyImageStorage

from converter.engine.instances import (
    ObjectClass,
    decimal_string,
    decimal_strings,
    new_instance,
    number_instance,
)
from converter.engine.multiframe import code, study_begin
from converter.engine.options import Job
from converter.engine.sources.icc import color_only
from converter.engine.sources.slide.coding import Coding, Matrix
from converter.engine.sources.slide.optical_paths import add_optical_paths
from converter.engine.sources.slide.optics import Optics
from converter.engine.uids import derive_uid

UNKNOWN_SPACING_MM = 0.001
"""Stands where a source does not say how large its pixels are; the standard wants a number."""
MODALITY = "SM"
_THICKNESS_MM = 0.001
_GLASS_SLIDE = ("433466003", "SCT", "Microscope slide")


@dataclass(frozen=True)
class SlideFacts:
    """What all images of a slide share.

    `has_padded_levels`: each level is half as fine as another, whatever its size says.
    """

    spacing_mm: tuple[float, float]  # of the finest level: between rows, then between columns
    magnification: float
    icc_profile: bytes
    manufacturer: str
    optics: Optics = field(default_factory=Optics)
    has_padded_levels: bool = False


@dataclass(frozen=True)
class LevelFacts:
    """What is an image's own: its place among the levels (0 is the finest), its size and coding.

    `lossy_ratio` is by how much its frames are smaller than their pixels.
    """

    index: int
    matrix: Matrix
    coding: Coding
    shrunk: tuple[float, float] = (1.0, 1.0)  # rows and columns, against the finest level
    lossy_ratio: float = 0.0
    is_overview: bool = False


def new_level(job: Job, slide: SlideFacts, level: LevelFacts) -> Dataset:
    """Make the image of a level.

    References
    ----------
    DICOM PS3.3 A.32.8, C.8.12.4, C.8.12.5, C.7.6.16, C.7.6.17, C.7.6.22.
    """
    kind = ObjectClass(
        VLWholeSlideMicroscopyImageStorage, MODALITY, level.coding.transfer_syntax_uid
    )
    dataset = new_instance(job, kind)
    del dataset.Laterality  # of a specimen, not of a patient's side
    number_instance(dataset, job, level.index)
    spacing = tuple(mm * times for mm, times in zip(slide.spacing_mm, level.shrunk, strict=True))
    _add_equipment(dataset, slide)
    _add_image(dataset, level)
    _add_pixels(dataset, level)
    _add_matrix(dataset, level.matrix, spacing, slide.optics)
    _add_groups(dataset, spacing, slide.optics)
    _add_organization(dataset, job)
    profile = slide.icc_profile if level.coding.samples == 3 else b""
    add_optical_paths(dataset, slide.optics.paths, slide.magnification, profile)
    _add_specimen(dataset, job)
    return dataset


def _add_equipment(dataset: Dataset, slide: SlideFacts) -> None:
    dataset.Manufacturer = slide.manufacturer or "Unknown"
    dataset.ManufacturerModelName = "Unknown"
    dataset.DeviceSerialNumber = "Unknown"
    dataset.SoftwareVersions = "Unknown"


def _add_image(dataset: Dataset, level: LevelFacts) -> None:
    """General Image, Multi-frame and Whole Slide Microscopy Image modules."""
    dataset.ContentDate, dataset.ContentTime = study_begin(dataset)
    dataset.AcquisitionDateTime = f"{dataset.ContentDate}{dataset.ContentTime}"
    dataset.ImageType = list(_image_type(level))
    dataset.PatientOrientation = None
    dataset.AcquisitionContextSequence = []
    dataset.VolumetricProperties = "VOLUME"
    # Of tissue no name can be read; the picture of a whole slide may show its label.
    dataset.BurnedInAnnotation = "YES" if level.is_overview else "NO"
    dataset.SpecimenLabelInImage = "YES" if level.is_overview else "NO"
    dataset.FocusMethod = "AUTO"
    dataset.ExtendedDepthOfField = "NO"
    dataset.LossyImageCompression = "01" if level.coding.lossy_method else "00"
    if level.coding.lossy_method:
        dataset.LossyImageCompressionRatio = decimal_string(round(level.lossy_ratio, 3))
        dataset.LossyImageCompressionMethod = level.coding.lossy_method


def _image_type(level: LevelFacts) -> tuple[str, ...]:
    if level.is_overview:
        return "ORIGINAL", "PRIMARY", "OVERVIEW", "NONE"
    if level.index:
        return "DERIVED", "PRIMARY", "VOLUME", "RESAMPLED"
    return "ORIGINAL", "PRIMARY", "VOLUME", "NONE"


def _add_pixels(dataset: Dataset, level: LevelFacts) -> None:
    """Image Pixel module; the frames are written later."""
    dataset.SamplesPerPixel = level.coding.samples
    dataset.PhotometricInterpretation = level.coding.photometric_interpretation
    if level.coding.samples == 3:
        dataset.PlanarConfiguration = 0
    dataset.Rows, dataset.Columns = level.matrix.tile_rows, level.matrix.tile_columns
    dataset.BitsAllocated = 8 * level.coding.sample_bytes
    dataset.BitsStored, dataset.HighBit = level.coding.bits, level.coding.bits - 1
    dataset.PixelRepresentation = 0
    if level.coding.samples == 1:
        dataset.PresentationLUTShape = "IDENTITY"
        dataset.RescaleIntercept, dataset.RescaleSlope = "0", "1"


def _add_matrix(
    dataset: Dataset, matrix: Matrix, spacing_mm: tuple[float, ...], optics: Optics
) -> None:
    dataset.NumberOfFrames = matrix.tile_count * optics.plane_count
    dataset.TotalPixelMatrixColumns = matrix.columns
    dataset.TotalPixelMatrixRows = matrix.rows
    dataset.TotalPixelMatrixFocalPlanes = optics.focal_planes
    dataset.ImagedVolumeHeight = matrix.rows * spacing_mm[0]
    dataset.ImagedVolumeWidth = matrix.columns * spacing_mm[1]
    depth_mm = (optics.focal_planes - 1) * optics.focal_mm + _THICKNESS_MM
    dataset.ImagedVolumeDepth = depth_mm * 1000  # in µm, unlike height and width
    # Nobody said how the picture lies on the glass; so viewers show it as the source does.
    dataset.ImageOrientationSlide = ["0", "1", "0", "1", "0", "0"]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = "0"
    origin.YOffsetInSlideCoordinateSystem = "0"
    dataset.TotalPixelMatrixOriginSequence = [origin]


def _add_groups(dataset: Dataset, spacing_mm: tuple[float, ...], optics: Optics) -> None:
    """Multi-frame Functional Groups module; plane and path of a frame follow from its number."""
    measures, frame_type, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = decimal_strings(spacing_mm)
    measures.SliceThickness = decimal_string(_THICKNESS_MM)
    if optics.focal_planes > 1:
        measures.SpacingBetweenSlices = decimal_string(optics.focal_mm)
    frame_type.FrameType = dataset.ImageType
    shared.PixelMeasuresSequence = [measures]
    shared.WholeSlideMicroscopyImageFrameTypeSequence = [frame_type]
    if len(optics.paths) == 1:
        path = Dataset()
        path.OpticalPathIdentifier = "1"
        shared.OpticalPathIdentificationSequence = [path]
    dataset.SharedFunctionalGroupsSequence = [shared]


def _add_organization(dataset: Dataset, job: Job) -> None:
    """Frame of Reference and Multi-frame Dimension modules; all levels share one frame."""
    dataset.FrameOfReferenceUID = derive_uid(job.series.uid_seed, "frame of reference")
    dataset.PositionReferenceIndicator = "SLIDE_CORNER"
    organization = Dataset()
    organization.DimensionOrganizationUID = derive_uid(job.series.uid_seed, "dimensions")
    dataset.DimensionOrganizationSequence = [organization]
    dataset.DimensionOrganizationType = "TILED_FULL"


def _add_specimen(dataset: Dataset, job: Job) -> None:
    """Specimen module: one slide with one specimen, both named after the study's own UIDs."""
    specimen = Dataset()
    specimen.SpecimenUID = derive_uid(job.series.uid_seed, "specimen")
    specimen.SpecimenIdentifier = "1"
    specimen.IssuerOfTheSpecimenIdentifierSequence = []
    specimen.SpecimenPreparationSequence = []
    dataset.ContainerIdentifier = "1"
    dataset.IssuerOfTheContainerIdentifierSequence = []
    dataset.ContainerTypeCodeSequence = [code(*_GLASS_SLIDE)]
    dataset.SpecimenDescriptionSequence = [specimen]


def color_profile(found: bytes) -> bytes:
    """Return a source's profile reduced to its colors, or that of sRGB."""
    from converter.engine.sources.slide.srgb import SRGB

    profile = (color_only(found) if found else None) or SRGB
    return profile + bytes(len(profile) % 2)
