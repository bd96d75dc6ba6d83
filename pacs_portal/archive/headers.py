"""Reads from a DICOM file what the index of studies keeps."""

import hashlib
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_noop as _
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from pacs_portal.archive.errors import UnreadableInstanceError

UID = re.compile(r"[0-9]+(\.[0-9]+)*")
UID_MAX_LENGTH = 64
KEYWORDS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "StudyDescription",
    "Modality",
    "SeriesNumber",
    "SeriesDescription",
)
# What pydicom raises on damaged files.
DAMAGE = (
    InvalidDicomError,
    AttributeError,
    EOFError,
    KeyError,
    LookupError,
    NotImplementedError,
    OverflowError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True)
class FileDigests:
    """Digests of a whole file; Orthanc knows MD5 only."""

    sha256: str
    md5: str
    size_bytes: int


def digests_of(path: Path) -> FileDigests:
    """Read the file once, in pieces."""
    sha256, md5 = hashlib.sha256(), hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(2**20):
            sha256.update(piece)
            md5.update(piece)
        size_bytes = file.tell()
    return FileDigests(sha256.hexdigest(), md5.hexdigest(), size_bytes)


def read_header(path: Path) -> Dataset:
    """Return the attributes the index keeps, with every UID checked.

    Raises
    ------
    UnreadableInstanceError
        If the file is no DICOM file or lacks one of the four UIDs that name an instance.
    """
    try:
        header = dcmread(path, stop_before_pixels=True, specific_tags=list(KEYWORDS))
        uids = [text_of(header, keyword) for keyword in KEYWORDS[:4]]
    except DAMAGE:
        raise UnreadableInstanceError(
            "not-dicom", _("This is no readable DICOM file; send the original again.")
        ) from None
    if not all(is_uid(uid) for uid in uids):
        raise UnreadableInstanceError(
            "uid-invalid", _("A UID that names the image is missing or malformed.")
        )
    return header


def is_uid(text: str) -> bool:
    """Tell whether `text` is a UID as PS3.5 9.1 allows it; leading zeros are let pass."""
    return len(text) <= UID_MAX_LENGTH and UID.fullmatch(text) is not None


def text_of(header: Dataset, keyword: str, max_length: int = UID_MAX_LENGTH) -> str:
    """Return an attribute as text of at most `max_length` characters, "" when absent."""
    value = header.get(keyword)
    if value is None:
        return ""
    if not isinstance(value, str) and hasattr(value, "__iter__") and keyword != "PatientName":
        value = "\\".join(str(one) for one in value)
    return str(value).replace("\0", "").strip()[:max_length]


def number_of(header: Dataset, keyword: str) -> int | None:
    """Return an integer attribute, None when it is absent or out of the database's range."""
    text = text_of(header, keyword)
    if not re.fullmatch(r"[+-]?[0-9]{1,9}", text):
        return None
    return int(text)
