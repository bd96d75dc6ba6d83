"""Colors as DICOM says them: CIELab, scaled to 16 bit."""

import colorsys
from collections.abc import Sequence

import numpy as np

# IEC 61966-2-1, sRGB to XYZ, adapted to the white of D50 that DICOM's PCS has (Bradford).
_TO_XYZ_D50 = np.array(
    [
        [0.4360747, 0.3850649, 0.1430804],
        [0.2225045, 0.7168786, 0.0606169],
        [0.0139322, 0.0971045, 0.7141733],
    ]
)
_WHITE_D50 = np.array([0.96422, 1.0, 0.82521])
_GOLDEN_RATIO = 0.6180339887498949


def encoded_cielab(color: Sequence[int]) -> list[int]:
    """Return an sRGB color (0 to 255) as Recommended Display CIELab Value.

    References
    ----------
    DICOM PS3.3 C.10.7.1.1, Encoding of CIELab Values.
    """
    given = np.asarray(color) / 255
    linear = np.where(given <= 0.04045, given / 12.92, ((given + 0.055) / 1.055) ** 2.4)
    ratio = _TO_XYZ_D50 @ linear / _WHITE_D50
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    lightness, a, b = 116 * y - 16, 500 * (x - y), 200 * (y - z)
    scaled = (lightness * 65535 / 100, (a + 128) * 65535 / 255, (b + 128) * 65535 / 255)
    return [int(np.clip(np.rint(value), 0, 65535)) for value in scaled]


def distinct_color(index: int) -> tuple[int, int, int]:
    """Return the color of the label at `index` (from 0): hues far apart, then other shades."""
    hue = (index * _GOLDEN_RATIO) % 1
    saturation, brightness = ((0.8, 0.95), (0.55, 1.0), (1.0, 0.7))[index // 8 % 3]
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, brightness)
    return round(red * 255), round(green * 255), round(blue * 255)
