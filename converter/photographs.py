"""Which pictures are photographs: as a person said, else those whose file names a camera."""

from pathlib import Path

from converter.options import PHOTOGRAPH_MODALITY, ConvertOptions
from converter.places import Placed


def is_photograph(placed: Placed, options: ConvertOptions) -> bool:
    """Tell whether a picture is a photograph; looks into its file where nobody said so."""
    known = stated_photograph(placed, options)
    if known is not None:
        return known
    return names_a_camera(placed.source.file.path)


def stated_photograph(placed: Placed, options: ConvertOptions) -> bool | None:
    """Tell whether a picture is a photograph, None where only the file itself can say so."""
    if options.photograph is not None:
        return options.photograph
    if placed.modality:
        return placed.modality == PHOTOGRAPH_MODALITY
    return None if placed.source.file.kind == "jpeg" else False


def names_a_camera(path: Path) -> bool:
    """Tell whether the EXIF data of a JPEG name the camera; damaged ones name none."""
    from PIL import Image

    from converter.engine.sources import exif

    try:
        with Image.open(path, formats=["JPEG"]) as image:
            return exif.names_a_camera(image)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, Image.DecompressionBombError):
        return False
