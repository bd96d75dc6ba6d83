import os
from pathlib import Path, PurePosixPath

import pytest
from pydicom.data import get_testdata_file

from pacs_portal.jobs.bounds import Bounds
from pacs_portal.jobs.steps import StepFile
from pseudonymizer import reading_apart
from pseudonymizer.engine import Header
from pseudonymizer.reading_apart import read_headers

NAMES = ("CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "US1_J2KR.dcm", "SC_rgb.dcm")


@pytest.fixture
def files(tmp_path: Path) -> list[StepFile]:
    paths = [Path(get_testdata_file(name, download=False)) for name in NAMES]
    (tmp_path / "text").write_text("no image")
    paths[1:1] = [tmp_path / "gone", tmp_path / "text"]
    return [
        StepFile(path, (number,), "dicom", PurePosixPath(str(number)))
        for number, path in enumerate(paths)
    ]


@pytest.fixture
def few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bounds, "processes", 2)
    monkeypatch.setattr(reading_apart, "_FEWEST", 2)
    monkeypatch.setattr(reading_apart, "_TOGETHER", 2)


def told(files: list[StepFile]) -> list[tuple[int, Header | str]]:
    return [
        (file.receipt_ids[0], answer if isinstance(answer, Header) else repr(answer))
        for file, answer in read_headers(files)
    ]


def test_children_read_what_one_process_reads_in_the_same_order(files, request):
    alone = told(files)
    request.getfixturevalue("few_at_a_time")
    assert told(files) == alone
    assert [number for number, _ in alone] == list(range(7))
    assert [number for number, answer in alone if isinstance(answer, str)] == [1, 2]


@pytest.mark.usefixtures("few_at_a_time")
def test_a_child_reads_and_what_ends_it_is_read_here(files, monkeypatch, tmp_path):
    def read(reader, file):
        if os.getpid() != here:
            (tmp_path / f"seen {file.receipt_ids[0]}").touch()
            if file.receipt_ids[0] == 3:
                os._exit(1)
        return read_one(reader, file)

    alone, here, read_one = told(files), os.getpid(), reading_apart._read_one
    monkeypatch.setattr(reading_apart, "_read_one", read)
    assert told(files) == alone
    assert len(list(tmp_path.glob("seen *"))) == 7
