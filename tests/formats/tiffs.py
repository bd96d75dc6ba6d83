"""TIFF, BigTIFF and OME-TIFF."""

import io

import numpy as np
import tifffile

from tests.formats.samples import Reader, Refused, Sample, pillow

from raster_samples import moving, pages, saved, scene, tiff  # isort: skip

RGB = np.asarray(scene())
GRAY16 = (np.arange(20 * 34).reshape(20, 34) * 96).astype("u2")
FLOATS = GRAY16 * np.float32(0.37)
STACK = np.arange(4 * 3 * 2 * 5 * 7, dtype=np.uint16).reshape(4, 3, 2, 5, 7)
CODECS = {"lzw": "LZW", "deflate": "Deflate", "packbits": "PackBits", "zstd": "Zstandard"}


def read(data: bytes) -> np.ndarray:
    """Read all pages by tifffile."""
    return tifffile.imread(io.BytesIO(data))


def by_pixel(data: bytes) -> np.ndarray:
    """Read one page of color planes by tifffile."""
    return np.moveaxis(read(data), 0, -1)


def samples() -> list[Sample]:
    compressed = [
        _tiff(name, tiff(RGB, photometric="rgb", compression=codec))
        for codec, name in CODECS.items()
    ]
    return [
        _tiff("RGB", tiff(RGB, photometric="rgb", resolution=(300, 300))),
        *compressed,
        _tiff("JPEG inside", tiff(RGB, photometric="rgb", compression="jpeg")),
        _tiff("JPEG 2000 inside", tiff(RGB, photometric="rgb", compression="jpeg2000")),
        _tiff(
            "planes of color",
            tiff(np.moveaxis(RGB, -1, 0), photometric="rgb", planarconfig="separate"),
            by_pixel,
        ),
        _tiff(
            "fax (T.6), 1 bit",
            saved(scene().convert("1"), "TIFF", compression="group4"),
            pillow("L"),
            "Pillow",
        ),
        _tiff("tiles", tiff(RGB, photometric="rgb", tile=(16, 32))),
        _tiff("gray of 16 bits", tiff(GRAY16)),
        _tiff("BigTIFF", tiff(GRAY16, bigtiff=True)),
        _tiff(
            "CMYK",
            tiff(np.asarray(scene().convert("CMYK")), photometric="separated"),
            pillow("RGB"),
            "Pillow",
        ),
        _tiff("float", tiff(FLOATS), is_scaled=True),
        _tiff("signed", tiff(GRAY16.astype("i2") - 100), is_scaled=True),
        _tiff("pages alike", pages(*(np.asarray(one) for one in moving()))),
        Sample("OME-TIFF", "channels, slices and times", ome(), "tifffile", by_channel),
        Sample("TIFF of ImageJ", "channels, slices and times", imagej(), "tifffile", by_channel),
    ]


def _tiff(
    variant: str,
    data: bytes,
    expected: Reader = read,
    reader: str = "tifffile",
    is_scaled: bool = False,
) -> Sample:
    return Sample("TIFF", variant, data, reader, expected, is_scaled=is_scaled)


def ome() -> bytes:
    stream = io.BytesIO()
    spaced = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25, "PhysicalSizeZ": 2, "TimeIncrement": 1.5}
    told = {"axes": "TZCYX", **spaced}
    tifffile.imwrite(stream, STACK, ome=True, photometric="minisblack", metadata=told)
    return stream.getvalue()


def imagej() -> bytes:
    stream = io.BytesIO()
    told = {"axes": "TZCYX", "spacing": 2.0, "unit": "um", "finterval": 1.5}
    tifffile.imwrite(stream, STACK, imagej=True, resolution=(2, 4), metadata=told)
    return stream.getvalue()


def by_channel(data: bytes) -> np.ndarray:
    """Read what follows instance by instance: channels, in them times, in them slices."""
    return np.moveaxis(read(data), 2, 0).reshape(-1, 5, 7)


def refused() -> list[Refused]:
    return [
        Refused("OME-TIFF in several files", _ome_part()),
        Refused("TIFF with colors in CIE L*a*b*", tiff(RGB, photometric="cielab")),
    ]


def _ome_part() -> bytes:
    told = '<OME UUID="urn:uuid:1"><BinaryOnly MetadataFile="a.ome" UUID="urn:uuid:2"/></OME>'
    return tiff(GRAY16, description=told)
