"""The DICOM image that a picture becomes: a photograph, or a Secondary Capture."""

import io
from dataclasses import replace
from functools import lru_cache

from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage, VLPhotographicImageStorage

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.instances import (
    ObjectClass,
    decimal_string,
    decimal_strings,
    instance_uid,
    new_instance,
    number_instance,
)
from converter.engine.options import Job, Options
from converter.engine.output import PixelFile
from converter.engine.sources.icc import color_only
from converter.engine.sources.raster import GrayScale, Picture
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil

_INSTANCE_NUMBER, _LOSSY_RATIO = 0x00200013, 0x00282112
_PHOTOGRAPH_MODALITY = "XC"


def make_instance(
    job: Job, picture: Picture, looks_photographed: bool = False, index: int = 0
) -> tuple[Dataset, PixelFile]:
    """Make the DICOM image of a picture.

    Parameters
    ----------
    job : Job
        Attributes, series and options.
    picture : Picture
        The pixels and what is known about them.
    looks_photographed : bool
        Whether the source names a camera; counts where the options do not decide.
    index : int
        Which picture of its source it is, from 0.

    Returns
    -------
    tuple of (Dataset, PixelFile)
        A VL Photographic Image or a Secondary Capture Image, and its Pixel Data, not copied.

    References
    ----------
    DICOM PS3.3 A.8.1, A.32.4, C.7.6.1, C.7.6.3, C.8.6.1, C.8.12.1, C.11.15.
    """
    is_photograph = _is_photograph(job.options, looks_photographed)
    if is_photograph and picture.bits != 8:
        raise ConversionError(
            _(
                "A photograph has 8 bits per sample in DICOM, and this image has more. "
                "Convert it as Secondary Capture."
            ),
            "unsupported",
        )
    dataset = _header(job, picture, is_photograph)
    number_instance(dataset, job, index)
    return dataset, PixelFile(io.BytesIO(picture.data), "OB" if picture.bits <= 8 else "OW")


def make_encoded(job: Job, picture: Picture, looks_photographed: bool) -> tuple[str, str, bytes]:
    """Make the header of a picture with loss, encoded up to its pixels, whatever its `data`.

    Returns
    -------
    tuple of (str, str, bytes)
        SOP Instance UID, SOP Class UID and header. Pictures that differ in their numbers alone
        share the work.
    """
    uid = instance_uid(job, 0)
    sop_class_uid, stencil = _stencil(
        replace(job, series=replace(job.series, uid_seed=b"", first_instance_number=1)),
        replace(picture, data=b"", lossy_ratio=1.0),
        _is_photograph(job.options, looks_photographed),
    )
    values = {
        SOP_INSTANCE_UID: uid,
        _INSTANCE_NUMBER: str(job.series.first_instance_number),
        _LOSSY_RATIO: _ratio_text(picture.lossy_ratio),
    }
    return uid, sop_class_uid, stencil.filled(values)


@lru_cache(maxsize=16)
def _stencil(job: Job, picture: Picture, is_photograph: bool) -> tuple[str, Stencil]:
    dataset = _header(job, picture, is_photograph)
    number_instance(dataset, job, 0)
    return str(dataset.SOPClassUID), Stencil.of(dataset, (_INSTANCE_NUMBER, _LOSSY_RATIO))


def _header(job: Job, picture: Picture, is_photograph: bool) -> Dataset:
    """Make a dataset without its numbers and its pixels."""
    dataset = new_instance(job, _object_class(job.options, picture, is_photograph))
    if is_photograph:
        dataset.AcquisitionContextSequence = []
        if job.options.no_faces:
            dataset.RecognizableVisualFeatures = "NO"
    else:
        dataset.ConversionType = "WSD"
    add_image(dataset, picture, is_photograph)
    add_pixel_format(dataset, picture)
    return dataset


def _is_photograph(options: Options, looks_photographed: bool) -> bool:
    if options.photograph is None:
        return looks_photographed and options.modality in ("", _PHOTOGRAPH_MODALITY)
    if options.photograph and options.modality not in ("", _PHOTOGRAPH_MODALITY):
        raise ConversionError(
            _("A photograph has the modality XC. Choose XC, or convert it as Secondary Capture."),
            "unsupported",
        )
    return options.photograph


def _object_class(options: Options, picture: Picture, is_photograph: bool) -> ObjectClass:
    sop_class_uid = VLPhotographicImageStorage if is_photograph else SecondaryCaptureImageStorage
    modality = _PHOTOGRAPH_MODALITY if is_photograph else options.modality or "OT"
    return ObjectClass(sop_class_uid, modality, picture.transfer_syntax_uid)


def add_image(dataset: Dataset, picture: Picture, is_photograph: bool) -> None:
    """General Image, VL Image and ICC Profile modules."""
    origin = "DERIVED" if picture.derivation else "ORIGINAL"
    dataset.ImageType = [origin, "PRIMARY" if is_photograph else "SECONDARY"]
    dataset.PatientOrientation = None
    if picture.derivation:
        dataset.DerivationDescription = " ".join(picture.derivation)
    dataset.LossyImageCompression = "01" if picture.lossy_ratio else "00"
    if picture.lossy_ratio:
        dataset.LossyImageCompressionRatio = _ratio_text(picture.lossy_ratio)
        if picture.lossy_method:
            dataset.LossyImageCompressionMethod = picture.lossy_method
    if picture.spacing_mm and not is_photograph:
        dataset.NominalScannedPixelSpacing = decimal_strings(picture.spacing_mm)
    profile = color_only(picture.icc_profile) if picture.icc_profile else None
    if profile and picture.photometric_interpretation != "MONOCHROME2":
        dataset.ICCProfile = profile


def _ratio_text(ratio: float) -> str:
    return decimal_string(round(ratio, 3))


def add_pixel_format(dataset: Dataset, picture: Picture) -> None:
    """Image Pixel module, without the pixels."""
    is_gray = picture.photometric_interpretation == "MONOCHROME2"
    dataset.SamplesPerPixel = 1 if is_gray else 3
    dataset.PhotometricInterpretation = picture.photometric_interpretation
    if not is_gray:
        dataset.PlanarConfiguration = 0
    dataset.Rows = picture.rows
    dataset.Columns = picture.columns
    dataset.BitsAllocated = picture.bits_allocated
    dataset.BitsStored = picture.bits
    dataset.HighBit = picture.bits - 1
    dataset.PixelRepresentation = 0
    if picture.gray_scale:
        _add_gray_scale(dataset, picture.gray_scale)


def _add_gray_scale(dataset: Dataset, scale: GrayScale) -> None:
    """Modality LUT module, and the value of pixels without a number."""
    dataset.PixelRepresentation = int(scale.is_signed)
    dataset.RescaleIntercept, dataset.RescaleSlope = scale.intercept, scale.slope
    dataset.RescaleType = "US"
    if scale.padding is not None:
        dataset.PixelPaddingValue = scale.padding
