"""ICC profiles, reduced to color: a monitor's profile may name a person, a host or a program."""

import struct

_HEADER_BYTES = 128
_COLOR_TAGS = frozenset(
    b"rXYZ gXYZ bXYZ rTRC gTRC bTRC wtpt bkpt chad lumi A2B0 A2B1 A2B2 B2A0 B2A1 B2A2 gamt".split()
)
_COLOR_TYPES = frozenset({b"XYZ ", b"curv", b"para", b"sf32", b"mft1", b"mft2", b"mAB ", b"mBA "})
_FIXED_DATE = struct.pack(">6H", 2000, 1, 1, 0, 0, 0)
_PERSONAL_FIELDS = ((4, 8), (40, 44), (48, 56), (80, 128))
"""Preferred program, platform, device maker and model, creator, digest."""


def color_only(profile: bytes) -> bytes | None:
    """Rebuild an RGB profile with its color tags alone.

    Parameters
    ----------
    profile : bytes
        An ICC profile of version 2 or 4.

    Returns
    -------
    bytes or None
        A profile with the same colors, fixed texts, date and no maker; None if `profile` is not
        a readable RGB profile.

    References
    ----------
    ISO 15076-1; DICOM PS3.3 C.11.15.
    """
    if profile[36:40] != b"acsp" or profile[16:20] != b"RGB ":
        return None
    tags = _color_tags(profile)
    if not tags:
        return None
    is_v2 = profile[8] < 4
    tags[b"desc"] = _description("RGB", is_v2)
    tags[b"cprt"] = _copyright("None", is_v2)
    return _assemble(_neutral_header(profile), tags)


def _color_tags(profile: bytes) -> dict[bytes, bytes]:
    """Return the values of the color tags; none at all where one cannot be read."""
    tags = {}
    (count,) = struct.unpack(">I", profile[128:132].ljust(4, b"\0"))
    for index in range(min(count, 200)):
        entry = profile[132 + 12 * index : 144 + 12 * index]
        if len(entry) < 12:
            return {}
        name, offset, size = struct.unpack(">4sII", entry)
        if name not in _COLOR_TAGS:
            continue
        value = profile[offset : offset + size]
        if len(value) != size or value[:4] not in _COLOR_TYPES:
            return {}
        tags[name] = value
    return tags


def _neutral_header(profile: bytes) -> bytearray:
    header = bytearray(profile[:_HEADER_BYTES])
    for start, end in _PERSONAL_FIELDS:
        header[start:end] = bytes(end - start)
    header[24:36] = _FIXED_DATE
    return header


def _description(text: str, is_v2: bool) -> bytes:
    if not is_v2:
        return _localized(text)
    ascii_text = text.encode() + b"\0"
    return b"desc" + bytes(4) + struct.pack(">I", len(ascii_text)) + ascii_text + bytes(78)


def _copyright(text: str, is_v2: bool) -> bytes:
    return b"text" + bytes(4) + text.encode() + b"\0" if is_v2 else _localized(text)


def _localized(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">IIIHHII", 0, 1, 12, 0x656E, 0x5553, len(encoded), 28) + encoded


def _assemble(header: bytearray, tags: dict[bytes, bytes]) -> bytes:
    table, values = bytearray(struct.pack(">I", len(tags))), bytearray()
    places: dict[bytes, int] = {}
    first = _HEADER_BYTES + 4 + 12 * len(tags)
    for name, value in tags.items():
        if value not in places:
            places[value] = first + len(values)
            values += value + bytes(-len(value) % 4)
        table += struct.pack(">4sII", name, places[value], len(value))
    header[:4] = struct.pack(">I", first + len(values))
    return bytes(header + table + values)
