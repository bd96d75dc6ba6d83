"""The two things that are asked of EXIF data; nothing of them is taken over."""

import struct

from PIL import Image

_CAMERA_TAGS = (0x010F, 0x0110)  # Make and Model
_ORIENTATION = 0x0112
_FAILURES = (
    EOFError,
    LookupError,
    OSError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)


def orientation(image: Image.Image) -> int:
    """Return the orientation, 1 to 8; a mark that cannot be read counts as 1."""
    try:
        mark = image.getexif().get(_ORIENTATION, 1)
    except _FAILURES:
        return 1
    return mark if mark in range(1, 9) else 1


def names_a_camera(image: Image.Image) -> bool:
    """Tell whether a camera is named; what cannot be read names none."""
    try:
        exif = image.getexif()
        return any(exif.get(tag) for tag in _CAMERA_TAGS)
    except _FAILURES:
        return False
