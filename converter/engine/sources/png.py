"""PNG: checked chunk by chunk, decoded, stored losslessly with all its bits."""

import io
import struct
import zlib
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngImageFile

from converter.engine.errors import ConversionError, damaged, truncated
from converter.engine.errors import gettext_noop as _
from converter.engine.options import Job
from converter.engine.output import Outbox
from converter.engine.sources.raster import (
    Picture,
    check_size,
    flatten,
    make_instance,
    pillow_errors,
)

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Text chunks are left out: they carry names, and may unpack to any size.
_NEEDED = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"iCCP", b"eXIf", b"IEND"})


def convert(source: Path, job: Job, box: Outbox) -> None:
    """Write one instance; 16 bits stay 16 bits."""
    clean, bit_depth, color_type, size = needed_chunks(source.read_bytes())
    channels = {0: 1, 2: 3, 3: 4, 4: 2, 6: 4}.get(color_type)
    if channels is None:
        raise damaged()
    check_size(*size, channels * (2 if bit_depth == 16 else 1), job.options)
    with pillow_errors():
        picture = _picture(clean, bit_depth)
    box.write(make_instance(job, picture))


def _picture(clean: bytes, bit_depth: int) -> Picture:
    if bit_depth == 16:
        from converter.engine.sources.png16 import flatten_16_bit

        return flatten_16_bit(clean)
    with io.BytesIO(clean) as file:
        image: Image.Image = PngImageFile(file)
        return flatten(image)


def needed_chunks(data: bytes) -> tuple[bytes, int, int, tuple[int, int]]:
    """Check every chunk and keep those that make the picture.

    Returns
    -------
    tuple
        A PNG of the needed chunks, the bit depth, the color type, and (columns, rows).

    Raises
    ------
    ConversionError
        Code "truncated", "damaged" (checksum), or "unsupported" (animation).
    """
    kept = [_SIGNATURE]
    position, header, kind = len(_SIGNATURE), b"", b""
    while kind != b"IEND":
        chunk = _chunk(data, position)
        position += len(chunk)
        kind = chunk[4:8]
        if kind == b"acTL":
            raise ConversionError(
                _("Animated images are not supported yet. Save one frame as PNG."), "unsupported"
            )
        if kind == b"IHDR":
            header = chunk[8:-4]
        if kind in _NEEDED:
            kept.append(chunk)
    if len(header) != 13:
        raise damaged()
    columns, rows, bit_depth, color_type = struct.unpack(">IIBB", header[:10])
    return b"".join(kept), bit_depth, color_type, (columns, rows)


def _chunk(data: bytes, position: int) -> bytes:
    """Return a chunk with its length, kind and checksum."""
    length = int.from_bytes(data[position : position + 4])
    end = position + 12 + length
    if len(data) < position + 12 or end > len(data):
        raise truncated()
    if zlib.crc32(data[position + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
        raise damaged()
    return data[position:end]
