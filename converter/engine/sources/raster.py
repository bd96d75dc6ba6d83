"""What pictures of every format share: limits, flattening, and the DICOM image they become."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache

from PIL import Image, ImageOps
from pydicom.dataset import Dataset
from pydicom.uid import (
    ExplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
    VLPhotographicImageStorage,
)

from converter.engine.errors import ConversionError, damaged, too_large, truncated
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
from converter.engine.sources.icc import color_only
from converter.engine.sources.limits import LARGEST_SIDE
from converter.engine.stencil import SOP_INSTANCE_UID, Stencil

_LARGEST_VALUE = 2**32 - 2  # the length of Pixel Data is an even unsigned 32 bit number
_ORIENTATION = 0x0112
_INSTANCE_NUMBER, _LOSSY_RATIO = 0x00200013, 0x00282112
_PHOTOGRAPH_MODALITY = "XC"
ON_WHITE = "Transparent parts were laid on white."
UPRIGHT = "Turned upright as the camera's orientation mark said."
FROM_CMYK = "Converted from CMYK to RGB."


@dataclass(frozen=True)
class GrayScale:
    """What stored gray values mean: value = stored * slope + intercept, both as DS text."""

    slope: str
    intercept: str
    is_signed: bool
    padding: int | None


@dataclass(frozen=True)
class Picture:
    """A picture ready for the Image Pixel module.

    `data` is the value of Pixel Data: little endian, color by pixel, or one encapsulated frame.
    `derivation` says what was done to the pixels; `lossy_ratio` is 0 where no loss is known;
    `lossy_method` stays empty where DICOM has no term for it. `spacing_mm` is that between rows,
    then between columns, of what was scanned.
    """

    rows: int
    columns: int
    photometric_interpretation: str
    bits: int
    data: bytes
    icc_profile: bytes | None = None
    derivation: tuple[str, ...] = ()
    lossy_ratio: float = 0.0
    lossy_method: str = ""
    transfer_syntax_uid: str = ExplicitVRLittleEndian
    spacing_mm: tuple[float, float] | None = None
    gray_scale: GrayScale | None = None

    @property
    def bits_allocated(self) -> int:
        return 8 if self.bits <= 8 else 16


def check_size(columns: int, rows: int, bytes_per_pixel: int, options: Options) -> None:
    """Refuse a picture by what its header claims, before anything is decoded."""
    if columns < 1 or rows < 1:
        raise damaged()
    if columns * rows > options.max_pixels:
        raise too_large()
    if columns * rows * bytes_per_pixel > min(options.max_bytes, _LARGEST_VALUE):
        raise too_large()
    if max(columns, rows) > LARGEST_SIDE and options.photograph:
        raise too_long()


def too_long() -> ConversionError:
    return ConversionError(
        _(
            "A side of this image is longer than 65535 pixels, the most that DICOM "
            "can hold. Cut it into smaller images."
        ),
        "unsupported",
    )


@contextmanager
def pillow_errors() -> Iterator[None]:
    """Turn what Pillow raises for bad files into a `ConversionError`."""
    try:
        yield
    except (Image.DecompressionBombError, MemoryError):
        raise too_large() from None
    except OSError as error:
        if error.errno or getattr(error.__cause__, "errno", None):
            raise  # the system's own: a full disk is no damaged picture
        raise (truncated() if "truncated" in str(error) else damaged()) from None
    except (SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error, zlib.error):
        raise damaged() from None


def orientation(image: Image.Image) -> int:
    """Return the EXIF orientation, 1 to 8; a mark that cannot be read counts as 1."""
    try:
        mark = image.getexif().get(_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, struct.error):
        return 1
    return mark if mark in range(1, 9) else 1


def flatten(image: Image.Image, is_gray: bool | None = None) -> Picture:
    """Turn a picture of up to 8 bits per sample into gray or RGB, upright and without alpha.

    Parameters
    ----------
    image : Image
        In any mode of Pillow with 8 bits per sample or fewer; gray of 1, 2 and 4 bits comes
        spread over 0 to 255.
    is_gray : bool, optional
        Whether the result is gray, for the frames of one animation; else the image decides.

    Returns
    -------
    Picture
        8 bits per sample, MONOCHROME2 or RGB.
    """
    derivation = []
    profile = image.info.get("icc_profile")
    if orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
        derivation.append(UPRIGHT)
    is_gray = _is_gray(image) if is_gray is None else is_gray
    if image.has_transparency_data:
        image, is_changed = _on_white(image)
        derivation += [ON_WHITE] if is_changed else []
    if image.mode == "CMYK":
        derivation.append(FROM_CMYK)
        profile = None
    target_mode = "L" if is_gray else "RGB"
    if image.mode != target_mode:
        image = image.convert("RGB").getchannel(0) if is_gray else image.convert("RGB")
    return Picture(
        rows=image.height,
        columns=image.width,
        photometric_interpretation="MONOCHROME2" if is_gray else "RGB",
        bits=8,
        data=image.tobytes(),
        icc_profile=profile,
        derivation=tuple(derivation),
    )


def _is_gray(image: Image.Image) -> bool:
    if image.mode != "P":
        return image.mode in ("1", "L", "LA", "La")
    palette = image.getpalette("RGB") or []
    return palette[0::3] == palette[1::3] == palette[2::3]


def _on_white(image: Image.Image) -> tuple[Image.Image, bool]:
    """Lay an image with alpha on white; say whether anything was transparent."""
    image = image.convert("RGBA")
    lowest_alpha, _highest = image.getchannel("A").getextrema()
    if lowest_alpha == 255:
        return image, False
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image), True


def make_instance(
    job: Job, picture: Picture, looks_photographed: bool = False, index: int = 0
) -> Dataset:
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
    Dataset
        A VL Photographic Image or a Secondary Capture Image.

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
    dataset.PixelData = picture.data + b"\0" * (len(picture.data) % 2)
    is_bytes = picture.bits_allocated == 8 or picture.transfer_syntax_uid != ExplicitVRLittleEndian
    dataset["PixelData"].VR = "OB" if is_bytes else "OW"
    return dataset


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
