"""The color space sRGB as an ICC profile, computed from the numbers of its standard."""

import struct

_D50 = (0.9642, 1.0, 0.8249)
# IEC 61966-2-1, adapted to D50 by Bradford's matrix.
_RED = (0.43607, 0.22249, 0.01392)
_GREEN = (0.38515, 0.71687, 0.09708)
_BLUE = (0.14307, 0.06061, 0.71410)
_CURVE_TYPE, _CURVE = 3, (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_HEADER_BYTES, _ENTRY_BYTES = 128, 12


def _fixed(*numbers: float) -> bytes:
    return b"".join(struct.pack(">i", round(number * 65536)) for number in numbers)


def _xyz(numbers: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*numbers)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    head = struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28)
    return b"mluc" + head + encoded + bytes(-len(encoded) % 4)


def _profile() -> bytes:
    curve = b"para\0\0\0\0" + struct.pack(">HH", _CURVE_TYPE, 0) + _fixed(*_CURVE)
    tags = {
        b"desc": _text("sRGB"),
        b"cprt": _text("None"),
        b"wtpt": _xyz(_D50),
        b"rXYZ": _xyz(_RED),
        b"gXYZ": _xyz(_GREEN),
        b"bXYZ": _xyz(_BLUE),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    position = _HEADER_BYTES + 4 + _ENTRY_BYTES * len(tags)
    table, values, places = struct.pack(">I", len(tags)), b"", {}
    for name, value in tags.items():
        if value not in places:
            places[value] = position + len(values)
            values += value
        table += struct.pack(">4sII", name, places[value], len(value))
    return _header(position + len(values)) + table + values


def _header(size: int) -> bytes:
    """Version 4.3, a display's profile, RGB seen through XYZ, of no date that says anything."""
    return (
        struct.pack(">I4sI", size, bytes(4), 0x04300000)
        + b"mntrRGB XYZ "
        + struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
        + b"acsp"
        + bytes(28)
        + _fixed(*_D50)
        + bytes(48)
    )


SRGB = _profile()
