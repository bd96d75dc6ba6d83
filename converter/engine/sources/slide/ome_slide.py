"""What the description of an OME-TIFF says of a slide: its planes, channels and distances."""

from collections.abc import Sequence
from dataclasses import dataclass

from converter.engine.errors import ConversionError, damaged
from converter.engine.errors import gettext_noop as _
from converter.engine.sources.limits import LARGE_SIDE
from converter.engine.sources.ome import Attributes, OmeImage, length_mm, read_ome
from converter.engine.sources.slide import directories as tiff
from converter.engine.sources.slide.directories import Directory
from converter.engine.sources.slide.optics import (
    BRIGHTFIELD,
    EPIFLUORESCENCE,
    ILLUMINATION,
    Code,
    OpticalPath,
    Optics,
    one_line,
)

_LONGEST_XML = 1 << 25
_NM_OF_MM = 1e6
_UNKNOWN_FOCAL_MM = 0.001  # the standard wants a number, and nobody told one
_BESIDE_THE_SLIDE = ("label", "macro", "overview", "thumbnail")
_TOLD_OF_FLUORESCENCE = ("ExcitationWavelength", "EmissionWavelength", "Fluor")


@dataclass(frozen=True)
class OmeSlide:
    """The finest level of each plane, in the order in which DICOM wants them."""

    planes: tuple[Directory, ...]
    optics: Optics
    spacing_mm: tuple[float, float] | None


def ome_description(first: Directory) -> str | None:
    """Return the OME-XML that a file starts with; None where there is none."""
    xml = first.blob(tiff.IMAGE_DESCRIPTION, _LONGEST_XML).rstrip(b"\0 \r\n\t")
    if not xml.endswith(b"OME>"):
        return None
    try:
        return xml.decode()
    except UnicodeDecodeError:  # as older programs wrote it
        return xml.decode("cp1252", "replace")


def ome_slide(description: str, directories: Sequence[Directory]) -> OmeSlide | None:
    """Tell the planes of the first image; None where a slide of DICOM cannot hold them.

    Several pictures, each with levels but none of them large, are no slide either.

    Raises
    ------
    ConversionError
        Code "damaged" or "incomplete", see `read_ome`; "unsupported" for several slides.
    """
    images = read_ome(description)
    if not images:
        raise damaged()
    image, *others = images
    if image.size("T") > 1 or (image.samples > 1 and image.size("C") > 1):
        return None
    slides = [image, *(one for one in others if _is_slide(one, directories))]
    if len(slides) > 1:
        is_large = any(max(_first(one, directories).size) > LARGE_SIDE for one in slides)
        if is_large or len(slides) <= len(others):  # so that no label is among them
            raise ConversionError(
                _("This OME-TIFF holds several slides. Save each as a file of its own."),
                "unsupported",
            )
        return None
    channels = image.planes(len(directories))
    planes = tuple(directories[page] for (slices,) in channels for page in slices)
    told = image.attributes.get("SizeX"), image.attributes.get("SizeY")
    if any((str(plane.columns), str(plane.rows)) != told for plane in planes):
        raise damaged()
    if any(plane.number(tiff.SAMPLES_PER_PIXEL, 1) != image.samples for plane in planes):
        return None
    return OmeSlide(planes, _optics(image), image.spacing_mm)


def _is_slide(image: OmeImage, directories: Sequence[Directory]) -> bool:
    """Tell whether an image has levels and is none that scanners add: of the label, of it all."""
    if any(word in image.name.lower() for word in _BESIDE_THE_SLIDE):
        return False
    return bool(_first(image, directories).number(tiff.SUB_DIRECTORIES))


def _first(image: OmeImage, directories: Sequence[Directory]) -> Directory:
    return directories[image.planes(len(directories))[0][0][0]]


def _optics(image: OmeImage) -> Optics:
    count, told = image.size("C"), image.channels
    paths = tuple(
        _path(told[number] if number < len(told) else {}, is_usually_dark=count > 1)
        for number in range(count)
    )
    return Optics(paths, image.size("Z"), image.slice_mm or _UNKNOWN_FOCAL_MM)


def _path(channel: Attributes, *, is_usually_dark: bool) -> OpticalPath:
    wavelength_mm = length_mm(channel, "ExcitationWavelength", "nm")
    return OpticalPath(
        description=one_line(channel.get("Name", "")),
        illumination=_illumination(channel, is_usually_dark),
        wavelength_nm=round(wavelength_mm * _NM_OF_MM, 3) if wavelength_mm else 0.0,
    )


def _illumination(channel: Attributes, is_usually_dark: bool) -> Code:
    """Return what a channel says; else several channels, or one with a dye, are fluorescence."""
    for name in ("ContrastMethod", "IlluminationType"):
        if found := ILLUMINATION.get(channel.get(name, "")):
            return found
    is_dark = is_usually_dark or any(name in channel for name in _TOLD_OF_FLUORESCENCE)
    return EPIFLUORESCENCE if is_dark else BRIGHTFIELD
