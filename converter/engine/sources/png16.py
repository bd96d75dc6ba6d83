"""PNG of 16 bits per sample: Pillow keeps them for gray only, so color is read in two halves."""

import io

import numpy as np
from PIL import ImageOps
from PIL.PngImagePlugin import PngImageFile

from converter.engine.sources.exif import orientation
from converter.engine.sources.raster import ON_WHITE, UPRIGHT, Picture

_FULL = 65535


def flatten_16_bit(png: bytes) -> Picture:
    """Decode a PNG of 16 bits per sample, upright, with alpha laid on white.

    Parameters
    ----------
    png : bytes
        A whole PNG whose chunks were checked.

    Returns
    -------
    Picture
        16 bits per sample, MONOCHROME2 or RGB; exact where nothing is transparent.
    """
    image = PngImageFile(io.BytesIO(png))
    samples = _samples(png, image)  # before the orientation is asked, which loads the image
    derivation = [UPRIGHT] if orientation(image) != 1 else []
    color, alpha = _split_alpha(samples, image.info.get("transparency"))
    if alpha is not None and alpha.min() < _FULL:
        color = _on_white(color, alpha)
        derivation.append(ON_WHITE)
    rows, columns, channels = color.shape
    return Picture(
        rows=rows,
        columns=columns,
        photometric_interpretation="MONOCHROME2" if channels == 1 else "RGB",
        bits=16,
        data=color.astype("<u2", copy=False).tobytes(),
        icc_profile=image.info.get("icc_profile"),
        derivation=tuple(derivation),
    )


def _samples(png: bytes, image: PngImageFile) -> np.ndarray:
    """Return all samples as uint16, shape (rows, columns, channels)."""
    raw_mode = str(image.tile[0].args)
    if raw_mode == "I;16B":
        return np.asarray(ImageOps.exif_transpose(image))[..., np.newaxis]
    if raw_mode == "LA;16B":
        # Four bytes per pixel either way: read as RGBA, they come out untouched.
        halves = _decode(png, "RGBA", "RGBA").astype(np.uint16)
        return halves[..., 0::2] << 8 | halves[..., 1::2]
    # Pillow drops the second byte of each sample; told the other byte order, the first.
    high = _decode(png, image.mode, raw_mode).astype(np.uint16)
    low = _decode(png, image.mode, raw_mode.replace(";16B", ";16L"))
    return high << 8 | low


def _decode(png: bytes, mode: str, raw_mode: str) -> np.ndarray:
    image = PngImageFile(io.BytesIO(png))
    image._mode = mode
    image.tile = [image.tile[0]._replace(args=raw_mode)]
    return np.asarray(ImageOps.exif_transpose(image))


def _split_alpha(
    samples: np.ndarray, transparent: int | tuple[int, ...] | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the color and, where there is one, the alpha; one color may be transparent."""
    if samples.shape[-1] in (2, 4):
        return samples[..., :-1], samples[..., -1:]
    if transparent is None:
        return samples, None
    is_clear = (samples == np.asarray(transparent)).all(axis=-1, keepdims=True)
    return samples, np.where(is_clear, 0, _FULL)


def _on_white(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Composite in 64 bit, rounded to the nearest."""
    wide, cover = color.astype(np.uint64), alpha.astype(np.uint64)
    mixed = (wide * cover + _FULL * (_FULL - cover) + _FULL // 2) // _FULL
    return mixed.astype(np.uint16)
