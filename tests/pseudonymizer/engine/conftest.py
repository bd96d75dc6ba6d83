"""Files to pseudonymize, built with pydicom, which the engine does not use to read or write."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from pseudonymizer.engine import Context, Subject, default_profile

WriteFile = Callable[..., Path]


@pytest.fixture
def context() -> Context:
    """A subject of project "ct" whose dates move 400 days back; the job runs on 2026-03-01."""
    return Context(
        subject=Subject("CT-7QF3K0ZB5", "ct", -400),
        uid_key=b"a key of this test project alone",
        profile=default_profile(),
        now=datetime(2026, 3, 1, 12, tzinfo=UTC),
    )


@pytest.fixture
def seen(context: Context) -> Context:
    """The same for images that a data steward has looked at: of pixels other tests speak."""
    return replace(context, accepted=frozenset({"burned-in-text", "recognizable-face"}))


@pytest.fixture
def ct() -> Dataset:
    """The least of a CT image that the engine takes, with 2 x 3 pixels."""
    dataset = Dataset()
    dataset.SOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = "1.3.6.1.4.1.5962.1.1"
    dataset.StudyInstanceUID = "1.3.6.1.4.1.5962.1.2"
    dataset.SeriesInstanceUID = "1.3.6.1.4.1.5962.1.3"
    dataset.Modality = "CT"
    dataset.Rows, dataset.Columns = 2, 3
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.add_new(0x7FE00010, "OW", bytes(range(12)))
    return dataset


@pytest.fixture
def write_file(tmp_path: Path) -> WriteFile:
    """Write a dataset as a file, byte by byte as it is, without pydicom's corrections."""

    def write(dataset: Dataset, is_explicit: bool = True, tail: bytes = b"") -> Path:
        syntax = ExplicitVRLittleEndian if is_explicit else ImplicitVRLittleEndian
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, not is_explicit
        buffer.write(b"\0" * 128 + b"DICM")
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = dataset.get("SOPClassUID", CTImageStorage)
        meta.MediaStorageSOPInstanceUID = dataset.get("SOPInstanceUID", "1.2.3")
        meta.TransferSyntaxUID = syntax
        write_file_meta_info(buffer, meta)
        write_dataset(buffer, dataset)
        path = tmp_path / f"source-{len(list(tmp_path.iterdir()))}"
        path.write_bytes(buffer.getvalue() + tail)
        return path

    return write


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """An empty folder for output."""
    folder = tmp_path / "target"
    folder.mkdir()
    return folder
