"""Tell what a file is from its first bytes; its name is never asked."""

import struct
import zlib
from contextlib import suppress

CONVERTIBLE = frozenset(
    {"jpeg", "png", "bmp", "gif", "webp", "tiff", "nifti", "nifti-gz", "nifti-pair", "slide"}
)
"""Kinds that `convert_file` takes; other kinds that `sniff` names are refused with a reason."""

_BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_ANALYZE_DATATYPES = frozenset({1, 2, 4, 8, 16, 32, 64, 128})
_STARTS = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0", "tiff"),
    (b"MM\0+", "tiff"),
    (b"SQLite format 3\0", "slide"),  # as Sakura writes them; other databases are none
)


def sniff(head: bytes) -> str | None:
    """Name the kind of a file.

    Parameters
    ----------
    head : bytes
        The first 1024 bytes of the file, or all of it when it is shorter.

    Returns
    -------
    str or None
        One of `CONVERTIBLE` for what can be converted ("nifti-pair" is a header whose voxels lie
        in a second file; slides that are TIFF are told from other TIFF by their directories, in
        `is_slide`); "dicom" or "analyze" for what is known and refused; else None.

    References
    ----------
    DICOM PS3.10 7.1, DICOM File Meta Information.
    """
    if _is_dicom(head):
        return "dicom"
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if _is_bmp(head):
        return "bmp"
    if head.startswith(b"\x1f\x8b"):
        packed = _nifti(_gunzip_head(head))
        return "nifti-gz" if packed == "nifti" else packed
    return _nifti(head)


def _is_dicom(head: bytes) -> bool:
    """Part 10 files, and the older ones that start with group 0008 and have no preamble."""
    if head[128:132] == b"DICM":
        return True
    group, element = struct.unpack("<HH", head[:4].ljust(4, b"\0"))
    if group != 0x0008 or element > 0x0018 or len(head) < 8:
        return False
    return head[4:6] in (b"UL", b"CS", b"UI", b"DA", b"TM") or head[6:8] == b"\0\0"


def _is_bmp(head: bytes) -> bool:
    if head[:2] != b"BM" or len(head) < 18:
        return False
    return struct.unpack("<I", head[14:18])[0] in _BMP_HEADER_SIZES


def _nifti(head: bytes) -> str | None:
    if head[4:12] == b"n+2\0\r\n\x1a\n" or head[344:348] == b"n+1\0":
        return "nifti"
    if head[4:12] == b"ni2\0\r\n\x1a\n" or head[344:348] == b"ni1\0":
        return "nifti-pair"
    return "analyze" if _is_analyze(head) else None


def _is_analyze(head: bytes) -> bool:
    """Analyze 7.5 has no magic word: the header's size, dimensions and type speak for it."""
    if len(head) < 348:
        return False
    for order in "<>":
        size, dimensions, datatype = struct.unpack_from(f"{order}i36xh28xh", head)
        if size == 348 and 1 <= dimensions <= 7 and datatype in _ANALYZE_DATATYPES:
            return True
    return False


def _gunzip_head(head: bytes) -> bytes:
    """Unpack at most 1024 bytes; what is damaged gives what came before."""
    unpacker, unpacked = zlib.decompressobj(wbits=31), b""
    with suppress(zlib.error):
        for start in range(0, len(head), 32):
            unpacked += unpacker.decompress(head[start : start + 32], 1024)
            if len(unpacked) >= 1024:
                break
    return unpacked
