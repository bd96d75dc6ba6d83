"""The file around a dataset: preamble, file meta, transfer syntax (PS3.10 7.1)."""

import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path

from pseudonymizer.engine.dictionary import is_transfer_syntax
from pseudonymizer.engine.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Buffer,
    Dataset,
    Element,
    Encoding,
    text_element,
    text_of,
)
from pseudonymizer.engine.errors import PseudonymizationError, damaged
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.reading import Reader, Span
from pseudonymizer.engine.writing import write_dataset

IMPLEMENTATION_CLASS_UID = "2.25.285183046913520146711346012862734950233"
IMPLEMENTATION_VERSION_NAME = "PACS2GO"
IMPLICIT_SYNTAX = "1.2.840.10008.1.2"
EXPLICIT_SYNTAX = "1.2.840.10008.1.2.1"
DEFLATED_SYNTAX = "1.2.840.10008.1.2.1.99"
BIG_SYNTAX = "1.2.840.10008.1.2.2"
MEDIA_DIRECTORY_CLASS = "1.2.840.10008.1.3.10"

_MAGIC_AT = 128
_META_GROUP = b"\x02\0"
_LONGEST_INFLATED = 1 << 30
_VIDEO_SYNTAXES = "1.2.840.10008.1.2.4.10"  # MPEG-2, MPEG-4 and HEVC share this beginning
_REMOTE_PIXELS = frozenset(f"1.2.840.10008.1.2.4.{arc}" for arc in ("94", "95", "204", "205"))
_FILE_META_GROUP_LENGTH = 0x00020000
_LAST_OF_META = 0x0002FFFF
_MEDIA_STORAGE_CLASS = 0x00020002
_MEDIA_STORAGE_INSTANCE = 0x00020003
_TRANSFER_SYNTAX = 0x00020010
_WANTED_OF_META = frozenset({_MEDIA_STORAGE_CLASS, _TRANSFER_SYNTAX})


@dataclass(frozen=True)
class Part10:
    """An open file: the buffer that holds the dataset, and how it is encoded."""

    buffer: Buffer
    start: int
    encoding: Encoding
    transfer_syntax_uid: str

    @property
    def is_deflated(self) -> bool:
        return self.transfer_syntax_uid == DEFLATED_SYNTAX

    @property
    def is_video(self) -> bool:
        return self.transfer_syntax_uid.startswith(_VIDEO_SYNTAXES)


@contextmanager
def open_part10(path: Path) -> Iterator[Part10]:
    """Open a DICOM file for reading; its bytes are mapped, not loaded."""
    with path.open("rb", buffering=0) as file:
        if os.fstat(file.fileno()).st_size == 0:
            raise PseudonymizationError("empty", _("The file is empty. Copy it again."))
        with mmap(file.fileno(), 0, access=ACCESS_READ) as buffer:
            yield read_part10(buffer)


def read_part10(buffer: Buffer) -> Part10:
    """Find the dataset in the bytes of a file, and how it is encoded."""
    start = _dataset_or_meta_start(buffer)
    meta, start = _read_meta(buffer, start)
    if text_of(meta.get(_MEDIA_STORAGE_CLASS)) == MEDIA_DIRECTORY_CLASS:
        raise PseudonymizationError(
            "dicomdir",
            _("This is a media directory; its images are taken one by one."),
        )
    syntax = text_of(meta.get(_TRANSFER_SYNTAX)) or _guess_syntax(buffer, start)
    _refuse_syntax(syntax)
    if syntax == DEFLATED_SYNTAX:
        return Part10(_inflate(buffer[start:]), 0, EXPLICIT_LITTLE, syntax)
    return Part10(buffer, start, _encoding_of(syntax), syntax)


def _dataset_or_meta_start(buffer: Buffer) -> int:
    """Return where the first element stands; a lost preamble is forgiven."""
    if buffer[_MAGIC_AT : _MAGIC_AT + 4] == b"DICM":
        return _MAGIC_AT + 4
    if buffer[:4] == b"DICM":
        return 4
    if buffer[:2] in (b"\x02\0", b"\x08\0") and buffer[3:4] == b"\0" and _is_plausible(buffer):
        return 0
    if buffer[:2] == b"\0\x08" and buffer[4:6].isalpha():
        return 0
    raise PseudonymizationError(
        "not-dicom", _("This is not a DICOM file. Images of other kinds go to the converter.")
    )


def _is_plausible(buffer: Buffer) -> bool:
    """Tell whether a bare first element has a VR or a length that fits."""
    length = int.from_bytes(buffer[4:8], "little")
    return buffer[4:6].isalpha() or 0 < length <= len(buffer) - 8


def _read_meta(buffer: Buffer, start: int) -> tuple[Dataset, int]:
    """Return what counts in group 0002, whose stated length is not to be trusted, and its end."""
    reader, meta, end = Reader(buffer, _WANTED_OF_META), Dataset(), start
    while buffer[end : end + 2] == _META_GROUP:
        group = Span(end, len(buffer))
        end = reader.read_short_elements(meta, group, _LAST_OF_META)
        if buffer[end : end + 2] == _META_GROUP:
            element, end = reader.read_element(Span(end, len(buffer)), EXPLICIT_LITTLE)
            meta[element.tag] = element
    return meta, end


def _guess_syntax(buffer: Buffer, start: int) -> str:
    """Return the transfer syntax that a file without one shows by its first element."""
    if not buffer[start + 4 : start + 6].isalpha():
        return IMPLICIT_SYNTAX
    return BIG_SYNTAX if buffer[start : start + 1] == b"\0" else EXPLICIT_SYNTAX


def _refuse_syntax(syntax: str) -> None:
    if syntax in _REMOTE_PIXELS or not is_transfer_syntax(syntax):
        raise PseudonymizationError(
            "unsupported-transfer-syntax",
            _(
                "The file is stored in a form that cannot be checked. "
                "Export it in a standard transfer syntax."
            ),
        )


def _encoding_of(syntax: str) -> Encoding:
    known = {IMPLICIT_SYNTAX: IMPLICIT_LITTLE, BIG_SYNTAX: EXPLICIT_BIG}
    return known.get(syntax, EXPLICIT_LITTLE)


def _inflate(deflated: bytes) -> bytes:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = inflater.decompress(deflated, _LONGEST_INFLATED)
    except zlib.error:
        raise damaged(
            _("The file is damaged: its compressed dataset is unreadable. Export it again.")
        ) from None
    if inflater.unconsumed_tail:
        raise damaged(_("The file is damaged: its dataset unpacks to over 1 GB. Export it again."))
    if not inflater.eof:
        raise PseudonymizationError(
            "truncated", _("The compressed dataset ends too early. Copy the file again.")
        )
    return inflated


def write_meta(sop_class_uid: str, sop_instance_uid: str, transfer_syntax_uid: str) -> bytes:
    """Return a fresh preamble of zeros and file meta information (PS3.10 7.1)."""
    before, after = _lasting_meta(sop_class_uid, transfer_syntax_uid)
    instance = _written(text_element(_MEDIA_STORAGE_INSTANCE, "UI", sop_instance_uid))
    content = before + instance + after
    head = _written(Element(_FILE_META_GROUP_LENGTH, "UL", len(content).to_bytes(4, "little")))
    return b"\0" * _MAGIC_AT + b"DICM" + head + content


@lru_cache(maxsize=64)
def _lasting_meta(sop_class_uid: str, transfer_syntax_uid: str) -> tuple[bytes, bytes]:
    """Return what files of one kind have in common, before and behind the instance's UID."""
    before = (
        Element(0x00020001, "OB", b"\0\1"),
        text_element(_MEDIA_STORAGE_CLASS, "UI", sop_class_uid),
    )
    after = (
        text_element(_TRANSFER_SYNTAX, "UI", transfer_syntax_uid),
        text_element(0x00020012, "UI", IMPLEMENTATION_CLASS_UID),
        text_element(0x00020013, "SH", IMPLEMENTATION_VERSION_NAME),
    )
    return _written(*before), _written(*after)


def _written(*elements: Element) -> bytes:
    return write_dataset({element.tag: element for element in elements}, EXPLICIT_LITTLE)
