"""One page of a TIFF as a picture: gray or RGB, upright, without alpha."""

from collections.abc import Hashable
from dataclasses import dataclass, field, replace

import numpy as np
from PIL import Image
from tifffile import EXTRASAMPLE, PHOTOMETRIC, TiffPage

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _
from converter.engine.sources.nifti_scaling import EXACT, Extent, choose_storage
from converter.engine.sources.raster import FROM_CMYK, ON_WHITE, UPRIGHT, GrayScale, Picture
from converter.engine.sources.tiff_compression import JPEG, LOSSLESS, lossy_method
from converter.engine.sources.tiff_samples import read_samples
from converter.engine.sources.turning import turned

INVERTED = "Inverted, since the highest value was black."
EXTRA_CHANNELS = "Channels beside the colors were left out."

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT = 274, 282, 283, 296
_MM_OF_UNIT = {2: 25.4, 3: 10.0}
# What programs write of a picture that was never measured, in dots per inch.
_SCREEN_RESOLUTIONS = frozenset({1, 72, 96})


@dataclass
class _Samples:
    """Decoded samples, shape (rows, columns, channels), and what was done to them."""

    array: np.ndarray
    bits: int
    notes: list[str] = field(default_factory=list)
    scale: GrayScale | None = None


def page_form(page: TiffPage) -> Hashable:
    """Return what pages must share to be frames of one instance."""
    return (
        page.shape,
        str(page.dtype),
        page.bitspersample,
        page.photometric,
        page.extrasamples,
        _tag(page, _ORIENTATION, 1) in range(5, 9),
    )


def is_plain(page: TiffPage) -> bool:
    """Tell whether a page can be one frame of many: gray up to 16 bits, or color of 8 bits."""
    bits = _bits(page)
    return _is_unsigned(page) and bits <= (16 if _is_gray(page) else 8)


def decode(page: TiffPage, samples_read: np.ndarray | None = None) -> Picture:
    """Decode a page.

    Parameters
    ----------
    page : TiffPage
        Checked by its header.
    samples_read : ndarray, optional
        Samples of another picture that the page describes too, in its shape.

    Returns
    -------
    Picture
        MONOCHROME2 of 8 to 16 bits, or RGB of 8 or 16 bits. Gray of 1 to 7 bits is spread over
        8; signed, 32 bit and float gray comes with slope and intercept.

    Raises
    ------
    ConversionError
        Code "unsupported".

    References
    ----------
    TIFF 6.0; DICOM PS3.3 C.7.6.3, C.8.6.1, C.11.1.
    """
    samples = _flat(page, _Samples(_by_pixel(page, samples_read), _bits(page)))
    orientation = _tag(page, _ORIENTATION, 1)
    spacing = _spacing_mm(page)
    if orientation in range(2, 9):
        samples.array = turned(samples.array, orientation)
        samples.notes.append(UPRIGHT)
        spacing = spacing[::-1] if spacing and orientation >= 5 else spacing
    rows, columns, channels = samples.array.shape
    picture = Picture(
        rows=rows,
        columns=columns,
        photometric_interpretation="MONOCHROME2" if channels == 1 else "RGB",
        bits=samples.bits,
        data=_little_endian(samples.array).tobytes(),
        icc_profile=page.iccprofile if page.photometric in (2, 6) else None,
        derivation=tuple(samples.notes),
        spacing_mm=spacing,
        gray_scale=samples.scale,
    )
    return picture if is_lossless(page) else _with_loss(page, picture)


def is_lossless(page: TiffPage) -> bool:
    return page.compression in LOSSLESS


def flat_tile(page: TiffPage, samples: np.ndarray) -> tuple[np.ndarray, int]:
    """Bring decoded samples of a page, (rows, columns, channels), into gray or RGB; and its bits.

    Raises
    ------
    ConversionError
        Code "unsupported".
    """
    flat = _flat(page, _Samples(samples, _bits(page)))
    return flat.array, flat.bits


def _with_loss(page: TiffPage, picture: Picture) -> Picture:
    """JPEG 2000 and others may be lossless too, but a page does not say so."""
    ratio = len(picture.data) / sum(page.databytecounts)
    return replace(picture, lossy_ratio=ratio, lossy_method=lossy_method(page.compression))


def _by_pixel(page: TiffPage, samples_read: np.ndarray | None) -> np.ndarray:
    array = read_samples(page) if samples_read is None else samples_read
    if page.axes == "YX":
        return array[..., np.newaxis]
    if page.axes == "SYX":
        return np.moveaxis(array, 0, -1)
    if page.axes == "YXS":
        return array
    raise _unsupported()


def _flat(page: TiffPage, samples: _Samples) -> _Samples:
    """Bring a page into gray or RGB by its photometric interpretation."""
    if _is_gray(page):
        return _flat_gray(page, samples)
    if not _is_unsigned(page):
        raise _unsupported()
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is not None:
        colors = _colors_8_bit(np.asarray(page.colormap)).T
        numbers = samples.array[..., 0].astype(np.uint16)  # of 1 bit they come as truth values
        return replace(samples, array=colors[numbers], bits=8)
    if page.photometric == PHOTOMETRIC.SEPARATED and samples.bits == 8:
        return _from_cmyk(samples)
    is_color = page.photometric == PHOTOMETRIC.RGB or (
        page.photometric == PHOTOMETRIC.YCBCR and page.compression in JPEG  # decoded to RGB
    )
    if not is_color or samples.bits not in (8, 16):
        raise _unsupported()
    return _without_extra(page, samples, 3)


def _colors_8_bit(colormap: np.ndarray) -> np.ndarray:
    """Return a palette of 16 bits in 8; old writers filled in 8 bits, as libtiff knows, too."""
    return (colormap >> 8 if colormap.max() > 255 else colormap).astype(np.uint8)


def _flat_gray(page: TiffPage, samples: _Samples) -> _Samples:
    if page.photometric == PHOTOMETRIC.MINISWHITE:
        _invert(page, samples)
    samples = _without_extra(page, samples, 1)
    if not _is_unsigned(page) or samples.bits > 16:
        return _scaled(samples)
    highest = 2**samples.bits - 1
    array = samples.array.astype(np.uint16)
    if samples.bits < 8:
        array, samples.bits = array * 255 // highest, 8
    samples.array = array.astype(np.uint8 if samples.bits == 8 else np.uint16)
    return samples


def _invert(page: TiffPage, samples: _Samples) -> None:
    """Let 0 be black, before alpha is laid on white; alpha itself stays."""
    if not _is_unsigned(page):
        raise ConversionError(
            _(
                "In this TIFF the lowest value is white, and its values are signed or no whole "
                "numbers. Save it so that the lowest value is black."
            ),
            "unsupported",
        )
    if EXTRASAMPLE.ASSOCALPHA in page.extrasamples:
        raise _unsupported()
    gray, extra = samples.array[..., :1], samples.array[..., 1:]
    gray = 2**samples.bits - 1 - gray.astype(np.uint16)
    samples.array = np.concatenate([gray, extra], axis=-1) if extra.shape[-1] else gray
    samples.notes.append(INVERTED)


def _scaled(samples: _Samples) -> _Samples:
    """Store signed, wide and float values in 16 bits, exactly where they fit."""
    extent = Extent()
    extent.add(samples.array[..., 0])
    storage = choose_storage(samples.array.dtype, extent, 1.0, 0.0)
    is_signed = storage.dtype.kind == "i"
    return _Samples(
        array=storage.encode(samples.array),
        bits=16,
        notes=[*samples.notes, *(note for note in storage.notes if note != EXACT)],
        scale=GrayScale(
            storage.rescale_slope, storage.rescale_intercept, is_signed, storage.padding
        ),
    )


def _without_extra(page: TiffPage, samples: _Samples, channels: int) -> _Samples:
    """Lay alpha on white; leave out channels that are neither color nor alpha."""
    color, extra = samples.array[..., :channels], samples.array[..., channels:]
    if color.shape[-1] != channels:
        raise _unsupported()
    samples.array = color
    kinds = tuple(page.extrasamples)
    if extra.shape[-1] == 0:
        return samples
    if not kinds or kinds[0] == EXTRASAMPLE.UNSPECIFIED:
        samples.notes.append(EXTRA_CHANNELS)
        return samples
    if not _is_unsigned(page) or samples.bits not in (8, 16):
        raise _unsupported()
    full, alpha = 2**samples.bits - 1, extra[..., :1].astype(np.uint64)
    if alpha.min() < full:
        wide = color.astype(np.uint64)
        if kinds[0] == EXTRASAMPLE.UNASSALPHA:
            wide = (wide * alpha + full // 2) // full
        samples.array = np.minimum(wide + (full - alpha), full).astype(color.dtype)
        samples.notes.append(ON_WHITE)
    return samples


def _from_cmyk(samples: _Samples) -> _Samples:
    if samples.array.shape[-1] != 4:
        raise _unsupported()
    inks = np.ascontiguousarray(samples.array)
    size = (inks.shape[1], inks.shape[0])
    colors = Image.frombytes("CMYK", size, inks.tobytes()).convert("RGB")
    return replace(samples, array=np.asarray(colors), notes=[*samples.notes, FROM_CMYK])


def _spacing_mm(page: TiffPage) -> tuple[float, float] | None:
    """Return the distance between rows, then columns, where a scanner said it."""
    unit_mm = _MM_OF_UNIT.get(_tag(page, _UNIT, 2))
    tags = [page.tags.get(code) for code in (_Y_RESOLUTION, _X_RESOLUTION)]
    if unit_mm is None or not all(tags):
        return None
    dots = [_ratio(tag.value) for tag in tags if tag]
    if not all(dot > 0 for dot in dots):
        return None
    if any(round(25.4 * dot / unit_mm) in _SCREEN_RESOLUTIONS for dot in dots):
        return None
    return unit_mm / dots[0], unit_mm / dots[1]


def _ratio(value: object) -> float:
    if isinstance(value, tuple) and len(value) == 2 and value[1]:
        return float(value[0] / value[1])
    return 0.0


def _little_endian(array: np.ndarray) -> np.ndarray:
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _tag(page: TiffPage, code: int, otherwise: int) -> int:
    tag = page.tags.get(code)
    return int(tag.value) if tag and isinstance(tag.value, int) else otherwise


def _bits(page: TiffPage) -> int:
    bits = page.bitspersample
    return int(bits if isinstance(bits, int) else max(bits))


def _is_unsigned(page: TiffPage) -> bool:
    return page.dtype is not None and page.dtype.kind in "bu" and _bits(page) <= 16


def _is_gray(page: TiffPage) -> bool:
    return page.photometric in (PHOTOMETRIC.MINISBLACK, PHOTOMETRIC.MINISWHITE)


def _unsupported() -> ConversionError:
    return ConversionError(
        _("The colors of this TIFF are stored in an unusual way. Save it as gray or RGB TIFF."),
        "unsupported",
    )
