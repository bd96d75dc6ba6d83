"""JPEG 2000 codestreams of a TIFF: checked, without comments, told apart by their colors."""

from dataclasses import dataclass

from converter.engine.errors import damaged, truncated

_SOC_SIZ, _SOT, _SOD, _EOC = b"\xff\x4f\xff\x51", 0xFF90, 0xFF93, 0xFFD9
_COD, _COM = 0xFF52, 0xFF64
_SIZ_COMPONENTS = 38  # where SIZ, from its length field on, counts the components
_REVERSIBLE, _IRREVERSIBLE = 1, 0


@dataclass(frozen=True)
class CodestreamForm:
    """What the main header of a codestream says."""

    columns: int
    rows: int
    components: int
    bits: int  # 0 where components differ or have signs
    is_subsampled: bool
    has_color_transform: bool
    is_reversible: bool


@dataclass
class _Walk:
    """A codestream on its way to a frame."""

    kept: list[bytes]
    siz: bytes = b""
    cod: bytes = b""
    cod_index: int = 0


def codestream_form(data: bytes) -> CodestreamForm:
    """Read the main header.

    Raises
    ------
    ConversionError
        Code "damaged" or "truncated".

    References
    ----------
    ITU-T T.800 A.5.1, SIZ; A.6.1, COD.
    """
    walk, _position = _main_header(data)
    siz, cod = walk.siz, walk.cod
    if len(siz) < _SIZ_COMPONENTS or len(cod) < 12:
        raise damaged()
    right, bottom, left, top = (int.from_bytes(siz[at : at + 4]) for at in (4, 8, 12, 16))
    count = int.from_bytes(siz[36:38])
    parts = [siz[38 + 3 * n : 41 + 3 * n] for n in range(count)]
    if not parts or len(parts[-1]) != 3:
        raise damaged()
    return CodestreamForm(
        columns=right - left,
        rows=bottom - top,
        components=count,
        bits=_bits({part[0] for part in parts}),
        is_subsampled=any(part[1:] != b"\1\1" for part in parts),
        has_color_transform=cod[6] == 1,
        is_reversible=cod[11] == _REVERSIBLE,
    )


def _bits(depths: set[int]) -> int:
    """Return the bits of samples, of which SIZ tells one less and whether they have a sign."""
    (depth,) = depths if len(depths) == 1 else (0xFF,)
    return 0 if depth & 0x80 else depth + 1


def clean_codestream(data: bytes, set_transform: bool = False) -> bytes:
    """Return a codestream without comments and without what follows its end.

    Parameters
    ----------
    data : bytes
        One tile.
    set_transform : bool
        Say in the header that the components are those of the irreversible color transform.
        Scanners store YCbCr without saying so; the transform's components are the same
        numbers, so that with the mark every decoder returns RGB.

    Raises
    ------
    ConversionError
        Code "damaged" or "truncated".

    References
    ----------
    ITU-T T.800 A.9.2, COM; G.3, irreversible component transformation.
    """
    walk, position = _main_header(data)
    if set_transform:
        cod = bytearray(walk.kept[walk.cod_index])
        cod[8] = 1
        walk.kept[walk.cod_index] = bytes(cod)
    while data[position : position + 2] != _EOC.to_bytes(2):
        part, position = _tile_part(data, position)
        walk.kept.append(part)
    return b"".join((*walk.kept, _EOC.to_bytes(2)))


def _main_header(data: bytes) -> tuple[_Walk, int]:
    """Return the segments before the first tile part, without comments, and where it starts."""
    if not data.startswith(_SOC_SIZ):
        raise damaged()
    walk, position = _Walk([data[:2]]), 2
    while (marker := _marker(data, position)) != _SOT:
        segment = _segment(data, position)
        position += len(segment)
        if marker == 0xFF51:
            walk.siz = segment[2:]
        if marker == _COD:
            walk.cod, walk.cod_index = segment[2:], len(walk.kept)
        if marker != _COM:
            walk.kept.append(segment)
    return walk, position


def _tile_part(data: bytes, position: int) -> tuple[bytes, int]:
    """Return one tile part without comments in its header, and where the next one starts."""
    if _marker(data, position) != _SOT:
        raise damaged()
    start = position
    sot = bytearray(_segment(data, position))
    length = int.from_bytes(sot[6:10])
    stop = start + length if length else len(data) - 2
    if len(sot) != 12 or stop > len(data) - 2 or stop <= start + 12:
        raise truncated()
    position += len(sot)
    kept = []
    while (marker := _marker(data, position)) != _SOD:
        segment = _segment(data, position)
        position += len(segment)
        if marker != _COM:
            kept.append(segment)
        if position > stop:
            raise damaged()
    body = b"".join((*kept, data[position:stop]))
    if length:
        sot[6:10] = (len(sot) + len(body)).to_bytes(4)
    return bytes(sot) + body, stop


def _marker(data: bytes, position: int) -> int:
    marker = data[position : position + 2]
    if len(marker) < 2:
        raise truncated()
    if marker[0] != 0xFF:
        raise damaged()
    return int.from_bytes(marker)


def _segment(data: bytes, position: int) -> bytes:
    length = int.from_bytes(data[position + 2 : position + 4])
    segment = data[position : position + 2 + length]
    if length < 2 or len(segment) != length + 2:
        raise truncated()
    return segment
