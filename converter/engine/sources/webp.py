"""WebP: its chunks are read first, then it is decoded and stored losslessly."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from PIL.WebPImagePlugin import WebPImageFile

from converter.engine.errors import damaged, truncated
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.frames import Frames, check_animation, write_frames
from converter.engine.sources.raster import Picture, flatten, pillow_errors

_ANIMATED = 0x02
_FRAME_HEADER_BYTES = 16
_DECODED_BYTES_PER_PIXEL = 4


@dataclass
class WebPChunks:
    """What the chunks of a WebP announce."""

    columns: int = 0
    rows: int = 0
    is_lossy: bool = False
    durations_ms: list[float] = field(default_factory=list)
    """One per frame of an animation."""


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance."""
    data = source.read_bytes()
    chunks = read_chunks(data)
    count = len(chunks.durations_ms) or 1
    check_animation(chunks.columns, chunks.rows, _DECODED_BYTES_PER_PIXEL, count, job.options)
    ratio = chunks.columns * chunks.rows * 3 * count / len(data) if chunks.is_lossy else 0.0
    with pillow_errors(), io.BytesIO(data) as file:
        image = WebPImageFile(file)
        if (image.width, image.height, image.n_frames) != (chunks.columns, chunks.rows, count):
            raise damaged()
        pictures = _pictures(image, count, ratio)
        write_frames(job, box, Frames(count, pictures, chunks.durations_ms))


def _pictures(image: WebPImageFile, count: int, ratio: float) -> Iterator[Picture]:
    for index in range(count):
        image.seek(index)
        yield replace(flatten(image), lossy_ratio=ratio)


def read_chunks(data: bytes) -> WebPChunks:
    """Read the headers of all chunks without decoding any.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    WebPChunks
        Size, loss, and the duration of each frame of an animation.

    Raises
    ------
    ConversionError
        Code "truncated" or "damaged".

    References
    ----------
    RFC 9649, 2 and 3.4.
    """
    end = 8 + int.from_bytes(data[4:8], "little")
    if len(data) < end:
        raise truncated()
    found = WebPChunks()
    is_animated = False
    for name, body in _chunks(data[:end], 12):
        if name == b"VP8X":
            is_animated = bool(body[:1] and body[0] & _ANIMATED)
            found.columns, found.rows = _size(body[4:10])
        elif name == b"ANMF" and is_animated:
            found.durations_ms.append(float(int.from_bytes(body[12:15], "little")))
            found.is_lossy |= any(kind == b"VP8 " for kind, _ in _chunks(body, _FRAME_HEADER_BYTES))
        elif name in (b"VP8 ", b"VP8L") and not is_animated:
            _take_bitstream(found, name, body)
    return found


def _chunks(data: bytes, position: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and body; a chunk of odd length is followed by one byte."""
    while position + 8 <= len(data):
        length = int.from_bytes(data[position + 4 : position + 8], "little")
        body = data[position + 8 : position + 8 + length]
        if len(body) < length:
            raise truncated()
        yield data[position : position + 4], body
        position += 8 + length + length % 2


def _take_bitstream(found: WebPChunks, name: bytes, body: bytes) -> None:
    """Take the size from a key frame; an extended file said the same before."""
    if name == b"VP8 ":
        found.is_lossy = True
        size = [int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8)]
    else:
        bits = int.from_bytes(body[1:5], "little")
        size = [(bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1]
    found.columns = max(found.columns, size[0])
    found.rows = max(found.rows, size[1])


def _size(body: bytes) -> tuple[int, int]:
    columns, rows = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (0, 3))
    return columns, rows
