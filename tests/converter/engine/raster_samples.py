"""Pictures made for the tests, some by hand where no library writes them."""

import io
import struct
import zlib

import numpy as np
import tifffile
from PIL import Image

PLANTED = ("Mueller^Hans", "CanonTestMaker", "SecretComment", "Photoshop9", "ward7-host")


def scene(columns: int = 61, rows: int = 44) -> Image.Image:
    """An RGB picture of unequal sides without any symmetry."""
    x, y = np.meshgrid(np.arange(columns), np.arange(rows))
    channels = [3 * x + y, 250 - 2 * x, 5 * y + x % 7]
    return Image.fromarray(np.stack(channels, axis=-1).clip(0, 255).astype(np.uint8))


def moving(count: int = 3, mode: str = "RGB") -> list[Image.Image]:
    """Pictures that all differ, for animations."""
    return [scene().rotate(40 * index).convert(mode) for index in range(count)]


def tiff(samples: np.ndarray, **options: object) -> bytes:
    """Write a TIFF of one page; `options` are those of tifffile."""
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, metadata=None, **options)
    return stream.getvalue()


def pages(*samples: np.ndarray, bigtiff: bool = False, **options: object) -> bytes:
    """Write a TIFF with a page for each array."""
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream, bigtiff=bigtiff) as writer:
        for one in samples:
            writer.write(one, metadata=None, **options)
    return stream.getvalue()


def with_strip(source: bytes, strip: bytes) -> bytes:
    """Put another strip behind a TIFF of one, and let it be the picture."""
    changed = bytearray(source + strip)
    with tifffile.TiffFile(io.BytesIO(source)) as file:
        tags = [file.pages[0].tags[code] for code in (273, 279)]
    for tag, value in zip(tags, (len(source), len(strip)), strict=True):
        changed[tag.valueoffset : tag.valueoffset + 4] = struct.pack("<I", value)
    return bytes(changed)


def animated(kind: str, frames: list[Image.Image], **options: object) -> bytes:
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def planted_exif(orientation: int = 1) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "CanonTestMaker", "CanonTestMaker X1"
    exif[0x0112] = orientation
    exif[0x0131], exif[0x013B], exif[0x013C] = "Photoshop9", "Mueller^Hans", "ward7-host"
    return exif


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(samples: np.ndarray, bit_depth: int, color_type: int, extra: bytes = b"") -> bytes:
    """Write a PNG by hand; `samples` has the shape (rows, columns, channels), `>u2` or uint8."""
    rows, columns = samples.shape[:2]
    header = struct.pack(">IIBBBBB", columns, rows, bit_depth, color_type, 0, 0, 0)
    if bit_depth == 16:
        lines = [row.astype(">u2").tobytes() for row in samples]
    else:
        lines = [_packed(row.ravel(), bit_depth) for row in samples]
    body = zlib.compress(b"".join(b"\0" + line for line in lines))
    parts = chunk(b"IHDR", header), extra, chunk(b"IDAT", body), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _packed(values: np.ndarray, bit_depth: int) -> bytes:
    bits = np.unpackbits(values.astype(np.uint8)[:, np.newaxis], axis=1)[:, 8 - bit_depth :]
    return np.packbits(bits).tobytes()


def segments(data: bytes) -> list[tuple[int, bytes]]:
    """Split a JPEG into (marker, bytes), plainly: the scan is one entry with marker 0."""
    found, position = [], 2
    while position < len(data):
        marker = data[position + 1]
        if marker == 0xD9:
            break
        length = int.from_bytes(data[position + 2 : position + 4])
        found.append((marker, data[position : position + 2 + length]))
        position += 2 + length
        if marker == 0xDA:
            end = data.index(b"\xff\xd9", position)
            found.append((0, data[position:end]))
            position = end
    return found


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """Put a segment right behind the start of a JPEG."""
    segment = bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body
    return data[:2] + segment + data[2:]


def without_segments(data: bytes, *markers: int) -> bytes:
    kept = b"".join(body for marker, body in segments(data) if marker not in markers)
    return b"\xff\xd8" + kept + b"\xff\xd9"


def with_component_ids(data: bytes, ids: bytes) -> bytes:
    """Rename the components of a baseline JPEG of three components."""
    changed = bytearray(data)
    frame = data.index(b"\xff\xc0")
    scan = data.index(b"\xff\xda")
    for index, name in enumerate(ids):
        changed[frame + 10 + 3 * index] = name
        changed[scan + 5 + 2 * index] = name
    return bytes(changed)
