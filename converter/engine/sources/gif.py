"""GIF: scanned block by block, decoded, stored losslessly; an animation is one instance."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from PIL.GifImagePlugin import GifImageFile

from converter.engine.errors import damaged, truncated
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.frames import Frames, check_animation, write_frames
from converter.engine.sources.large import write_image
from converter.engine.sources.raster import Picture, flatten, pillow_errors

_PADDING, _EXTENSION, _IMAGE, _TRAILER = 0x00, 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9


@dataclass
class GifBlocks:
    """What the blocks of a GIF announce."""

    columns: int
    rows: int
    is_gray: bool = True
    durations_ms: list[float] = field(default_factory=list)
    source_bytes: int = 0
    """Length up to and with the trailer: what follows it is not the image."""


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance."""
    data = source.read_bytes()
    blocks = read_blocks(data)
    count = len(blocks.durations_ms)
    check_animation(blocks.columns, blocks.rows, 1 if blocks.is_gray else 3, count, job.options)
    with pillow_errors(), io.BytesIO(data[: blocks.source_bytes]) as file:
        image = GifImageFile(file)
        if count == 1:
            write_image(job, box, image)
            return
        pictures = _pictures(image, blocks)
        write_frames(job, box, Frames(count, pictures, blocks.durations_ms))


def _pictures(image: GifImageFile, blocks: GifBlocks) -> Iterator[Picture]:
    for index in range(len(blocks.durations_ms)):
        image.seek(index)
        yield flatten(image, blocks.is_gray)


def read_blocks(data: bytes) -> GifBlocks:
    """Walk over all blocks of a GIF without decoding any.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    GifBlocks
        Size, colors, and the duration of each picture.

    Raises
    ------
    ConversionError
        Code "truncated" or "damaged".

    References
    ----------
    GIF89a Specification, sections 17 to 27.
    """
    screen = _taken(data, 6, 7)
    columns, rows = (int.from_bytes(screen[at : at + 2], "little") for at in (0, 2))
    blocks = GifBlocks(columns, rows)
    position = 13 + _take_palette(blocks, data, 13, screen[4])
    duration_ms = 0.0
    while (kind := _taken(data, position, 1)[0]) != _TRAILER:
        if kind == _EXTENSION:
            if _taken(data, position + 1, 1)[0] == _GRAPHIC_CONTROL:
                duration_ms = 10.0 * int.from_bytes(_taken(data, position + 4, 2), "little")
            position = _behind_sub_blocks(data, position + 2)
        elif kind == _IMAGE:
            position = _take_image(blocks, data, position + 1)
            blocks.durations_ms.append(duration_ms)
            duration_ms = 0.0
        elif kind == _PADDING:  # empty blocks that some programs leave; decoders skip them
            position += 1
        else:
            raise damaged()
    blocks.source_bytes = position + 1
    return blocks


def _take_image(blocks: GifBlocks, data: bytes, start: int) -> int:
    """Take in an image descriptor; return the position behind the image."""
    descriptor = _taken(data, start, 9)
    left, top, columns, rows = (
        int.from_bytes(descriptor[at : at + 2], "little") for at in (0, 2, 4, 6)
    )
    blocks.columns = max(blocks.columns, left + columns)
    blocks.rows = max(blocks.rows, top + rows)
    palette_bytes = _take_palette(blocks, data, start + 9, descriptor[8])
    return _behind_sub_blocks(data, start + 9 + palette_bytes + 1)


def _take_palette(blocks: GifBlocks, data: bytes, start: int, flags: int) -> int:
    """Look whether a palette has colors; return its length."""
    if not flags & 0x80:
        return 0
    palette = _taken(data, start, 3 * 2 ** (1 + (flags & 7)))
    if not palette[0::3] == palette[1::3] == palette[2::3]:
        blocks.is_gray = False
    return len(palette)


def _behind_sub_blocks(data: bytes, position: int) -> int:
    while length := _taken(data, position, 1)[0]:
        position += 1 + length
    return position + 1


def _taken(data: bytes, start: int, length: int) -> bytes:
    if start + length > len(data):
        raise truncated()
    return data[start : start + length]
