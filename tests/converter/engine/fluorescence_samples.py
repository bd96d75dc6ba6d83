"""Slides of several channels and focal planes, as QuPath, Bio-Formats and tifffile write them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tifffile

NAMES = ("DAPI", "FITC", "Cy5")


def signal(columns: int, rows: int, seed: int = 1, bits: int = 16) -> np.ndarray:
    """A channel of unequal sides without any symmetry, over most of its range, (rows, columns)."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    noise = np.random.default_rng(seed).integers(0, 40, (rows, columns))
    waves = np.sin(x / (23 + 8 * seed)) * np.cos((y + x / 3) / (31 + 5 * seed))
    share = 0.45 + 0.35 * waves + 0.15 * x / columns - 0.1 * y / rows
    most = 2**bits - 1
    return (
        (share * most + noise * most / 65535)
        .clip(0, most)
        .astype(np.uint8 if bits == 8 else np.uint16)
    )


def planes_of(channels: int, slices: int, columns: int, rows: int, bits: int = 16) -> np.ndarray:
    """Return planes that all differ, (channels, slices, rows, columns)."""
    numbers = np.arange(channels * slices).reshape(channels, slices) + 1
    return np.stack(
        [np.stack([signal(columns, rows, int(n), bits) for n in row]) for row in numbers]
    )


def write_fluorescence(
    path: Path,
    planes: np.ndarray | None = None,
    *,
    factors: Sequence[int] = (1, 2, 4),
    names: Sequence[str] = NAMES,
    tile: tuple[int, int] = (256, 272),
    metadata: dict[str, object] | None = None,
    bigtiff: bool = True,
    byteorder: str = "<",
    **options: object,
) -> list[np.ndarray]:
    """Write an OME-TIFF whose smaller levels lie below each plane (SubIFDs).

    Returns
    -------
    list of ndarray
        The planes of each level.
    """
    if planes is None:
        planes = planes_of(3, 1, 1100, 700)
    levels = [np.ascontiguousarray(planes[..., ::n, ::n]) for n in factors]
    settings = {"tile": tile, "photometric": "minisblack", "compression": "zlib", **options}
    told = {
        "axes": "CZYX",
        "PhysicalSizeX": 0.325,
        "PhysicalSizeY": 0.4,
        "PhysicalSizeZ": 1.5,
        "Channel": {"Name": list(names[: planes.shape[0]])},
        **(metadata or {}),
    }
    with tifffile.TiffWriter(path, ome=True, bigtiff=bigtiff, byteorder=byteorder) as writer:
        writer.write(levels[0], subifds=len(levels) - 1, metadata=told, **settings)
        for smaller in levels[1:]:
            writer.write(smaller, subfiletype=1, metadata=None, **settings)
    return levels


def write_qptiff(path: Path, planes: np.ndarray, names: Sequence[str] = NAMES) -> list[np.ndarray]:
    """Write channels as scanners of Akoya do: all of a level, a thumbnail, all of the next one.

    Returns
    -------
    list of ndarray
        The channels of each level, (channels, rows, columns).
    """
    levels = [np.ascontiguousarray(planes[:, 0, ::n, ::n]) for n in (1, 2, 4)]
    told = (
        "<PerkinElmer-QPI-ImageDescription><Identifier>PLANTED</Identifier>"
        "<Name>{name}</Name><Objective>20x</Objective><ScanProfile><Name>PLANTED</Name>"
        "</ScanProfile></PerkinElmer-QPI-ImageDescription>"
    )
    settings = {"metadata": None, "software": "PerkinElmer-QPI"}
    gray = {"photometric": "minisblack", "compression": "lzw", "tile": (256, 256), **settings}
    gray |= {"resolution": (20000, 25000), "resolutionunit": "CENTIMETER"}
    color = {"photometric": "rgb", **settings}
    picture = np.zeros((60, 90, 3), np.uint8)
    with tifffile.TiffWriter(path) as writer:
        for index, level in enumerate(levels):
            for name, one in zip(names, level, strict=True):
                writer.write(
                    one, subfiletype=int(index > 0), description=told.format(name=name), **gray
                )
            if index == 0:
                writer.write(picture, subfiletype=1, **color)
        writer.write(picture, **color)  # the glass
        writer.write(picture[:40] + 9, **color)  # its label
    return levels


def write_several(
    path: Path, pictures: Sequence[np.ndarray], label: np.ndarray | None = None
) -> None:
    """Write an OME-TIFF of several images with levels, and a label where there is one."""
    settings = {"tile": (256, 256), "photometric": "minisblack"}
    with tifffile.TiffWriter(path, ome=True) as writer:
        for picture in pictures:
            writer.write(picture, subifds=1, metadata={"axes": "YX"}, **settings)
            writer.write(picture[::2, ::2].copy(), subfiletype=1, **settings)
        if label is not None:
            writer.write(label, metadata={"axes": "YX", "Name": "label image"}, **settings)
