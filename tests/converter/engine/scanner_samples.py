"""Slides as single scanners write them, by hand where no library does."""

import struct
from pathlib import Path

import numpy as np
import tifffile

from tests.converter.engine.slide_samples import cut, halved, jpeg, tissue

_MIRAX_ID = b"5A1C0F1D5A1C0F1D5A1C0F1D5A1C0F1D"


def write_mirax(
    path: Path, columns: int = 1280, rows: int = 960, fill: int = 0xFFFFFF, missing: int = -1
) -> np.ndarray:
    """Write a MIRAX slide as 3DHISTECH scanners do: a small picture, and a folder of its name.

    Two levels of tiles of 320 x 240; the second has half the size. In the first one the tile
    `missing` is not there, and the whole is filled with the color `fill`.
    """
    picture, (width, height) = tissue(columns, rows), (320, 240)
    folder = path.with_suffix("")
    folder.mkdir(parents=True)
    path.write_bytes(jpeg(tissue(64, 48)))
    across, down = columns // width, rows // height
    (folder / "Slidedat.ini").write_bytes(
        _mirax_settings(across, down, width, height, fill).encode("utf-8-sig")
    )
    data, pages = bytearray(b"01.02" + _MIRAX_ID), []
    for concat in (1, 2):
        entries = []
        for number, tile in enumerate(cut(halved(picture, concat), (height, width))):
            if (concat, number) == (1, missing):
                continue
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


def _mirax_settings(across: int, down: int, width: int, height: int, fill: int) -> str:
    levels = "".join(
        f"[LAYER_0_LEVEL_{n}_SECTION]\nOVERLAP_X=0\nOVERLAP_Y=0\n"
        f"MICROMETER_PER_PIXEL_X={0.25 * 2**n}\nMICROMETER_PER_PIXEL_Y={0.25 * 2**n}\n"
        f"IMAGE_FORMAT=JPEG\nIMAGE_FILL_COLOR_BGR={fill}\nIMAGE_CONCAT_FACTOR={n}\n"
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
