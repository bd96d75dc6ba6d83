"""Tell what becomes a slide before anything is converted."""

from pathlib import Path

from converter.engine.errors import ConversionError
from converter.engine.sources.slide.directories import TiffStructure
from converter.engine.sources.slide.layout import slide_layout

_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_slide(path: Path) -> bool:
    """Tell whether a file becomes images of a slide; what cannot be read is none."""
    try:
        with path.open("rb") as file:
            if file.read(4) not in _TIFF_STARTS:
                return False
            return slide_layout(TiffStructure(file.fileno())) is not None
    except (ConversionError, OSError):
        return False
