"""What pictures of every format share: their limits, and flattening to gray or RGB."""

import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from PIL import Image, ImageOps
from pydicom.uid import ExplicitVRLittleEndian

from converter.engine.errors import ConversionError, damaged, too_large, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Options
from converter.engine.sources.exif import orientation
from converter.engine.sources.limits import LARGEST_SIDE

_LARGEST_VALUE = 2**32 - 2  # the length of Pixel Data is an even unsigned 32 bit number
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

    Raises
    ------
    ConversionError
        Code "damaged", if a palette is missing.
    """
    if image.mode == "P" and image.palette is None:
        raise damaged()
    derivation = []
    profile = image.info.get("icc_profile")
    if orientation(image) != 1:
        image = ImageOps.exif_transpose(image)
        derivation.append(UPRIGHT)
    is_gray = shows_gray(image) if is_gray is None else is_gray
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


def flat_bands(image: Image.Image, rows: int) -> Iterator[Picture]:
    """Flatten a picture `rows` at a time; the bands together are what `flatten` makes of it."""
    turned: tuple[str, ...] = ()
    if orientation(image) != 1:
        image, turned = ImageOps.exif_transpose(image), (UPRIGHT,)
    is_gray = shows_gray(image)
    for top in range(0, image.height, rows):
        bottom = min(top + rows, image.height)
        is_whole = bottom - top == image.height
        band = image if is_whole else image.crop((0, top, image.width, bottom))
        picture = flatten(band, is_gray)
        yield replace(picture, derivation=(*turned, *picture.derivation))


def shows_gray(image: Image.Image) -> bool:
    """Tell whether a picture has no colors: its mode, or a palette of grays."""
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
