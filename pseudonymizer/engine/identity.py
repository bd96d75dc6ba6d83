"""Read from a file's header whose it is and what it is."""

import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.charset import decode_bytes, python_encoding

from pseudonymizer.engine.elements import Dataset, Element, text_of
from pseudonymizer.engine.errors import PseudonymizationError
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.part10 import Part10, open_part10, read_part10
from pseudonymizer.engine.reading import Reader, Span

SPECIFIC_CHARACTER_SET = 0x00080005
SOP_CLASS_UID = 0x00080016
SOP_INSTANCE_UID = 0x00080018
MODALITY = 0x00080060
PATIENT_NAME = 0x00100010
PATIENT_ID = 0x00100020
ISSUER_OF_PATIENT_ID = 0x00100021
PATIENT_BIRTH_DATE = 0x00100030
PATIENT_SEX = 0x00100040
STUDY_INSTANCE_UID = 0x0020000D
SERIES_INSTANCE_UID = 0x0020000E
_LAST_TAG = 0xFFFFFFFF

_IDENTIFIERS = frozenset(
    {
        *(SPECIFIC_CHARACTER_SET, SOP_CLASS_UID, SOP_INSTANCE_UID, MODALITY),
        *(PATIENT_NAME, PATIENT_ID, ISSUER_OF_PATIENT_ID, PATIENT_BIRTH_DATE, PATIENT_SEX),
        *(STUDY_INSTANCE_UID, SERIES_INSTANCE_UID),
    }
)
_NAME_DELIMITERS = {0x5C, 0x5E, 0x3D}  # backslash, caret, equals sign (PS3.5 6.1.2.5.3)
FIRST_BYTES = 1 << 14  # in most files the identifiers stand here: quicker than to map the file
_FALLBACK = "latin-1"  # any bytes have a reading, and equal bytes the same one
_REQUIRED_UIDS = {
    SOP_INSTANCE_UID: (
        "no-sop-instance-uid",
        _("The file has no single SOP Instance UID, so it cannot be told apart. Export it again."),
    ),
    STUDY_INSTANCE_UID: (
        "no-study-instance-uid",
        _(
            "The file has no single Study Instance UID, so it cannot be told apart. "
            "Export it again."
        ),
    ),
    SERIES_INSTANCE_UID: (
        "no-series-instance-uid",
        _(
            "The file has no single Series Instance UID, so it cannot be told apart. "
            "Export it again."
        ),
    ),
}


@dataclass(frozen=True)
class Identity:
    """What a file says of its patient, as text without padding; never shown by repr()."""

    patient_id: str = field(repr=False)
    issuer: str = field(repr=False)
    name: str = field(repr=False)
    birth_date: str = field(repr=False)
    sex: str = field(repr=False)
    study_instance_uid: str = field(repr=False)


@dataclass(frozen=True)
class Header:
    """What the planner needs of a file; original UIDs are never shown by repr()."""

    identity: Identity
    sop_class_uid: str
    sop_instance_uid: str = field(repr=False)
    study_instance_uid: str = field(repr=False)
    series_instance_uid: str = field(repr=False)
    modality: str


def read_header(path: Path) -> Header:
    """Read whose file this is, without its pixel data.

    Parameters
    ----------
    path : Path
        A DICOM file, with or without preamble and file meta.

    Returns
    -------
    Header

    Raises
    ------
    PseudonymizationError
        With the codes "empty", "not-dicom", "dicomdir", "truncated", "damaged",
        "unsupported-transfer-syntax" or a missing UID.
    OSError
        If the file cannot be read.
    """
    with path.open("rb", buffering=0) as file:
        first = file.read(FIRST_BYTES)
    with suppress(PseudonymizationError):  # what is wrong, only the whole file can say
        dataset, end = _read_identifiers(read_part10(first), SERIES_INSTANCE_UID)
        if end < len(first):
            return header_of(dataset)
    with open_part10(path) as part10:
        with suppress(PseudonymizationError):
            return header_of(_read_identifiers(part10, SERIES_INSTANCE_UID)[0])
        return header_of(_read_identifiers(part10, _LAST_TAG)[0])  # in whatever order they stand


def _read_identifiers(part10: Part10, last_tag: int) -> tuple[Dataset, int]:
    span = Span(part10.start, len(part10.buffer))
    return Reader(part10.buffer, _IDENTIFIERS).read_dataset(span, part10.encoding, last_tag)


def header_of(dataset: Dataset) -> Header:
    """Return the header of a dataset that was read at least to group 0020."""
    for tag, (code, sentence) in _REQUIRED_UIDS.items():
        uid = text_of(dataset.get(tag))
        if not uid or "\\" in uid:
            raise PseudonymizationError(code, sentence)
    return Header(
        identity=_identity_of(dataset),
        sop_class_uid=text_of(dataset.get(SOP_CLASS_UID)),
        sop_instance_uid=text_of(dataset[SOP_INSTANCE_UID]),
        study_instance_uid=text_of(dataset[STUDY_INSTANCE_UID]),
        series_instance_uid=text_of(dataset[SERIES_INSTANCE_UID]),
        modality=text_of(dataset.get(MODALITY)),
    )


def _identity_of(dataset: Dataset) -> Identity:
    terms = text_of(dataset.get(SPECIFIC_CHARACTER_SET)).split("\\")
    return Identity(
        patient_id=decode(dataset.get(PATIENT_ID), terms),
        issuer=decode(dataset.get(ISSUER_OF_PATIENT_ID), terms),
        name=decode(dataset.get(PATIENT_NAME), terms),
        birth_date=text_of(dataset.get(PATIENT_BIRTH_DATE)),
        sex=text_of(dataset.get(PATIENT_SEX)),
        study_instance_uid=text_of(dataset.get(STUDY_INSTANCE_UID)),
    )


def decode(element: Element | None, terms: list[str]) -> str:
    """Return a text value by the Specific Character Set's defined terms (PS3.5 6.1)."""
    if element is None:
        return ""
    encodings = [python_encoding.get(term.strip(), _FALLBACK) for term in terms]
    if len(encodings) == 1 and b"\x1b" not in element.value:
        text = element.value.decode(encodings[0], errors="replace")
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's would reach logs and screens
            text = decode_bytes(element.value, encodings, _NAME_DELIMITERS)
    return text.strip(" \0")
