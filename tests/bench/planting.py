"""Gives out identifiers, each once, and plants them wherever a dataset can carry them."""

import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    RTStructureSetStorage,
)

UNLISTED_SEQUENCE = 0x00081115  # Referenced Series Sequence
UNKNOWN_SEQUENCE = 0x0018FFF0  # in no dictionary
# Identifiers as they are planted: a name nobody has, or a UID below a root nobody uses.
WORD, UID_ROOT = "QZ", "1.3.6.1.4.1.99999"
FOUND = re.compile(rb"QZ[A-Z]{8}|1\.3\.6\.1\.4\.1\.99999\.\d+")


@dataclass
class Planter:
    """Gives out identifiers, each once."""

    planted: set[bytes] = field(default_factory=set)

    def word(self) -> str:
        """Return a new word of ten capital letters."""
        word = WORD + _letters(len(self.planted) * 7_368_787)
        self.planted.add(word.encode())
        return word

    def uid(self) -> str:
        """Return a new UID."""
        uid = f"{UID_ROOT}.{len(self.planted) + 10**6}"
        self.planted.add(uid.encode())
        return uid

    def value(self, vr: str) -> str | bytes:
        """Return a value of one VR that holds a new identifier."""
        if vr == "UI":
            return self.uid()
        if vr in ("OB", "UN"):
            return self.word().encode()
        return f"{self.word()}^Hans" if vr == "PN" else self.word()

    def left_in(self, folder: Path) -> set[bytes]:
        """Return the identifiers that stand in any file below `folder`."""
        found: set[bytes] = set()
        for path in folder.rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                found.update(FOUND.findall(content), FOUND.findall(_inflated(content)))
        return found & self.planted


def at_top(dataset: Dataset, attributes: Dataset) -> None:
    dataset.update({element.tag: element for element in attributes})


def in_a_sequence(dataset: Dataset, attributes: Dataset) -> None:
    dataset.add_new(UNLISTED_SEQUENCE, "SQ", [attributes])


def three_deep(dataset: Dataset, attributes: Dataset) -> None:
    for _ in range(2):
        outer = Dataset()
        outer.add_new(UNLISTED_SEQUENCE, "SQ", [attributes])
        attributes = outer
    in_a_sequence(dataset, attributes)


def in_a_known_sequence_as_un(dataset: Dataset, attributes: Dataset) -> None:
    dataset[UNLISTED_SEQUENCE] = _unknown(UNLISTED_SEQUENCE, attributes)


def in_an_unknown_sequence_as_un(dataset: Dataset, attributes: Dataset) -> None:
    dataset[UNKNOWN_SEQUENCE] = _unknown(UNKNOWN_SEQUENCE, attributes)


def private(dataset: Dataset, planter: Planter) -> None:
    """Plant private attributes at two depths, text in binary ones as well."""
    inner = Dataset()
    for one in (inner, dataset):
        one.add_new(0x00090010, "LO", "SOME CREATOR")
        for number, vr in enumerate(("LO", "PN", "UT", "OB", "UN", "SH", "UI")):
            one.add_new(0x00091001 + number, vr, planter.value(vr))
        item = Dataset()
        item.PatientName = planter.value("PN")
        one.add_new(0x00091020, "SQ", [item])
    in_a_sequence(dataset, inner)


def overlays_and_curves(dataset: Dataset, planter: Planter) -> None:
    for group in (0x6000, 0x6004, 0x5000, 0x501E):
        dataset.add_new(group << 16 | 0x0022, "LO", planter.word())
        dataset.add_new(group << 16 | 0x1500, "LO", planter.word())
        dataset.add_new(group << 16 | 0x4000, "LT", planter.word())
        dataset.add_new(group << 16 | 0x3000, "OB", planter.word().encode())


def unknown_attributes(dataset: Dataset, planter: Planter) -> None:
    """Plant attributes that no dictionary knows yet."""
    for number, vr in enumerate(("LO", "UT", "PN", "CS", "OB", "UN", "AE", "SH")):
        dataset.add_new(0x0018FFE0 + number, vr, planter.value(vr))


def text_where_numbers_belong(dataset: Dataset, planter: Planter) -> None:
    for tag in (0x00280106, 0x00280107, 0x00189073, 0x00200013, 0x00180060, 0x00280009):
        dataset[tag] = DataElement(tag, "LO", planter.word())


def text_in_kept_attributes(dataset: Dataset, planter: Planter) -> None:
    """Plant the patient's own name where makers write the scanner's settings."""
    name = planter.word()
    dataset.PatientName, dataset.ConvolutionKernel = f"{name}^Hans", f"B30 {name}"
    dataset.ViewCodeSequence = [_code(f"Seen by {name}")]
    dataset.Manufacturer, dataset.ScanOptions = f"Scanner of {name}", name


def free_text(dataset: Dataset, planter: Planter) -> None:
    for keyword in (
        *("ImageComments", "StudyDescription", "SeriesDescription", "ProtocolName"),
        *("RequestedProcedureDescription", "ContrastBolusAgent", "AdmittingDiagnosesDescription"),
        *("DerivationDescription", "AcquisitionComments", "TextComments", "FrameComments"),
    ):
        setattr(dataset, keyword, f"Head of {planter.word()}")


def report(dataset: Dataset, planter: Planter) -> None:
    """Make a report whose observer, texts and references name people."""
    dataset.SOPClassUID, dataset.Modality = ComprehensiveSRStorage, "SR"
    del dataset[0x7FE00010]
    items = []
    for kind, keyword, vr in (
        ("TEXT", "TextValue", "UT"),
        ("PNAME", "PersonName", "PN"),
        ("UIDREF", "UID", "UI"),
        ("TEXT", "TextValue", "UT"),
    ):
        item = Dataset()
        item.RelationshipType, item.ValueType = "CONTAINS", kind
        item.ConceptNameCodeSequence = [_code("Finding")]
        setattr(item, keyword, planter.value(vr))
        items.append(item)
    inner = Dataset()
    inner.RelationshipType, inner.ValueType, inner.ContentSequence = "CONTAINS", "CONTAINER", items
    dataset.ValueType, dataset.ContentSequence = "CONTAINER", [inner]
    dataset.DocumentTitle = planter.word()


def _code(meaning: str) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "121071", "DCM", meaning
    return code


def structure_set(dataset: Dataset, planter: Planter) -> None:
    dataset.SOPClassUID, dataset.Modality = RTStructureSetStorage, "RTSTRUCT"
    del dataset[0x7FE00010]
    dataset.StructureSetLabel, dataset.StructureSetName = planter.word(), planter.word()
    roi = Dataset()
    roi.ROINumber, roi.ROIName, roi.ROIDescription = 1, planter.word(), planter.word()
    roi.ReferencedFrameOfReferenceUID = planter.uid()
    dataset.StructureSetROISequence = [roi]
    seen = Dataset()
    seen.ROIObservationLabel, seen.ROIInterpreter = planter.word(), planter.value("PN")
    dataset.RTROIObservationsSequence = [seen]


def _unknown(tag: int, item: Dataset) -> DataElement:
    """Return a sequence in the form of an element of VR UN (PS3.5 6.2.2)."""
    content = content_of(item, ImplicitVRLittleEndian)
    return DataElement(tag, "UN", pack("<HHL", 0xFFFE, 0xE000, len(content)) + content)


def content_of(dataset: Dataset, syntax: UID) -> bytes:
    """Return the dataset alone in the bytes of a file."""
    buffer = DicomBytesIO()
    buffer.is_little_endian = syntax != ExplicitVRBigEndian
    buffer.is_implicit_VR = syntax == ImplicitVRLittleEndian
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def _inflated(content: bytes) -> bytes:
    """Return the dataset of a deflated file, else nothing."""
    if DeflatedExplicitVRLittleEndian.encode() not in content[:1000]:
        return b""
    start = 144 + int.from_bytes(content[140:144], "little")
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(content[start:])
    except zlib.error:
        return b""


def _letters(number: int) -> str:
    letters = ""
    for _ in range(8):
        number, digit = divmod(number, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


PLACES = (
    at_top,
    in_a_sequence,
    three_deep,
    in_a_known_sequence_as_un,
    in_an_unknown_sequence_as_un,
)
PLANTS: tuple[Callable[[Dataset, Planter], None], ...] = (
    private,
    overlays_and_curves,
    unknown_attributes,
    text_where_numbers_belong,
    text_in_kept_attributes,
    free_text,
    report,
    structure_set,
)
