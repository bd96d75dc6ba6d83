"""Makes hard files: identifiers planted wherever DICOM can carry them, each one of its own.

Every file is one that a scanner, a workstation or a careless export could have written.
"""

import csv
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from struct import pack

import pydicom
from PIL import Image
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from tests.bench.planting import PLACES, PLANTS, Planter, at_top, content_of

TABLE = Path(__file__).parents[2] / "pseudonymizer/engine/tables/ps3.15-e1-1.csv"
TEXT_VRS = frozenset(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"))
CHUNK = 60  # attributes in a file
WRITTEN_BY_THE_ENGINE = frozenset(("00080018", "0020000D", "0020000E"))
SYNTAXES = (
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
)


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
    content = content_of(dataset, syntax)
    if syntax == DeflatedExplicitVRLittleEndian:
        packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        content = packer.compress(content) + packer.flush()
        content += b"\0" * (len(content) % 2)
    return head.getvalue() + content


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
