"""Makes hard files: identifiers planted wherever DICOM can carry them, each one of its own.

Every file is one that a scanner, a workstation or a careless export could have written.
"""

import csv
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack

import pydicom
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    UID,
    ComprehensiveSRStorage,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
    RTStructureSetStorage,
)

TABLE = Path(__file__).parents[2] / "pseudonymizer/engine/tables/ps3.15-e1-1.csv"
TEXT_VRS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
UNLISTED_SEQUENCE = 0x00081115  # Referenced Series Sequence
UNKNOWN_SEQUENCE = 0x0018FFF0  # in no dictionary
CHUNK = 60  # attributes in a file
# Identifiers as they are planted: a name nobody has, or a UID below a root nobody uses.
WORD, UID_ROOT = "QZ", "1.3.6.1.4.1.99999"
FOUND = re.compile(rb"QZ[A-Z]{8}|1\.3\.6\.1\.4\.1\.99999\.\d+")
WRITTEN_BY_THE_ENGINE = frozenset(("00080018", "0020000D", "0020000E"))


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


def make_hard_files(folder: Path) -> Planter:
    """Write the files into `folder` and return what was planted in them."""
    folder.mkdir(parents=True)
    planter = Planter()
    with as_written():
        for number, content in enumerate(_files(planter)):
            (folder / f"{number:03}.dcm").write_bytes(content)
    return planter


@contextmanager
def as_written() -> Iterator[None]:
    """Keep pydicom from correcting what is written."""
    config = pydicom.config
    before = config.replace_un_with_known_vr, config.settings.writing_validation_mode
    config.replace_un_with_known_vr = False
    config.settings.writing_validation_mode = config.IGNORE
    try:
        yield
    finally:
        config.replace_un_with_known_vr, config.settings.writing_validation_mode = before


def _files(planter: Planter) -> Iterator[bytes]:
    for place in PLACES:
        for syntax in SYNTAXES if place is at_top else SYNTAXES[:2]:
            for attributes in _table_attributes(planter):
                dataset = base()
                place(dataset, attributes)
                yield file_of(dataset, syntax)
    for plant in PLANTS:
        for syntax in SYNTAXES:
            dataset = base()
            plant(dataset, planter)
            yield file_of(dataset, syntax)
    yield from _envelopes(planter)
    yield from _compressed_images(planter)


def base() -> Dataset:
    """Return a small CT image of a patient who is not planted."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        setattr(dataset, keyword, pydicom.uid.generate_uid())
    dataset.PatientName, dataset.PatientID = "Doe^Jane", "4711-0815"
    dataset.StudyDate, dataset.Modality = "20200304", "CT"
    dataset.Rows, dataset.Columns = 2, 3
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit, dataset.PixelRepresentation = 7, 0
    dataset[0x7FE00010] = DataElement(0x7FE00010, "OB", bytes(range(6)))
    return dataset


def file_of(dataset: Dataset, syntax: UID, *, meta: FileMetaDataset | None = None) -> bytes:
    """Return a file of the dataset as it is, without pydicom's corrections."""
    meta = meta or FileMetaDataset()
    meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    meta.TransferSyntaxUID = syntax
    head = DicomBytesIO()
    head.write(bytes(128) + b"DICM")
    write_file_meta_info(head, meta)
    content = _content(dataset, syntax)
    if syntax == DeflatedExplicitVRLittleEndian:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = packer.compress(content) + packer.flush()
        content += b"\0" * (len(content) % 2)
    return head.getvalue() + content


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
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


def _envelopes(planter: Planter) -> Iterator[bytes]:
    """Plant around the dataset: preamble, file meta, padding, and behind the end."""
    plain = file_of(base(), ExplicitVRLittleEndian)
    word = planter.word().encode()
    yield word + plain[len(word) :]
    yield file_of(base(), ExplicitVRLittleEndian) + planter.word().encode()
    meta = FileMetaDataset()
    meta.SourceApplicationEntityTitle = planter.word()
    meta.PrivateInformationCreatorUID = planter.uid()
    meta.PrivateInformation = planter.word().encode()
    meta.ImplementationVersionName = planter.word()
    yield file_of(base(), ExplicitVRLittleEndian, meta=meta)
    dataset = base()
    dataset.DataSetTrailingPadding = planter.word().encode()
    yield file_of(dataset, ExplicitVRLittleEndian)


def _compressed_images(planter: Planter) -> Iterator[bytes]:
    """Plant in the frame of a JPEG: comment, application data, and behind its end."""
    for kind in ("comment", "application data", "behind the end"):
        buffer = io.BytesIO()
        Image.new("L", (16, 16), 90).save(buffer, "JPEG")
        frame, text = buffer.getvalue(), planter.word().encode()
        if kind == "behind the end":
            frame += text
        else:
            marker = b"\xff\xfe" if kind == "comment" else b"\xff\xe5"
            frame = frame[:2] + marker + pack(">H", len(text) + 2) + text + frame[2:]
        dataset = base()
        dataset.Rows = dataset.Columns = 16
        pixels = DataElement(0x7FE00010, "OB", encapsulate([frame]))
        pixels.is_undefined_length = True
        dataset[0x7FE00010] = pixels
        yield file_of(dataset, JPEGBaseline8Bit)


def _table_attributes(planter: Planter) -> Iterator[Dataset]:
    """Yield all attributes of Table E.1-1 that hold text or UIDs, some in each dataset."""
    with TABLE.open() as table:
        rows = list(csv.DictReader(line for line in table if not line.startswith("#")))
    tags = [(row["tag"].strip("()").replace(",", ""), row["vr"]) for row in rows]
    fitting = [
        (int(tag, 16), vr)
        for tag, vr in tags
        if tag.isalnum() and not set(tag) & set("xg") and vr in TEXT_VRS | {"UI"}
        if tag not in WRITTEN_BY_THE_ENGINE
    ]
    for start in range(0, len(fitting), CHUNK):
        dataset = Dataset()
        for tag, vr in fitting[start : start + CHUNK]:
            dataset.add_new(tag, vr, planter.value(vr))
        yield dataset


def _unknown(tag: int, item: Dataset) -> DataElement:
    """Return a sequence in the form of an element of VR UN (PS3.5 6.2.2)."""
    content = _content(item, ImplicitVRLittleEndian)
    return DataElement(tag, "UN", pack("<HHL", 0xFFFE, 0xE000, len(content)) + content)


def _content(dataset: Dataset, syntax: UID) -> bytes:
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
