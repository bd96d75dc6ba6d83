"""Slides made for the tests: as scanners and other programs write them, tile by tile."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tifffile
from imagecodecs import jpeg2k_encode
from PIL import Image
from pydicom.dataset import Dataset

APERIO = (
    "Aperio Image Library v12.0.15\r\n"
    "{columns}x{rows} [0,0 {columns}x{rows}] (240x240) JPEG/RGB Q=70"
    "|AppMag = 20|StripeWidth = 2040|ScanScope ID = PLANTEDscope|Filename = PLANTEDMueller_Hans"
    "|Date = 12/29/09|Time = 09:59:15|User = PLANTEDuser|MPP = 0.4990|Left = 25.69|Title = PLANTEDt"
)
SPACING_MM = 0.000499


def tissue(columns: int, rows: int, seed: int = 1) -> np.ndarray:
    """A picture of unequal sides in unequal colors without any symmetry, (rows, columns, 3)."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    noise = np.random.default_rng(seed).integers(0, 24, (rows, columns))
    red = 200 - 90 * np.sin(x / 37) * np.cos(y / 53)
    green = 90 + 80 * np.sin((x + 2 * y) / 61) + noise
    blue = 150 + 100 * x / columns - 60 * y / rows
    return np.stack([red, green, blue], axis=-1).clip(0, 255).astype(np.uint8)


def cut(picture: np.ndarray, tile: tuple[int, int]) -> Iterator[np.ndarray]:
    """Yield the tiles of a picture row by row, edges filled by repeating the last pixels."""
    height, width = tile
    down, across = -(-picture.shape[0] // height), -(-picture.shape[1] // width)
    bottom, right = down * height - picture.shape[0], across * width - picture.shape[1]
    whole = np.pad(picture, ((0, bottom), (0, right), (0, 0))[: picture.ndim], mode="edge")
    for row in range(down):
        for column in range(across):
            yield whole[row * height : (row + 1) * height, column * width : (column + 1) * width]


def jpeg(tile: np.ndarray, *, is_rgb: bool = False, part: int = 0, **options: object) -> bytes:
    """Encode a tile; `part` 1 is its tables alone, 2 all but them, as libtiff stores them."""
    stream = io.BytesIO()
    settings = {"quality": 80, "streamtype": part, "keep_rgb": is_rgb, **options}
    Image.fromarray(tile).save(stream, "JPEG", **settings)
    return stream.getvalue()


def halved(picture: np.ndarray, factor: int) -> np.ndarray:
    return np.asarray(Image.fromarray(picture).reduce(factor))


def write_svs(
    path: Path,
    columns: int = 1300,
    rows: int = 900,
    *,
    factors: tuple[int, ...] = (1, 4),
    tile: tuple[int, int] = (240, 256),
    is_rgb: bool = False,
    **options: object,
) -> list[np.ndarray]:
    """Write a slide as an Aperio scanner does: levels, thumbnail, label and macro.

    Tables stand apart from the tiles, which are RGB in JPEG (`is_rgb`) or YCbCr.

    Returns
    -------
    list of ndarray
        The picture of each level.
    """
    full = tissue(columns, rows)
    pictures = [halved(full, factor) if factor > 1 else full for factor in factors]
    description = APERIO.format(columns=columns, rows=rows)
    with tifffile.TiffWriter(path, bigtiff=bool(options.pop("bigtiff", False))) as writer:
        for index, picture in enumerate(pictures):
            _write_level(writer, picture, tile, is_rgb, description)
            if index == 0:
                _write_strip(writer, halved(full, 8), "thumbnail", 0)
        _write_strip(writer, tissue(200, 180, 2), "label 200x180 PLANTEDlabel", 1)
        _write_strip(writer, tissue(400, 150, 3), "macro 400x150 PLANTEDmacro", 9)
    return pictures


def _write_level(
    writer: tifffile.TiffWriter,
    picture: np.ndarray,
    tile: tuple[int, int],
    is_rgb: bool,
    description: str,
) -> None:
    tables = jpeg(picture[:16, :16], is_rgb=is_rgb, part=1)
    writer.write(
        (jpeg(one, is_rgb=is_rgb, part=2) for one in cut(picture, tile)),
        shape=picture.shape,
        dtype=np.uint8,
        tile=tile,
        photometric="rgb" if is_rgb else "ycbcr",
        compression="jpeg",
        compressionargs={"outcolorspace": "rgb"} if is_rgb else None,
        jpegtables=tables,
        description=description,
        software="PLANTEDsoftware",
        metadata=None,
    )


def _write_strip(
    writer: tifffile.TiffWriter, picture: np.ndarray, name: str, subfiletype: int
) -> None:
    writer.write(
        picture,
        photometric="rgb",
        compression="lzw",
        predictor=True,
        rowsperstrip=64,
        subfiletype=subfiletype,
        description=f"Aperio Image Library v12.0.15\r\n{name}",
        metadata=None,
    )


def write_pyramid(
    path: Path, picture: np.ndarray, *, factors: tuple[int, ...] = (1, 2, 4), **options: object
) -> list[np.ndarray]:
    """Write a tiled TIFF with smaller levels; `options` are those of tifffile.

    Returns
    -------
    list of ndarray
        The picture of each level.
    """
    pictures = [np.ascontiguousarray(picture[::factor, ::factor]) for factor in factors]
    layout = {name: options.pop(name) for name in ("bigtiff", "byteorder") if name in options}
    settings = {"tile": (256, 272), "metadata": None, "photometric": "rgb", **options}
    settings |= {"resolution": (20000, 25000), "resolutionunit": "CENTIMETER"}
    with tifffile.TiffWriter(path, **layout) as writer:
        for level, one in enumerate(pictures):
            writer.write(one, subfiletype=int(level > 0), **settings)
    return pictures


def write_jpeg_2000_svs(path: Path, picture: np.ndarray, compression: int, **options: object):
    """Write a slide of one level in JPEG 2000: 33003 is YCbCr that says nothing of it, 33005 RGB.

    `options` are those of imagecodecs.jpeg2k_encode.
    """

    def encoded(tile: np.ndarray) -> bytes:
        if compression == 33003:
            tile = np.asarray(Image.fromarray(tile).convert("YCbCr"))
        return bytes(jpeg2k_encode(tile, codecformat="j2k", **options))

    rows, columns = picture.shape[:2]
    with tifffile.TiffWriter(path) as writer:
        writer.write(
            (encoded(tile) for tile in cut(picture, (240, 240))),
            shape=picture.shape,
            dtype=np.uint8,
            tile=(240, 240),
            compression=compression,
            photometric="ycbcr" if compression == 33003 else "rgb",
            description=APERIO.format(columns=columns, rows=rows),
            metadata=None,
        )


def whole(dataset: Dataset) -> np.ndarray:
    """Put the frames of a level together, planes below each other."""
    frames = dataset.pixel_array.reshape(int(dataset.NumberOfFrames), *_frame_shape(dataset))
    columns, rows = dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows
    across, down = -(-columns // dataset.Columns), -(-rows // dataset.Rows)
    strips = [np.concatenate(frames[n : n + across], axis=1) for n in range(0, len(frames), across)]
    planes = [np.concatenate(strips[n : n + down]) for n in range(0, len(strips), down)]
    return np.concatenate([plane[:rows, :columns] for plane in planes])


def _frame_shape(dataset: Dataset) -> tuple[int, ...]:
    shape = (dataset.Rows, dataset.Columns, dataset.SamplesPerPixel)
    return shape if dataset.SamplesPerPixel > 1 else shape[:2]
