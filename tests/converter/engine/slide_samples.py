"""Slides made for the tests: as scanners and other programs write them, tile by tile."""

import io
import struct
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
_MIRAX_ID = b"5A1C0F1D5A1C0F1D5A1C0F1D5A1C0F1D"


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


def write_mirax(path: Path, columns: int = 1280, rows: int = 960) -> np.ndarray:
    """Write a MIRAX slide as 3DHISTECH scanners do: a small picture, and a folder of its name.

    Two levels of tiles of 320 x 240; the second has half the size.
    """
    picture, (width, height) = tissue(columns, rows), (320, 240)
    folder = path.with_suffix("")
    folder.mkdir(parents=True)
    path.write_bytes(jpeg(tissue(64, 48)))
    across, down = columns // width, rows // height
    (folder / "Slidedat.ini").write_bytes(
        _mirax_settings(across, down, width, height).encode("utf-8-sig")
    )
    data, pages = bytearray(b"01.02" + _MIRAX_ID), []
    for concat in (1, 2):
        entries = []
        for number, tile in enumerate(cut(halved(picture, concat), (height, width))):
            row, column = divmod(number, across // concat)
            encoded = jpeg(tile, quality=95, subsampling=0)
            index = row * concat * across + column * concat
            entries.append(struct.pack("<4i", index, len(data), len(encoded), 0))
            data += encoded
        pages.append(struct.pack("<2i", len(entries), 0) + b"".join(entries))
    (folder / "Data0000.dat").write_bytes(data)
    (folder / "Index.dat").write_bytes(_mirax_index(pages))
    return picture


def _mirax_index(pages: list[bytes]) -> bytes:
    """Return a table of pointers to the lists of tiles, level after level."""
    head = len(b"01.02" + _MIRAX_ID) + 8
    table, body = b"", b""
    for page in pages:
        at = head + 4 * len(pages) + len(body)
        table += struct.pack("<i", at)
        body += struct.pack("<2i", 0, at + 8) + page
    return b"01.02" + _MIRAX_ID + struct.pack("<2i", head, 0) + table + body


def _mirax_settings(across: int, down: int, width: int, height: int) -> str:
    levels = "".join(
        f"[LAYER_0_LEVEL_{n}_SECTION]\nOVERLAP_X=0\nOVERLAP_Y=0\n"
        f"MICROMETER_PER_PIXEL_X={0.25 * 2**n}\nMICROMETER_PER_PIXEL_Y={0.25 * 2**n}\n"
        f"IMAGE_FORMAT=JPEG\nIMAGE_FILL_COLOR_BGR=16777215\nIMAGE_CONCAT_FACTOR={n}\n"
        f"DIGITIZER_WIDTH={width}\nDIGITIZER_HEIGHT={height}\n"
        for n in (0, 1)
    )
    return (
        f"[GENERAL]\nSLIDE_VERSION=01.02\nSLIDE_ID={_MIRAX_ID.decode()}\n"
        f"SLIDE_NAME=PLANTEDMueller\nIMAGENUMBER_X={across}\nIMAGENUMBER_Y={down}\n"
        "OBJECTIVE_MAGNIFICATION=20\nCameraImageDivisionsPerSide=1\n"
        "[HIERARCHICAL]\nHIER_COUNT=1\nNONHIER_COUNT=0\nINDEXFILE=Index.dat\n"
        "HIER_0_NAME=Slide zoom level\nHIER_0_COUNT=2\n"
        "HIER_0_VAL_0_SECTION=LAYER_0_LEVEL_0_SECTION\n"
        "HIER_0_VAL_1_SECTION=LAYER_0_LEVEL_1_SECTION\n"
        f"[DATAFILE]\nFILE_COUNT=1\nFILE_0=Data0000.dat\n{levels}"
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
    """Put the frames of a level together."""
    frames = dataset.pixel_array.reshape(int(dataset.NumberOfFrames), *_frame_shape(dataset))
    columns, rows = dataset.TotalPixelMatrixColumns, dataset.TotalPixelMatrixRows
    across = -(-columns // dataset.Columns)
    strips = [np.concatenate(frames[n : n + across], axis=1) for n in range(0, len(frames), across)]
    return np.concatenate(strips)[:rows, :columns]


def _frame_shape(dataset: Dataset) -> tuple[int, ...]:
    shape = (dataset.Rows, dataset.Columns, dataset.SamplesPerPixel)
    return shape if dataset.SamplesPerPixel > 1 else shape[:2]


def write_ndpi(path: Path, columns: int = 1280, rows: int = 960) -> np.ndarray:
    """Write a slide as Hamamatsu does: each level one JPEG, places of 64 bits in a classic TIFF."""
    picture = tissue(columns, rows)
    images = [(picture, 20.0), (halved(picture, 4), 5.0), (tissue(300, 120, 3), -1.0)]
    data, last = bytearray(b"II*\0" + bytes(8)), 4
    for image, lens in images:
        stream = jpeg(image, quality=95, subsampling=0)
        place = len(data)
        data += stream + bytes(-len(stream) % 2)
        texts = len(data)
        data += b"Hamamatsu\0" + b"PLANTEDmodel\0\0" + struct.pack("<II", 20000, 1)
        entries = [
            (256, 4, 1, image.shape[1]),
            (257, 4, 1, image.shape[0]),
            (258, 3, 1, 8),
            (259, 3, 1, 7),
            (262, 3, 1, 6),
            (271, 2, 10, texts),
            (272, 2, 13, texts + 10),
            (273, 4, 1, place),
            (277, 3, 1, 3),
            (278, 4, 1, image.shape[0]),
            (279, 4, 1, len(stream)),
            (282, 5, 1, texts + 24),
            (283, 5, 1, texts + 24),
            (296, 3, 1, 3),
            (65420, 4, 1, 1),
            (65421, 11, 1, struct.unpack("<I", struct.pack("<f", lens))[0]),
            (65424, 9, 1, 0),
        ]
        data[last : last + 8] = struct.pack("<Q", len(data))
        data += struct.pack("<H", len(entries))
        data += b"".join(struct.pack("<HHII", *entry) for entry in entries)
        last = len(data)
        data += bytes(8)
    path.write_bytes(data)
    return picture


def write_scn(path: Path, columns: int = 1280, rows: int = 960) -> np.ndarray:
    """Write a slide as Leica does: a BigTIFF whose description says which directory is what."""
    picture, nm = tissue(columns, rows), 500
    pictures = [picture, halved(picture, 4)]
    dimensions = "".join(
        f'<dimension sizeX="{one.shape[1]}" sizeY="{one.shape[0]}" r="{n}" ifd="{n}"/>'
        for n, one in enumerate(pictures)
    )
    size = f'sizeX="{columns * nm}" sizeY="{rows * nm}"'
    description = (
        '<?xml version="1.0"?><scn xmlns="http://www.leica-microsystems.com/scn/2010/10/01">'
        f'<collection name="PLANTED" uuid="PLANTED" sizeX="{4 * columns * nm}" '
        f'sizeY="{4 * rows * nm}"><image name="PLANTED">'
        "<creationDate>2010-PLANTED</creationDate>"
        f'<pixels sizeX="{columns}" sizeY="{rows}">{dimensions}</pixels>'
        f'<view {size} offsetX="0" offsetY="0"/>'
        "<scanSettings><objectiveSettings><objective>20</objective></objectiveSettings>"
        "<illuminationSettings><illuminationSource>brightfield</illuminationSource>"
        "</illuminationSettings></scanSettings></image></collection></scn>"
    )
    with tifffile.TiffWriter(path, bigtiff=True) as writer:
        for one in pictures:
            writer.write(
                (jpeg(tile, quality=95, subsampling=0) for tile in cut(one, (256, 256))),
                shape=one.shape,
                dtype=np.uint8,
                tile=(256, 256),
                photometric="ycbcr",
                compression="jpeg",
                description=description,
                metadata=None,
            )
            description = None
    return picture


def write_philips(path: Path, columns: int = 1100, rows: int = 700) -> np.ndarray:
    """Write a slide as Philips does: every level is filled up to whole tiles of 512."""
    picture = tissue(columns, rows)
    description = (
        '<?xml version="1.0"?><DataObject ObjectType="DPUfsImport">'
        '<Attribute Name="DICOM_MANUFACTURER">PLANTED</Attribute>'
        '<Attribute Name="DICOM_PIXEL_SPACING" PMSVR="IDoubleArray">'
        "&quot;0.000227&quot; &quot;0.000226&quot;</Attribute></DataObject>"
    )
    with tifffile.TiffWriter(path) as writer:
        for level in (0, 1, 2):
            one = halved(picture, 2**level) if level else picture
            height, width = (-(-side // 512) * 512 for side in one.shape[:2])
            padded = np.full((height, width, 3), 255, np.uint8)
            padded[: one.shape[0], : one.shape[1]] = one
            writer.write(
                (jpeg(tile) for tile in cut(padded, (512, 512))),
                shape=padded.shape,
                dtype=np.uint8,
                tile=(512, 512),
                photometric="ycbcr",
                compression="jpeg",
                subfiletype=int(level > 0),
                software="Philips DP v1.0",
                description=description,
                metadata=None,
            )
            description = f"level={level + 1}"
    return picture
