"""Files of one name are one volume, from the drop to the receipts."""

import json
from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
import pydicom
import pytest

from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import StepFile, UnitContext, step_named
from pacs_portal.uploads.sniffing import sniff_file
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


def test_a_sidecar_describes_the_volume_beside_it(here, tmp_path) -> None:
    pair(tmp_path / "in", "brain")
    (tmp_path / "in" / "brain.json").write_text(json.dumps({"Modality": "MR", "EchoTime": 0.03}))
    (tmp_path / "in" / "dataset_description.json").write_text(json.dumps({"Name": "study"}))
    ended = outcomes(here, tmp_path / "in")
    assert {name: file["outcome"] for name, file in ended.items()} == {
        "brain.hdr": "written",
        "brain.img": "written",
        "brain.json": "written",
        "dataset_description.json": "failed",
    }
    assert "no NIfTI volume" in ended["dataset_description.json"]["reason"]
    datasets = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert [dataset.EchoTime for dataset in datasets] == [30, 30, 30]


def found_in(folder: Path) -> list[StepFile]:
    """Return the files as an upload brings them, one receipt each."""
    names = sorted(path.name for path in folder.iterdir())
    return [
        StepFile(folder / name, (number,), sniff_file(folder / name, given), given)
        for number, name in enumerate(names, start=1)
        for given in [PurePosixPath("scan") / name]
    ]


@pytest.mark.django_db
def test_every_file_of_a_volume_has_its_outputs_as_receipt(job, tmp_path) -> None:
    pair(tmp_path / "in", "brain")
    (tmp_path / "in" / "brain.json").write_text("{}")
    (tmp_path / "in" / "other.json").write_text("{}")
    step = step_named("convert")
    plan = step.plan(job, found_in(tmp_path / "in"), {})
    assert [(v.receipt_id, v.outcome) for v in plan.verdicts] == [(4, Outcome.FAILED)]
    (unit,) = plan.units
    result = step.run(UnitContext(job, unit.values, {}, tmp_path), unit.files)
    assert [file.receipt_ids for file in result.files] == [(1, 2, 3)] * 3


@pytest.mark.django_db
def test_a_volume_is_not_converted_without_what_was_planned_with_it(job, tmp_path) -> None:
    pair(tmp_path / "in", "brain")
    (tmp_path / "in" / "brain.json").write_text("{}")
    step = step_named("convert")
    (unit,) = step.plan(job, found_in(tmp_path / "in"), {}).units
    result = step.run(UnitContext(job, unit.values, {}, tmp_path), unit.files[:2])
    assert result.files == ()
    assert {verdict.code for verdict in result.verdicts} == {"incomplete"}


@pytest.mark.django_db
def test_every_file_has_a_place_in_the_plan(job, tmp_path) -> None:
    pair(tmp_path / "in", "brain")
    for name in ("brain.img.gz", "brain.JSON", "brain.json", ".json", "..img", "...gz.img"):
        (tmp_path / "in" / name).write_bytes(b"{}")
    files = found_in(tmp_path / "in")
    plan = step_named("convert").plan(job, files, {})
    planned = [n for unit in plan.units for file in unit.files for n in file.receipt_ids]
    refused = [verdict.receipt_id for verdict in plan.verdicts]
    assert sorted(planned + refused) == [file.receipt_ids[0] for file in files]
    assert len(planned) == 3
