"""Two files of one name are one volume, from the drop to the receipts."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from tests.command_line import CommandLine, read_report


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def pair(folder: Path, name: str, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    voxels = np.arange(first, first + 60, dtype=np.int16).reshape(4, 5, 3)
    nibabel.save(nibabel.Nifti1Pair(voxels, np.diag([0.5, 0.75, 2, 1])), folder / f"{name}.hdr")


def outcomes(here: CommandLine, source: Path) -> dict[str, dict]:
    here.run("convert", source, "--output", here.folder / "out", "--report", here.folder / "r.json")
    return {Path(f["source"]).name: f for f in read_report(here.folder / "r.json")["files"]}


def test_header_and_voxels_become_one_series_and_end_alike(here, tmp_path) -> None:
    pair(tmp_path / "in", "brain")
    pair(tmp_path / "in", "brain2", first=100)
    ended = outcomes(here, tmp_path / "in")
    assert {name: file["outcome"] for name, file in ended.items()} == dict.fromkeys(
        ("brain.hdr", "brain.img", "brain2.hdr", "brain2.img"), "written"
    )
    datasets = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    by_series: dict[str, list[int]] = {}
    for dataset in datasets:
        found = by_series.setdefault(dataset.SeriesInstanceUID, [])
        found.append(int(dataset.pixel_array.min()))
    assert sorted(sorted(found) for found in by_series.values()) == [[0, 1, 2], [100, 101, 102]]


def test_half_a_pair_fails_and_names_the_other_half(here, tmp_path) -> None:
    pair(tmp_path / "in", "brain")
    pair(tmp_path / "in", "knee")
    (tmp_path / "in" / "brain.img").unlink()
    (tmp_path / "in" / "knee.hdr").unlink()
    ended = outcomes(here, tmp_path / "in")
    assert {name: file["outcome"] for name, file in ended.items()} == {
        "brain.hdr": "failed",
        "knee.img": "failed",
    }
    assert "Upload the .img file" in ended["brain.hdr"]["reason"]
    assert "Upload the .hdr file" in ended["knee.img"]["reason"]
