"""Files that are damaged, lie or are hostile, all in one run of the command.

Each is refused, held or repaired with a reason; the run ends soon, quotes nothing and leaves
nothing half-written.
"""

import itertools
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from struct import pack
from typing import Any

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import MPEG2MPML

from tests.command_line import CommandLine, Ended, read_report

PLANTED = ("Zwirbelmayr", "ZWIRBELMAYR", "A-471108")
MOST_SECONDS = 60  # for all of them, on a busy machine
SEQUENCE = (0x0008, 0x1115)
DATASET_START = 132
NUMBERS = itertools.count(100)


def sample() -> Dataset:
    """Return an image of its own; file meta follows what is saved."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.SOPInstanceUID = f"1.2.3.{next(NUMBERS)}"
    dataset.PatientName, dataset.PatientID = "Zwirbelmayr^Hans", "A-471108"
    return dataset


def saved(path: Path, dataset: Dataset) -> bytes:
    dataset.save_as(path)
    return path.read_bytes()


def inserted(path: Path, content: bytes) -> bytes:
    """Put raw elements of explicit little endian before the pixel data."""
    whole = saved(path, sample())
    place = whole.rindex(pack("<HH2s", 0x7FE0, 0x0010, b"OW"))
    return whole[:place] + content + whole[place:]


def changed(**attributes: Any) -> Callable[[Path], bytes]:
    def make(path: Path) -> bytes:
        dataset = sample()
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        return saved(path, dataset)

    return make


def nested(levels: int) -> bytes:
    head = pack("<HH2sHL", *SEQUENCE, b"SQ", 0, 0xFFFFFFFF) + pack(
        "<HHL", 0xFFFE, 0xE000, 2**32 - 1
    )
    return head * levels


def many_elements(path: Path) -> bytes:
    item = pack("<HH2sH", 0x0010, 0x0010, b"PN", 12) + b"Zwirbelmayr "
    items = (pack("<HHL", 0xFFFE, 0xE000, len(item)) + item) * 200_000
    return inserted(path, pack("<HH2sHL", *SEQUENCE, b"SQ", 0, len(items)) + items)


def without_meta(path: Path) -> bytes:
    whole = saved(path, sample())
    length = int.from_bytes(whole[140:144], "little")
    return whole[:DATASET_START] + whole[144 + length :]


def without_preamble(path: Path) -> bytes:
    return without_meta(path)[DATASET_START:]


def wrong_vrs(path: Path) -> bytes:
    whole = saved(path, sample())
    for group, element, vr, wrong in (
        (0x0008, 0x0020, b"DA", b"LO"),
        (0x0010, 0x0010, b"PN", b"CS"),
        (0x0010, 0x0040, b"CS", b"PN"),
        (0x0020, 0x000E, b"UI", b"LO"),
        (0x0028, 0x0030, b"DS", b"LT"),
    ):
        whole = whole.replace(
            pack("<HH2s", group, element, vr), pack("<HH2s", group, element, wrong), 1
        )
    return whole


def with_preamble(start: bytes) -> Callable[[Path], bytes]:
    def make(path: Path) -> bytes:
        return start + saved(path, sample())[len(start) :]

    return make


def document(path: Path) -> bytes:
    dataset = sample()
    del dataset.PixelData
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
        "1.2.840.10008.5.1.4.1.1.104.1"
    )
    dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
    dataset.EncapsulatedDocument = b"%PDF-1.4 Zwirbelmayr"
    return saved(path, dataset)


def video(path: Path) -> bytes:
    dataset = sample()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
        "1.2.840.10008.5.1.4.1.1.77.1.4.1"
    )
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset.PixelData = pydicom.encaps.encapsulate([b"\0\0\1\xb3 Zwirbelmayr "])
    dataset["PixelData"].is_undefined_length = True
    return saved(path, dataset)


def private_class(path: Path) -> bytes:
    dataset = sample()
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.3.12.2.1107.5.9.1"
    return saved(path, dataset)


@dataclass(frozen=True)
class Bad:
    """A bad file, and how it must end."""

    make: Callable[[Path], bytes]
    outcome: str
    code: str = ""


BAD = {
    "cut in the header": Bad(lambda p: saved(p, sample())[:600], "failed", "truncated"),
    "cut in the pixels": Bad(lambda p: saved(p, sample())[:-500], "failed", "truncated"),
    "a length beyond the end": Bad(
        lambda p: inserted(p, pack("<HH2sHL", *SEQUENCE, b"SQ", 0, 0x7FFFFFF0)),
        "failed",
        "truncated",
    ),
    "an item longer than its sequence": Bad(
        lambda p: inserted(
            p, pack("<HH2sHL", *SEQUENCE, b"SQ", 0, 8) + pack("<HHL", 0xFFFE, 0xE000, 0x100)
        ),
        "failed",
        "damaged",
    ),
    "5,000 levels": Bad(lambda p: inserted(p, nested(5000)), "failed", "damaged"),
    "200,000 elements": Bad(many_elements, "written"),
    "no meta": Bad(without_meta, "written"),
    "no preamble and no meta": Bad(without_preamble, "written"),
    "wrong VRs": Bad(wrong_vrs, "written"),
    "a count of 5,000 digits": Bad(
        lambda p: inserted(p, pack("<HH2sH", 0x0028, 0x0008, b"IS", 5000) + b"1" * 5000),
        "written",
    ),
    "an unknown character set": Bad(changed(SpecificCharacterSet="ISO_IR 4711"), "written"),
    "UIDs with letters": Bad(changed(SeriesInstanceUID="1.2.ZWIRBELMAYR.3"), "written"),
    "a program for Windows": Bad(with_preamble(b"MZ" + bytes(58) + b"\x80\0\0\0PE\0\0"), "written"),
    "a program for Linux": Bad(with_preamble(b"\x7fELF\x02\x01\x01" + bytes(9)), "written"),
    "a PDF": Bad(document, "held", "encapsulated-document"),
    "a video": Bad(video, "held", "video"),
    "an unknown class": Bad(private_class, "held", "unknown-sop-class"),
    "nothing but zeros": Bad(lambda p: bytes(5000), "failed", "not-dicom"),
    "nothing": Bad(lambda p: b"", "failed", "empty"),
    "the first of a UID": Bad(changed(SOPInstanceUID="1.2.3.4"), "written"),
    "the second of a UID": Bad(changed(SOPInstanceUID="1.2.3.4", KVP="99"), "failed", "name-taken"),
}


@dataclass(frozen=True)
class Run:
    """The one run over all bad files."""

    ended: Ended
    files: dict[str, dict[str, Any]]  # the report, by name
    codes: dict[str, str]
    out: Path
    portal: CommandLine
    seconds: float


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Run:
    portal = CommandLine(tmp_path_factory.mktemp("portal"))
    portal.start_portal()
    folder, report = portal.folder / "in", portal.folder / "report.json"
    folder.mkdir()
    for number, bad in enumerate(BAD.values()):
        path = folder / f"{number:02}"
        path.write_bytes(bad.make(path))
    out, began = portal.folder / "out", time.monotonic()
    ended = portal.run(
        *("pseudonymize", folder, "--project", "heart", "--output", out, "--report", report),
        *("--workers", "1"),
    )
    seconds = time.monotonic() - began
    names = list(BAD)
    told = {names[int(Path(f["source"]).name)]: f for f in read_report(report)["files"]}
    with sqlite3.connect(portal.data / "portal.sqlite3") as database:
        rows = database.execute(
            "SELECT file.number, receipt.code FROM jobs_filereceipt AS receipt "
            "JOIN uploads_uploadfile AS file ON file.id = receipt.upload_file_id"
        ).fetchall()
    codes = {names[number - 1]: code for number, code in rows}
    return Run(ended, told, codes, out, portal, seconds)


@pytest.mark.parametrize("name", BAD)
def test_each_ends_as_it_must_and_says_why(run: Run, name: str) -> None:
    file, bad = run.files[name], BAD[name]
    assert file["outcome"] == bad.outcome, (run.codes[name], file["reason"])
    if bad.code:
        assert run.codes[name] == bad.code
    if bad.outcome == "written":
        (output,) = file["outputs"]
        assert pydicom.dcmread(output["path"]).PatientID.startswith("HEART-")
    else:
        assert len(file["reason"]) > 20
        assert file["outputs"] == []
        assert f"{file['source']}: {bad.outcome}: {file['reason']}" in run.ended.err


def test_the_run_ends_soon_and_as_one_that_left_files_out(run: Run) -> None:
    assert run.ended.status == 1
    assert run.seconds < MOST_SECONDS


def test_no_value_is_quoted_and_nothing_is_half_written(run: Run) -> None:
    told = run.ended.out + run.ended.err + "".join(file["reason"] for file in run.files.values())
    assert "Traceback" not in told
    kept = [path for path in run.portal.data.rglob("*") if path.is_file()]
    written = [path for path in run.out.rglob("*") if path.is_file()]
    named = {output["path"] for file in run.files.values() for output in file["outputs"]}
    assert {str(path) for path in written} == named
    for planted in PLANTED:
        assert planted not in told
        for path in (*written, *kept):
            assert planted.encode() not in path.read_bytes(), path
