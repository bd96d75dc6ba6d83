"""Slides in a drop: each a series, one in a folder kept together, from the command to the files."""

import io
from dataclasses import replace
from pathlib import Path, PurePosixPath

import numpy as np
import pydicom
import pytest
from PIL import Image

from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import StepFile, step_named
from pacs_portal.uploads.sniffing import sniff_file
from tests.command_line import CommandLine, read_report
from tests.converter.engine.scanner_samples import write_mirax
from tests.converter.engine.slide_samples import write_svs


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def found_in(folder: Path) -> list[StepFile]:
    """Return the files as an upload brings them, one receipt each."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [PurePosixPath("scan") / path.relative_to(folder).as_posix() for path in paths]
    return [
        StepFile(path, (number,), sniff_file(path, name), name)
        for number, (path, name) in enumerate(zip(paths, names, strict=True), start=1)
    ]


@pytest.mark.django_db
def test_each_slide_is_a_series_of_the_study_of_its_folder(job, tmp_path) -> None:
    for name in ("a.svs", "b.svs"):
        write_svs(tmp_path / name, 500, 400)
    Image.fromarray(np.zeros((5, 7, 3), np.uint8)).save(tmp_path / "c.png")
    units = step_named("convert").plan(job, found_in(tmp_path), {}).units
    assert [[file.relative_path.name for file in unit.files] for unit in units] == [
        ["a.svs"],
        ["b.svs"],
        ["c.png"],
    ]
    assert len({unit.values["study"] for unit in units}) == 1
    assert len({unit.values["series"] for unit in units}) == 3


@pytest.mark.parametrize("kind", ["PNG", "BMP", "JPEG", "TIFF"])
@pytest.mark.django_db
def test_a_file_cut_short_anywhere_stops_no_plan(job, tmp_path, kind) -> None:
    whole = io.BytesIO()
    Image.new("RGB", (5, 7)).save(whole, kind)
    for length in range(1, 120):
        (tmp_path / f"{length}").write_bytes(whole.getvalue()[:length])
    files = [replace(file, kind=kind.lower()) for file in found_in(tmp_path)]
    plan = step_named("convert").plan(job, files, {})
    assert sum(len(unit.files) for unit in plan.units) == len(files)


@pytest.mark.django_db
def test_a_slide_and_its_folder_are_one_unit_however_many_parts(job, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("converter.units.FILES_PER_UNIT", 2)
    write_mirax(tmp_path / "x.mrxs")
    write_svs(tmp_path / "y.svs", 500, 400)
    plan = step_named("convert").plan(job, found_in(tmp_path), {})
    assert plan.verdicts == ()
    assert sorted(len(unit.files) for unit in plan.units) == [1, 4]
    assert len({unit.values["study"] for unit in plan.units}) == 1


@pytest.mark.django_db
def test_half_a_slide_fails_and_names_the_other_half(job, tmp_path) -> None:
    write_mirax(tmp_path / "x.mrxs")
    write_mirax(tmp_path / "y.mrxs")
    (tmp_path / "y.mrxs").unlink()
    for part in (tmp_path / "x").iterdir():
        part.unlink()
    plan = step_named("convert").plan(job, found_in(tmp_path), {})
    assert plan.units == ()
    assert {(verdict.outcome, verdict.code) for verdict in plan.verdicts} == {
        (Outcome.FAILED, "incomplete")
    }
    sentences = {verdict.sentence for verdict in plan.verdicts}
    assert any("Upload the folder" in one for one in sentences)
    assert any("Upload the .mrxs file" in one for one in sentences)


def test_the_command_converts_slides_of_one_and_of_several_files(here, tmp_path) -> None:
    folder, report = tmp_path / "in", tmp_path / "report.json"
    write_mirax(folder / "x.mrxs")
    write_svs(folder / "PLANTEDname.svs", 500, 400)
    here.run("convert", folder, "--output", tmp_path / "out", "--report", report)
    ended = {Path(file["source"]).name: file["outcome"] for file in read_report(report)["files"]}
    names = ("PLANTEDname.svs", "x.mrxs", "Slidedat.ini", "Index.dat", "Data0000.dat")
    assert ended == dict.fromkeys(names, "written")
    datasets = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert {d.Modality for d in datasets} == {"SM"}
    assert {d.ImageType[2] for d in datasets} == {"VOLUME"}
    assert len({d.SeriesInstanceUID for d in datasets}) == 2


def test_the_command_keeps_the_overview_when_asked(here, tmp_path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    write_svs(folder / "a.svs", 500, 400)
    here.run("convert", folder, "--output", tmp_path / "out", "--overview")
    datasets = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    kinds = [d.ImageType[2] for d in sorted(datasets, key=lambda d: d.InstanceNumber)]
    assert kinds == ["VOLUME", "VOLUME", "OVERVIEW"]
