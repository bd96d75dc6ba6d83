"""Tell what a file is by its content.

Names count only for the litter of operating systems, for what goes with a volume (voxels without
a header, .img, whose content can be anything, sidecars, .json, and names of labels), and for slides
whose content says nothing: the parts of a MIRAX slide, and databases of Sakura (.svslide).
"""

import codecs
import re
import struct
import zlib
from pathlib import Path, PurePosixPath

from pacs_portal.uploads.foreign import FOREIGN_KINDS, foreign_kind, is_mgh
from pacs_portal.uploads.slides import is_slide_tiff

HEAD_BYTES = 4096
SLIDE_PART = re.compile(r"slidedat\.ini|index\.dat|data\d{4,5}\.dat")
SQLITE = b"SQLite format 3\0"
# Kinds for which the name is asked too: voxels may begin like anything.
TELL_NOTHING = FOREIGN_KINDS | {"unknown", "gzip"}
LABEL_TABLE_SUFFIXES = (".tsv", ".ctbl", ".label", ".txt")
SYSTEM_NAMES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory"})
SYSTEM_FOLDERS = frozenset({"__macosx", ".appledouble", ".spotlight-v100", ".trashes"})
SIGNATURES = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"II+\0\x08\0\0\0", "tiff"),
    (b"MM\0+\0\x08\0\0", "tiff"),
    (b"%PDF-", "pdf"),
    (b"PK\x05\x06", "zip"),
)
BMP_HEADER_SIZES = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
# Documents that are zips inside start with one of these entries: nothing to unpack for us.
DOCUMENT_ENTRIES = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"META-INF/")
NIFTI_1_MAGIC = {b"n+1\0": "nifti", b"ni1\0": "nifti-pair"}
NIFTI_2_MAGIC = {b"n+2\0\r\n\x1a\n": "nifti", b"ni2\0\r\n\x1a\n": "nifti-pair"}
ANALYZE_DATATYPES = frozenset({1, 2, 4, 8, 16, 32, 64, 128})
FILE_COLUMNS = frozenset({"path", "file", "folder"})
GZIP_WINDOW = 16 + zlib.MAX_WBITS
DICOMDIR_CLASS = b"1.2.840.10008.1.3.10"
DICOM_VRS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN "
    b"UR US UT UV".split()
)
# A file without preamble starts with one of these groups (PS3.5 orders elements by tag).
FIRST_GROUPS = frozenset({0x0002, 0x0004, 0x0008})
MAX_FIRST_ELEMENT = 0x0102
MAX_FIRST_LENGTH = 1024


def sniff_file(path: Path, relative_path: PurePosixPath | None = None) -> str:
    """Return the kind of the file at `path`; `relative_path` is the name a person gave it.

    Returns
    -------
    str
        "empty", "dicom", "dicomdir", "jpeg", "png", "bmp", "gif", "webp", "tiff", "slide" (a TIFF
        of tiles, or of a known scanner), "slide-part" (of a MIRAX slide), "nifti",
        "nifti-gz", "nifti-pair" (the header of a pair, packed or not), "voxels" (the rest of a
        pair), "json" (an object), "labels" (a table of names for a label map), "analyze",
        one of `FOREIGN_KINDS`,
        "gzip", "zip", "pdf", "table" (text whose heading has a column for files or folders),
        "system", "unreadable" (the disk does not give it) or "unknown".
    """
    if relative_path is not None and is_system_file(relative_path):
        return "system"
    try:
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
    except OSError:
        return "unreadable"
    kind = sniff_head(head)
    if kind == "tiff":
        return "slide" if is_slide_tiff(path) else kind
    if relative_path is not None and kind in TELL_NOTHING:
        return _companion_kind(head, relative_path.name.lower()) or kind
    return kind


def is_system_file(relative_path: PurePosixPath) -> bool:
    """Tell whether an operating system left the file behind (.DS_Store, Thumbs.db, ._name, …)."""
    *folders, name = (part.lower() for part in relative_path.parts)
    return (
        name in SYSTEM_NAMES
        or name.startswith("._")
        or any(folder in SYSTEM_FOLDERS for folder in folders)
    )


def _companion_kind(head: bytes, name: str) -> str | None:
    """Name what goes with a volume or a slide: what looks like nothing, or text beside it."""
    if name.endswith((".img", ".img.gz")):
        return "voxels"
    if SLIDE_PART.fullmatch(name):
        return "slide-part"
    if name.endswith(".mrxs") or (name.endswith(".svslide") and head.startswith(SQLITE)):
        return "slide"
    if name.endswith(LABEL_TABLE_SUFFIXES) and _names_labels(head):
        return "labels"
    return "json" if name.endswith(".json") and head.lstrip()[:1] == b"{" else None


def _names_labels(head: bytes) -> bool:
    """Tell tables of BIDS, ITK-SNAP and 3D Slicer by how they begin."""
    start = head.removeprefix(b"\xef\xbb\xbf").lower()
    first = start.partition(b"\n")[0].split(b"\t")
    columns = {cell.strip() for cell in first}
    return {b"index", b"name"} <= columns or b"itk-snap label" in start or b"color table" in start


def sniff_head(head: bytes) -> str:
    """Return the kind of a file that starts with `head` (4096 bytes are enough)."""
    if not head:
        return "empty"
    if head[128:132] == b"DICM":
        return "dicomdir" if _is_dicomdir(head, 132) else "dicom"
    for signature, kind in SIGNATURES:
        if head.startswith(signature):
            return kind
    return _sniff_structure(head)


def _sniff_structure(head: bytes) -> str:
    if head.startswith(b"PK\x03\x04"):
        return "unknown" if head[30:].startswith(DOCUMENT_ENTRIES) else "zip"
    if head.startswith(b"\x1f\x8b"):
        unpacked = _gunzipped(head)
        packed = _volume_kind(unpacked) or ("mgh" if is_mgh(unpacked) else "gzip")
        return "nifti-gz" if packed == "nifti" else packed
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "webp"
    if _is_bmp(head):
        return "bmp"
    if kind := _volume_kind(head):
        return kind
    if _starts_with_element(head):
        return "dicomdir" if _is_dicomdir(head, 0) else "dicom"
    if _is_table(head):
        return "table"
    return foreign_kind(head) or "unknown"


def _is_table(head: bytes) -> bool:
    """Tell whether the first line is a heading that names files or folders among its columns."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = head[: len(head) // 2 * 2].decode("utf-16", "replace")
    else:
        text = head.removeprefix(codecs.BOM_UTF8).decode("latin-1")
    first = text.splitlines()[0] if text else ""
    if not first.replace("\t", "").isprintable():
        return False
    cells = [cell.strip(" \"'").casefold() for cell in re.split("[,;\t]", first)]
    return len(cells) > 1 and not FILE_COLUMNS.isdisjoint(cells)


def _is_bmp(head: bytes) -> bool:
    return (
        head.startswith(b"BM")
        and len(head) >= 26
        and struct.unpack_from("<L", head, 14)[0] in BMP_HEADER_SIZES
    )


def _volume_kind(head: bytes) -> str | None:
    if len(head) < 348:
        return None
    header_sizes = {struct.unpack_from(f"{order}i", head)[0] for order in "<>"}
    if 540 in header_sizes:
        return NIFTI_2_MAGIC.get(head[4:12])
    if 348 not in header_sizes:
        return None
    return NIFTI_1_MAGIC.get(head[344:348]) or ("analyze" if _is_analyze(head) else None)


def _is_analyze(head: bytes) -> bool:
    """Analyze 7.5 has no magic word: the header's size, dimensions and type speak for it."""
    fields = (struct.unpack_from(f"{order}i36xh28xh", head) for order in "<>")
    return any(
        size == 348 and 1 <= dimensions <= 7 and datatype in ANALYZE_DATATYPES
        for size, dimensions, datatype in fields
    )


def _gunzipped(head: bytes) -> bytes:
    """Return the first unpacked bytes, however the stream goes on."""
    try:
        return zlib.decompressobj(wbits=GZIP_WINDOW).decompress(head, HEAD_BYTES)
    except zlib.error:
        return b""


def _is_dicomdir(head: bytes, start: int) -> bool:
    """Look for the class of a media directory in the file meta information (0002,0002)."""
    position = head.find(b"\x02\0\x02\0UI", start)
    if position < 0 or len(head) < position + 8:
        return False
    (length,) = struct.unpack_from("<H", head, position + 6)
    return head[position + 8 : position + 8 + length].rstrip(b"\0 ") == DICOMDIR_CLASS


def _starts_with_element(head: bytes) -> bool:
    """Tell whether a DICOM data element stands at the very start, as in files without preamble."""
    return any(_is_first_element(head, order) for order in "<>")


def _is_first_element(head: bytes, order: str) -> bool:
    if len(head) < 16:
        return False
    group, element = struct.unpack_from(f"{order}HH", head)
    if group not in FIRST_GROUPS or element > MAX_FIRST_ELEMENT:
        return False
    if head[4:6] in DICOM_VRS:
        (length,) = struct.unpack_from(f"{order}H", head, 6)
        next_position = 8 + length
    else:
        (length,) = struct.unpack_from(f"{order}L", head, 4)
        next_position = 8 + length
    return length <= MAX_FIRST_LENGTH and _element_follows(head, order, next_position, group)


def _element_follows(head: bytes, order: str, position: int, group: int) -> bool:
    """Chance hits fall here: the next element's tag must stand in order behind the first."""
    if position == len(head):
        return True
    if len(head) < position + 8:
        return False
    next_group, _ = struct.unpack_from(f"{order}HH", head, position)
    return bool(group <= next_group <= 0x0028)
