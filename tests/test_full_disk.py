"""Commands on a full disk, a real one: they end, say so, and go on when there is room."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.command_line import CommandLine, read_report

FILE_COUNT = 12
SENTENCE = "The disk is full. Make room and run the command again"
# As for the system's packages: root, or somebody who may become root.
AS_ROOT = ["sudo", "-n"] if os.geteuid() else []


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory."""

    path: Path

    def resize(self, size: str) -> None:
        subprocess.run([*AS_ROOT, "mount", "-o", f"remount,size={size}", self.path], check=True)

    def files(self) -> list[Path]:
        return [path for path in self.path.rglob("*") if path.is_file()]


@pytest.fixture
def disk(tmp_path) -> Iterator[SmallDisk]:
    path = tmp_path / "disk"
    path.mkdir()
    options = f"size=200k,uid={os.geteuid()}"
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", options, "tmpfs", path], check=True)
    yield SmallDisk(path)
    subprocess.run([*AS_ROOT, "umount", "-l", path], check=True)


@pytest.fixture
def sources(tmp_path) -> Path:
    """More than the disk holds: slices of several series, and as many pictures."""
    folder = tmp_path / "sources"
    for number in range(FILE_COUNT):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        dataset.SeriesInstanceUID = f"1.2.4.{number % 4}"
        (folder / "slices").mkdir(parents=True, exist_ok=True)
        dataset.save_as(folder / "slices" / f"{number}.dcm")
        (folder / "pictures" / f"{number}").mkdir(parents=True)
        noise = np.random.default_rng(number).integers(0, 256, (150, 160), dtype=np.uint8)
        Image.fromarray(noise).save(folder / "pictures" / f"{number}" / "1.png")
    return folder


@pytest.mark.parametrize(
    ("tool", "kind", "options"),
    [
        ("pseudonymize", "slices", ["--project", "heart", "--workers", "1"]),
        ("convert", "pictures", ["--project", "heart", "--workers", "2"]),
        ("convert", "pictures", ["--workers", "2"]),
    ],
)
def test_the_command_ends_names_what_is_missing_and_a_second_run_does_the_rest(
    portal, disk, sources, tmp_path, tool, kind, options
) -> None:
    report = tmp_path / "report.json"
    arguments = (tool, sources / kind, *options, "--output", disk.path / "out", "--report", report)
    ended = portal.run(*arguments)
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    told = read_report(report)
    failed = [file for file in told["files"] if file["outcome"] == "failed"]
    assert 0 < len(failed) == FILE_COUNT - told["counts"].get("written", 0)
    for file in failed:
        assert file["reason"].startswith(SENTENCE)
        assert f"{file['source']}: failed: {SENTENCE}" in ended.err
    paths = [Path(output["path"]) for file in told["files"] for output in file["outputs"]]
    assert sorted(disk.files()) == sorted(paths)
    for path in paths:
        assert len(pydicom.dcmread(path).pixel_array)

    disk.resize("4m")
    ended = portal.run(*arguments)
    assert (ended.status, ended.err) == (0, "")
    assert len(disk.files()) == FILE_COUNT
    assert read_report(report)["counts"].get("duplicate", 0) == len(paths)


def test_a_report_without_room_is_told_and_the_images_are_written(
    portal, disk, sources, tmp_path
) -> None:
    (disk.path / "filler").write_bytes(bytes(200 * 1024))
    source, out = sources / "slices" / "1.dcm", tmp_path / "out"
    ended = portal.run(
        *("pseudonymize", source, "--project", "heart", "--output", out),
        *("--report", disk.path / "report.json", "--mapping", disk.path / "mapping.csv"),
    )
    assert (ended.status, ended.out) == (1, "1 written\n")
    assert ended.err.splitlines() == [
        "--mapping: the file could not be written: No space left on device.",
        "--report: the file could not be written: No space left on device.",
    ]
    assert disk.files() == [disk.path / "filler"]


def test_nothing_begins_where_the_portals_own_disk_is_almost_full(disk, sources, tmp_path) -> None:
    disk.resize("16m")
    own = CommandLine(disk.path)
    own.start_portal()
    ended = own.run(
        *("pseudonymize", sources / "slices", "--project", "heart", "--output", tmp_path / "out")
    )
    assert (ended.status, len(ended.err.splitlines())) == (2, 1)
    assert "disk is almost full" in ended.err
