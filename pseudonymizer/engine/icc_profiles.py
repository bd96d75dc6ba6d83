"""ICC profiles, reduced to color in their place: texts may name a device, a host or a person."""

from struct import pack, unpack_from

ICC_PROFILE = 0x00282000
_HEADER_BYTES, _ENTRY_BYTES = 128, 12
_MOST_TAGS = 200
_COLOR_TYPES = frozenset(
    [b"XYZ ", b"chrm", b"curv", b"mAB ", b"mBA ", b"meas", b"mft1", b"mft2", b"para", b"sf32",
     b"sig ", b"view"]
)  # fmt: skip
# What says nothing, of each type of text; zeros fill its place.
_EMPTY_TEXTS = {
    b"text": b"text" + bytes(4),
    b"desc": b"desc" + bytes(4) + pack(">I", 1),
    b"mluc": b"mluc" + bytes(4) + pack(">II", 0, 12),
}
_FIXED_DATE = pack(">6H", 2000, 1, 1, 0, 0, 0)
# Preferred program, platform, device maker and model, creator, digest and what follows it.
_PERSONAL_FIELDS = ((4, 8), (40, 44), (48, 56), (80, 128))


def color_only(profile: bytes) -> bytes | None:
    """Return a profile of the same colors and length that says nothing else.

    Parameters
    ----------
    profile : bytes
        The value of ICC Profile.

    Returns
    -------
    bytes or None
        With empty texts, a fixed date and no maker; zeros stand where other values and gaps were.
        None for what is no profile.

    References
    ----------
    ISO 15076-1, 7.2 to 7.4 and 10; DICOM PS3.3 C.11.15.
    """
    tags = _tags_of(profile)
    if not tags:
        return None
    cleaned = bytearray(len(profile))
    cleaned[:_HEADER_BYTES] = _neutral_header(profile)
    values = {tag: _neutral_value(profile[tag[1] : tag[1] + tag[2]]) for tag in tags}
    kept = {tag: value for tag, value in values.items() if value is not None}
    for (_name, offset, size), value in kept.items():
        cleaned[offset : offset + size] = value
    table = pack(">I", len(kept)) + b"".join(pack(">4sII", *tag) for tag in kept)
    cleaned[_HEADER_BYTES : _HEADER_BYTES + len(table)] = table
    return bytes(cleaned)


def _neutral_value(value: bytes) -> bytes | None:
    """Return colors as they are, texts without their text, and None for everything else."""
    if value[:4] in _COLOR_TYPES:
        return value
    empty = _EMPTY_TEXTS.get(value[:4])
    return empty.ljust(len(value), b"\0") if empty and len(empty) <= len(value) else None


def _tags_of(profile: bytes) -> list[tuple[bytes, int, int]]:
    """Return name, offset and size of each tag; none at all where the table lies."""
    first = _HEADER_BYTES + 4
    if len(profile) < first or profile[36:40] != b"acsp":
        return []
    (count,) = unpack_from(">I", profile, _HEADER_BYTES)
    end = first + _ENTRY_BYTES * count
    if count > _MOST_TAGS or end > len(profile):
        return []
    tags = [unpack_from(">4sII", profile, at) for at in range(first, end, _ENTRY_BYTES)]
    is_sound = all(offset >= end and offset + size <= len(profile) for _, offset, size in tags)
    return tags if is_sound else []


def _neutral_header(profile: bytes) -> bytes:
    header = bytearray(profile[:_HEADER_BYTES])
    for start, end in _PERSONAL_FIELDS:
        header[start:end] = bytes(end - start)
    header[24:36] = _FIXED_DATE
    return bytes(header)
