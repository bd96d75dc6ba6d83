"""PNG and its animations: checked chunk by chunk, decoded, stored losslessly with all bits."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL.PngImagePlugin import PngImageFile

from converter.engine.errors import ConversionError, damaged, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.frames import Frames, check_animation, write_frames
from converter.engine.sources.large import check_memory, write_image, write_picture
from converter.engine.sources.raster import (
    Picture,
    flatten,
    pillow_errors,
)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Text chunks are left out: they carry names, and may unpack to any size.
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"iCCP", b"eXIf", b"IEND"})
_OF_ANIMATION = frozenset({b"acTL", b"fcTL", b"fdAT"})
_CHANNELS = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}
"""By color type; a palette may hold transparency."""
_GRAY = 0


@dataclass
class PngChunks:
    """A PNG of the needed chunks alone, and what they announce."""

    clean: bytearray = field(default_factory=lambda: bytearray(_SIGNATURE))
    header: bytes = b""
    announced_frames: int = 0
    durations_ms: list[float] = field(default_factory=list)
    """One per frame of an animation."""
    skips_first: bool = False
    """Whether the still picture is not part of the animation."""


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance; 16 bits stay 16 bits."""
    chunks = needed_chunks(source.read_bytes())
    columns, rows, bit_depth, color_type = struct.unpack(">IIBB", chunks.header[:10])
    if color_type not in _CHANNELS:
        raise damaged()
    pixel_bytes = _CHANNELS[color_type] * (2 if bit_depth == 16 else 1)
    count = chunks.announced_frames or 1
    check_animation(columns, rows, pixel_bytes, count, job.options)
    with pillow_errors():
        if chunks.announced_frames:
            pictures = _pictures(chunks, bit_depth)
            write_frames(job, box, Frames(count, pictures, chunks.durations_ms))
        else:
            check_memory(columns, rows, _CHANNELS[color_type])
            _write_still(job, box, chunks.clean, bit_depth)


def _write_still(job: Job, box: Outbox, clean: bytearray, bit_depth: int) -> None:
    if bit_depth == 16:
        from converter.engine.sources.png16 import flatten_16_bit

        write_picture(job, box, flatten_16_bit(bytes(clean)))
        return
    with io.BytesIO(clean) as file:
        write_image(job, box, PngImageFile(file))


def _pictures(chunks: PngChunks, bit_depth: int) -> Iterator[Picture]:
    if bit_depth == 16:
        raise ConversionError(
            _(
                "Animations of 16 bits per sample are not supported yet. "
                "Save the frames as single PNG files."
            ),
            "unsupported",
        )
    with io.BytesIO(chunks.clean) as file:
        image = PngImageFile(file)
        for index in range(chunks.announced_frames):
            image.seek(index + chunks.skips_first)
            yield flatten(image)


def needed_chunks(data: bytes) -> PngChunks:
    """Check every chunk and keep those that make the picture.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    PngChunks

    Raises
    ------
    ConversionError
        Code "truncated" or "damaged" (checksum, or frames other than announced).

    References
    ----------
    PNG Specification (Third Edition), 5.3, 11.2, 11.3.6.
    """
    found = PngChunks()
    position, kind, has_image = len(_SIGNATURE), b"", False
    while kind != b"IEND":
        chunk = _chunk(data, position)
        position += len(chunk)
        kind, body = chunk[4:8], chunk[8:-4]
        has_image |= kind == b"IDAT"
        if kind == b"IHDR":
            found.header = body
        elif kind in _OF_ANIMATION:
            _take_animation(found, kind, body, has_image)
        if kind == b"tRNS" and len(body) == 2:
            chunk = _spread_gray(found, chunk)
        if kind in _NEEDED or kind in _OF_ANIMATION:
            found.clean += chunk
    if len(found.header) != 13 or len(found.durations_ms) != found.announced_frames:
        raise damaged()
    return found


def _spread_gray(found: PngChunks, chunk: bytes) -> bytes:
    """Return a tRNS chunk with its gray of 2 or 4 bits spread over 8, as the pixels come."""
    bit_depth, color_type = found.header[8:10] if len(found.header) > 9 else (8, _GRAY)
    if color_type != _GRAY or bit_depth not in (2, 4):
        return chunk
    highest = 2**bit_depth - 1
    gray = (int.from_bytes(chunk[8:10]) & highest) * (255 // highest)
    body = chunk[4:8] + gray.to_bytes(2)
    return chunk[:4] + body + zlib.crc32(body).to_bytes(4)


def _take_animation(found: PngChunks, kind: bytes, body: bytes, has_image: bool) -> None:
    """Count frames and times; the first frame is the still picture if it is told before it."""
    if kind == b"acTL":
        if has_image or found.announced_frames or len(body) != 8:
            raise damaged()
        found.announced_frames = int.from_bytes(body[:4])
    elif kind == b"fcTL":
        if not found.announced_frames or len(body) != 26:
            raise damaged()
        found.skips_first |= has_image and not found.durations_ms
        seconds, parts = struct.unpack(">HH", body[20:24])
        found.durations_ms.append(1000 * seconds / (parts or 100))


def _chunk(data: bytes, position: int) -> bytes:
    """Return a chunk with its length, kind and checksum."""
    length = int.from_bytes(data[position : position + 4])
    end = position + 12 + length
    if len(data) < position + 12 or end > len(data):
        raise truncated()
    if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
        raise damaged()
    return data[position:end]
