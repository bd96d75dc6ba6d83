"""The description that ImageJ writes into a TIFF: channels, slices, times, and their distances."""

from tifffile import TiffFile, TiffPage

from converter.engine.errors import ConversionError, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.sources.ome import OmeImage

_NAMES = {"C": "channels", "Z": "slices", "T": "frames"}
_X_RESOLUTION, _Y_RESOLUTION = 282, 283
_UNITS = {"micron": "µm", "\\u00B5m": "µm", "inch": "in"}  # else as OME writes them
_TIME_UNITS = {
    "sec": "s",
    "seconds": "s",
    "msec": "ms",
    "minutes": "min",
    "hour": "h",
    "hours": "h",
}
_NO_COMPRESSION = 1


def read_imagej(file: TiffFile) -> OmeImage | None:
    """Read a stack of ImageJ in the terms of OME.

    Returns
    -------
    OmeImage or None
        None where the description tells nothing that the pages do not tell.
    """
    page = file.pages[0].aspage()
    told = _told(page)
    sizes = {axis: _count(told, name) for axis, name in _NAMES.items()}
    images = _count(told, "images")
    if images == 1 or sizes["C"] * sizes["Z"] * sizes["T"] != images:
        return None
    unit, time_unit = told.get("unit", ""), told.get("tunit", "s")
    attributes = {
        "DimensionOrder": "XYCZT",
        "SizeX": str(page.imagewidth),
        "SizeY": str(page.imagelength),
        "SizeC": str(sizes["C"] * page.samplesperpixel),
        "SizeZ": str(sizes["Z"]),
        "SizeT": str(sizes["T"]),
        "TimeIncrement": told.get("finterval", ""),
        "TimeIncrementUnit": _TIME_UNITS.get(time_unit, time_unit),
        "PhysicalSizeZ": told.get("spacing", ""),
        "PhysicalSizeX": _length(page, _X_RESOLUTION),
        "PhysicalSizeY": _length(page, _Y_RESOLUTION),
        **{f"PhysicalSize{axis}Unit": _UNITS.get(unit, unit) for axis in "XYZ"},
    }
    return OmeImage(attributes, samples=page.samplesperpixel)


def count_planes(file: TiffFile) -> int:
    """Return how many planes a stack of ImageJ has; those behind its only page count too.

    Raises
    ------
    ConversionError
        Code "truncated" where the file ends before; "unsupported" where they are compressed.
    """
    pages, told = len(file.pages), _count(_told(file.pages[0].aspage()), "images")
    if pages >= told:
        return pages
    page = file.pages[0].aspage()
    if pages > 1 or page.compression != _NO_COMPRESSION or not page.is_contiguous:
        raise ConversionError(
            _("The slices of this stack have no page each. Save it as TIFF with one page each."),
            "unsupported",
        )
    if page.dataoffsets[0] + told * page.nbytes > file.filehandle.size:
        raise truncated()
    return told


def _told(page: TiffPage) -> dict[str, str]:
    lines = (page.imagej_description or "").splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _count(told: dict[str, str], name: str) -> int:
    text = told.get(name, "1")
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 10 else 1


def _length(page: TiffPage, code: int) -> str:
    """Return the length of a pixel: the resolution is that many of them in a unit."""
    tag = page.tags.get(code)
    value = tag.value if tag else None
    if isinstance(value, tuple) and len(value) == 2 and value[0]:
        return repr(value[1] / value[0])
    return ""
