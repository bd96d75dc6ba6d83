"""Pictures inside of a TIFF's strips and tiles: each has a header of its own, which may lie."""

from collections.abc import Callable
from dataclasses import dataclass

from tifffile import COMPRESSION, TiffPage

from converter.engine.errors import ConversionError, damaged, too_large
from converter.engine.errors import gettext_noop as _
from converter.engine.sources.tiff_compression import PLAIN
from converter.engine.sources.webp import read_chunks

_SLACK_SAMPLES = 2**20  # strips and tiles are padded by some writers
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_STANDALONE = frozenset({0x01, *range(0xD0, 0xDA)})
_START_OF_JPEG = b"\xff\xd8"
_MOST_BOXES = 1000


@dataclass(frozen=True)
class Inner:
    """What the header of a strip or tile claims."""

    columns: int
    rows: int
    samples: int

    @property
    def sample_count(self) -> int:
        return self.columns * self.rows * self.samples


def check_inner(page: TiffPage) -> None:
    """Refuse a page whose strips or tiles claim to be larger than the page says.

    Parameters
    ----------
    page : TiffPage
        Its own size was checked.

    Raises
    ------
    ConversionError
        Code "bomb"; "unsupported" for compressions whose headers are not known here; "damaged".

    References
    ----------
    ISO/IEC 10918-1 B.2.2; ISO/IEC 15444-1 A.5.1 and I.4; ISO/IEC 15948 11.2.2; RFC 9649.
    """
    if page.compression in PLAIN:
        return
    file = page.parent.filehandle
    for offset, size in zip(page.dataoffsets, page.databytecounts, strict=True):
        file.seek(offset)
        check_part(page, file.read(size))


def check_part(page: TiffPage, data: bytes) -> None:
    """Refuse one strip or tile that claims to be larger than its page says; see `check_inner`."""
    if page.compression in PLAIN:
        return
    claimed = _CLAIMS.get(page.compression)
    is_in_pieces = page.compression == COMPRESSION.OJPEG and data[:2] != _START_OF_JPEG
    if claimed is None or is_in_pieces:
        raise ConversionError(
            _("The compression of this TIFF is not supported. Save it with LZW or Deflate."),
            "unsupported",
        )
    width = page.tilewidth if page.is_tiled else page.imagewidth
    length = page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength)
    most = 2 * width * length * max(page.samplesperpixel, 1) + _SLACK_SAMPLES
    inner = claimed(data)
    if inner is None and page.compression != COMPRESSION.OJPEG:
        raise damaged()
    if inner and inner.sample_count > most:
        raise too_large()


def _jpeg(data: bytes) -> Inner | None:
    """Read the frame header; None where there is none: old TIFFs tell it in their tags."""
    position, found = 2, None
    while position + 4 <= len(data):
        if data[position] != 0xFF:
            raise damaged()
        marker = data[position + 1]
        if marker == 0xFF:  # fill
            position += 1
            continue
        if marker in _JPEG_STANDALONE:
            position += 2
            continue
        if marker == 0xDA:
            return found
        if marker in _JPEG_FRAMES:
            if found is not None or position + 10 > len(data):
                raise damaged()
            rows, columns = (
                int.from_bytes(data[position + at : position + at + 2]) for at in (5, 7)
            )
            found = Inner(columns, rows, data[position + 9])
        position += 2 + int.from_bytes(data[position + 2 : position + 4])
    return found


def _jpeg_2000(data: bytes) -> Inner:
    start = 0 if data[:2] == b"\xff\x4f" else _code_stream(data)
    header = data[start : start + 42]
    if len(header) < 42 or header[:4] != b"\xff\x4f\xff\x51":
        raise damaged()
    right, bottom, left, top = (int.from_bytes(header[at : at + 4]) for at in range(8, 24, 4))
    if right <= left or bottom <= top:
        raise damaged()
    return Inner(right - left, bottom - top, int.from_bytes(header[40:42]))


def _code_stream(data: bytes) -> int:
    """Return where the code stream starts behind the boxes of a JP2."""
    position = 0
    for _number in range(_MOST_BOXES):
        length = int.from_bytes(data[position : position + 4])
        kind = data[position + 4 : position + 8]
        is_long = length == 1
        if kind == b"jp2c":
            return position + (16 if is_long else 8)
        if is_long:
            length = int.from_bytes(data[position + 8 : position + 16])
        if length < 8:
            break
        position += length
    raise damaged()


def _png(data: bytes) -> Inner:
    if len(data) < 26 or data[12:16] != b"IHDR":
        raise damaged()
    return Inner(int.from_bytes(data[16:20]), int.from_bytes(data[20:24]), 4)


def _webp(data: bytes) -> Inner:
    chunks = read_chunks(data)
    return Inner(chunks.columns, chunks.rows, 3)


_CLAIMS: dict[int, Callable[[bytes], Inner | None]] = {
    COMPRESSION.JPEG: _jpeg,
    COMPRESSION.OJPEG: _jpeg,
    COMPRESSION.JPEG_LOSSY: _jpeg,
    COMPRESSION.JPEG2000: _jpeg_2000,
    COMPRESSION.APERIO_JP2000_YCBC: _jpeg_2000,
    COMPRESSION.APERIO_JP2000_RGB: _jpeg_2000,
    COMPRESSION.JPEG_2000_LOSSY: _jpeg_2000,
    COMPRESSION.PNG: _png,
    COMPRESSION.WEBP: _webp,
}
