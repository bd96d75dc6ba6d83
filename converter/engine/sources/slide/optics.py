"""The optical paths of a slide: what lit the tissue, one path for each channel."""

from dataclasses import dataclass

Code = tuple[str, str, str]
BRIGHTFIELD: Code = ("111744", "DCM", "Brightfield illumination")
EPIFLUORESCENCE: Code = ("111743", "DCM", "Epifluorescence illumination")
ILLUMINATION: dict[str, Code] = {
    "Brightfield": BRIGHTFIELD,
    "Transmitted": ("111741", "DCM", "Transmission illumination"),
    "Fluorescence": EPIFLUORESCENCE,
    "Epifluorescence": EPIFLUORESCENCE,
    "Phase": ("111747", "DCM", "Phase contrast illumination"),
    "DIC": ("111748", "DCM", "Differential interference contrast"),
    "Darkfield": ("111745", "DCM", "Darkfield illumination"),
    "ObliqueIllumination": ("111746", "DCM", "Oblique illumination"),
    "Oblique": ("111746", "DCM", "Oblique illumination"),
}
"""How OME calls what CID 8123 has codes for: its contrast methods and types of illumination."""
_LONGEST_NAME = 64


@dataclass(frozen=True)
class OpticalPath:
    """A channel: what people call it, "" if nobody said, and the light that it was lit with."""

    description: str = ""
    illumination: Code = BRIGHTFIELD
    wavelength_nm: float = 0.0  # 0 where it is not told


@dataclass(frozen=True)
class Optics:
    """All optical paths of a slide, each with the same focal planes, `focal_mm` apart."""

    paths: tuple[OpticalPath, ...] = (OpticalPath(),)
    focal_planes: int = 1
    focal_mm: float = 0.0

    @property
    def plane_count(self) -> int:
        return len(self.paths) * self.focal_planes


def one_line(name: str) -> str:
    """Return what people call a channel, short and printable."""
    return "".join(one for one in name if one.isprintable()).strip()[:_LONGEST_NAME]
