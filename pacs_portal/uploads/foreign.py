"""Tell images and films by their first bytes that no tool takes, so that people hear what to do."""

import struct

_STARTS = (
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg2000"),
    (b"\xff\x4f\xff\x51", "jpeg2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "jpegxl"),
    (b"NRRD000", "nrrd"),
    (b"ObjectType =", "metaimage"),
    (b"NDims =", "metaimage"),
    (b"ZISRAWFILE\0", "microscope"),  # Zeiss
    (b"\xda\xce\xbe\x0a", "microscope"),  # Nikon
    (b"\x1a\x45\xdf\xa3", "video"),  # Matroska, WebM
    (b"\0\0\1\xba", "video"),  # MPEG
    (b"\0\0\1\xb3", "video"),
)
FOREIGN_KINDS = frozenset({kind for _, kind in _STARTS} | {"heif", "mgh"})
_RAW_BRAND = b"crx "  # a camera's raw photograph
_STILL_BRANDS = frozenset(b"heic heix heim heis hevc hevx mif1 msf1 avif avis".split())
_LEICA_BLOCK, _LEICA_TEXT = 0x70, 0x2A
_MGH_VERSION, _MGH_TYPES, _MGH_HEADER_BYTES = 1, frozenset({0, 1, 3, 4, 10}), 284
_LONGEST_AXIS = 1 << 15


def foreign_kind(head: bytes) -> str | None:
    """Return one of `FOREIGN_KINDS`, or None."""
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[4:8] == b"ftyp" and head[8:12] != _RAW_BRAND:  # ISO base media
        return "heif" if head[8:12] in _STILL_BRANDS else "video"
    if head[:4] == b"RIFF" and head[8:12] == b"AVI ":
        return "video"
    if head[:4] == struct.pack("<I", _LEICA_BLOCK) and head[8:9] == bytes([_LEICA_TEXT]):
        return "microscope"
    return "mgh" if is_mgh(head) else None


def is_mgh(head: bytes) -> bool:
    """Tell volumes of FreeSurfer, which have no magic word, by version, dimensions and type."""
    if len(head) < _MGH_HEADER_BYTES:
        return False
    version, *axes, kind = struct.unpack_from(">6i", head)
    is_sized = all(0 < axis <= _LONGEST_AXIS for axis in axes)
    return version == _MGH_VERSION and is_sized and kind in _MGH_TYPES
