"""`manage.py convert`: without a project it leaves nothing but its output."""

import hashlib
import shutil
import unicodedata
import zipfile
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.command_line import CommandLine, read_report


@pytest.fixture
def here(tmp_path: Path) -> CommandLine:
    """No database, no key file, no data folder."""
    return CommandLine(tmp_path)


def draw(path: Path, shade: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 8), (shade, 0, 0)).save(path)
    return path


@pytest.fixture
def mixed(tmp_path: Path) -> Path:
    """A folder with whatever people have in folders; its name and theirs identify patients."""
    folder = tmp_path / "Zwirbelmayr_Hans"
    draw(folder / "knee" / "Zwirbelmayr_1.jpg", 1)
    draw(folder / "knee" / "Zwirbelmayr_2.jpg", 2)
    voxels = np.arange(60, dtype=np.int16).reshape(4, 5, 3)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([0.5, 0.75, 2, 1])), folder / "brain.nii.gz")
    (folder / "ct.dcm").write_bytes(Path(get_testdata_file("CT_small.dcm")).read_bytes())
    (folder / "notes.txt").write_text("hello")
    (folder / "empty.png").touch()
    (folder / ".DS_Store").write_text("x")
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        archive.write(draw(tmp_path / "3.png", 3), "Zwirbelmayr/3.png")
    return folder


def outputs(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_one_picture_needs_no_portal_and_leaves_no_trace(here, tmp_path) -> None:
    ended = here.run("convert", draw(tmp_path / "1.png"), "--output", tmp_path / "out")
    assert (ended.status, ended.err) == (0, "")
    (path,) = outputs(tmp_path / "out")
    assert pydicom.dcmread(path).Modality == "OT"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.png", "out"]


def test_no_faces_is_stated_in_a_photograph(here, tmp_path) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Lens & Co"
    Image.new("RGB", (12, 8)).save(tmp_path / "1.jpg", exif=exif)
    here.run("convert", tmp_path / "1.jpg", "--output", tmp_path / "out", "--no-faces")
    (path,) = outputs(tmp_path / "out")
    assert pydicom.dcmread(path).RecognizableVisualFeatures == "NO"


def test_a_mixed_folder_is_done_and_what_failed_is_named(here, mixed, tmp_path) -> None:
    out = tmp_path / "out"
    ended = here.run("convert", mixed, "--output", out, "--report", tmp_path / "report.json")
    assert ended.status == 1
    report = read_report(tmp_path / "report.json")
    by_name = {Path(file["source"]).name: file for file in report["files"]}
    assert {name: file["outcome"] for name, file in by_name.items()} == {
        "Zwirbelmayr_1.jpg": "written",
        "Zwirbelmayr_2.jpg": "written",
        "brain.nii.gz": "written",
        "3.png": "written",
        "ct.dcm": "failed",
        "notes.txt": "failed",
        "empty.png": "failed",
        ".DS_Store": "skipped",
    }
    assert by_name["3.png"]["source"] == str(mixed / "more.zip" / "Zwirbelmayr" / "3.png")
    assert "Pseudonymize" in by_name["ct.dcm"]["reason"]
    assert len(by_name["brain.nii.gz"]["outputs"]) == 3
    for name in ("ct.dcm", "notes.txt", "empty.png"):
        assert str(mixed / name) in ended.err
    assert len(ended.err.splitlines()) == 3


def test_the_report_names_each_output_with_its_digest(here, mixed, tmp_path) -> None:
    out = tmp_path / "out"
    here.run("convert", mixed, "--output", out, "--report", tmp_path / "report.json")
    report = read_report(tmp_path / "report.json")
    told = {
        (output["path"], output["sop_instance_uid"], output["sha256"])
        for file in report["files"]
        for output in file["outputs"]
    }
    assert told == {
        (str(path), path.stem, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in outputs(out)
    }


def test_no_name_of_a_source_survives(here, mixed, tmp_path) -> None:
    ended = here.run("convert", mixed, "--output", tmp_path / "out")
    assert "Zwirbelmayr" not in ended.out
    for path in outputs(tmp_path / "out"):
        assert "Zwirbelmayr" not in str(path.relative_to(tmp_path / "out"))
        assert b"Zwirbelmayr" not in path.read_bytes()


def test_a_second_run_changes_nothing(here, mixed, tmp_path) -> None:
    out = tmp_path / "out"
    here.run("convert", mixed / "knee", "--output", out)
    before = {path: path.stat().st_mtime_ns for path in outputs(out)}
    ended = here.run("convert", mixed / "knee", "--output", out)
    assert (ended.status, ended.out) == (0, "2 duplicate\n")
    assert {path: path.stat().st_mtime_ns for path in outputs(out)} == before


def test_a_file_of_somebody_else_is_never_overwritten(here, mixed, tmp_path) -> None:
    out = tmp_path / "out"
    here.run("convert", mixed / "knee", "--output", out)
    taken = outputs(out)[0]
    taken.write_text("mine")
    ended = here.run("convert", mixed / "knee", "--output", out)
    assert ended.status == 1
    assert taken.read_text() == "mine"


def test_the_output_folder_may_lie_in_the_source(here, mixed) -> None:
    out = mixed / "knee" / "out"
    for said in ("2 written\n", "2 duplicate\n"):
        assert here.run("convert", mixed / "knee", "--output", out).out == said


def test_a_file_that_the_disk_does_not_give_stops_no_other(here, tmp_path) -> None:
    picture, broken = draw(tmp_path / "1.png"), "/proc/self/mem"  # reading it is an error
    ended = here.run("convert", broken, picture, "--output", tmp_path / "out")
    assert (ended.status, ended.out) == (1, "1 failed, 1 written\n")
    assert ended.err.endswith("The file cannot be read. Check that it exists and may be read.\n")


def test_a_table_names_patients(here, mixed, tmp_path) -> None:
    table = tmp_path / "table.csv"
    table.write_text(
        "path,patient_id,patient_birth_date\nknee/Zwirbelmayr_1.jpg,A-1,1956-02-28\nknee,B-2,\n"
    )
    here.run("convert", mixed, "--output", tmp_path / "out", "--metadata", table)
    found = {
        (header.PatientID, header.PatientBirthDate)
        for header in map(pydicom.dcmread, outputs(tmp_path / "out"))
    }
    assert {("A-1", "19560228"), ("B-2", "")} < found


def test_a_table_is_read_as_spreadsheets_write_it(here, mixed, tmp_path) -> None:
    table = tmp_path / "table.csv"
    table.write_bytes(
        "path;Patient;Name;Birth date\r\nknee;A-1;Müller^Änne;28.02.1956\r\n".encode("cp1252")
    )
    ended = here.run("convert", mixed / "knee", "--output", tmp_path / "out", "--metadata", table)
    assert ended.status == 0
    (found,) = {
        (header.PatientID, str(header.PatientName), header.PatientBirthDate)
        for header in map(pydicom.dcmread, outputs(tmp_path / "out"))
    }
    assert found == ("A-1", "Müller^Änne", "19560228")


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_row_finds_its_file_however_an_umlaut_is_spelled(here, tmp_path, form) -> None:
    draw(tmp_path / "in" / unicodedata.normalize("NFD", "Müller.png"), 10)
    table = tmp_path / "table.csv"
    table.write_text(unicodedata.normalize(form, "path,patient_id\nMüller.png,A-1\n"))
    here.run("convert", tmp_path / "in", "--output", tmp_path / "out", "--metadata", table)
    (path,) = outputs(tmp_path / "out")
    assert pydicom.dcmread(path).PatientID == "A-1"


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("knee,A-1,\nknee,A-2,\n", "Row 3: the path stands in another row"),
        ("knee,A-1,04/05/1956\n", "Row 2: a date is no day"),
        ("../knee,A-1,\n", "Row 2: the path leads out"),
    ],
)
def test_a_wrong_row_stops_the_command_and_is_not_quoted(here, mixed, tmp_path, rows, told) -> None:
    table = tmp_path / "table.csv"
    table.write_text("path,patient_id,patient_birth_date\n" + rows)
    ended = here.run("convert", mixed, "--output", tmp_path / "out", "--metadata", table)
    assert ended.status == 2
    assert told in ended.err
    assert "A-1" not in ended.err
    assert not (tmp_path / "out").exists()


def test_folders_are_patients_where_the_rule_says_so(here, tmp_path) -> None:
    for shade, name in enumerate(("A-1/s1/1.png", "A-1/s2/2.png", "B-2/s1/3.png"), start=10):
        draw(tmp_path / "in" / name, shade)
    (tmp_path / "in" / "who.csv").write_text("path;patient;sex\nB-2;C-3;female\n")
    command = ("convert", tmp_path / "in", "--output", tmp_path / "out", "--tree", "inner-patient")
    foretold = here.run(*command, "--dry-run").out
    assert "2 patients, 3 studies, 3 series" in foretold
    assert not (tmp_path / "out").exists()
    ended = here.run(*command)
    assert (ended.status, ended.out) == (0, "1 skipped, 3 written\n")
    headers = [pydicom.dcmread(path) for path in outputs(tmp_path / "out")]
    found = sorted((header.PatientID, header.PatientSex) for header in headers)
    assert found == [("A-1", ""), ("A-1", ""), ("C-3", "F")]
    assert len({header.StudyInstanceUID for header in headers}) == 3


def test_a_dry_run_looks_into_zips_as_the_run_does(here, tmp_path) -> None:
    for shade, name in enumerate(("A-1/2020/1.png", "A-1/2021/1.png", "B-2/scan/1.png"), start=10):
        draw(tmp_path / "packed" / name, shade)
    (tmp_path / "packed" / "notes.txt").write_text("nothing to convert")
    (tmp_path / "in").mkdir()
    inner = shutil.make_archive(tmp_path / "packed" / "more", "zip", tmp_path / "packed" / "B-2")
    shutil.rmtree(tmp_path / "packed" / "B-2")
    shutil.make_archive(tmp_path / "in" / "all", "zip", tmp_path / "packed")
    assert Path(inner).exists()
    (tmp_path / "in" / "torn.zip").write_bytes((tmp_path / "in" / "all.zip").read_bytes()[:-30])
    (tmp_path / "tmp").mkdir()
    command = ("convert", tmp_path / "in", "--output", tmp_path / "out")
    foretold = here.run(*command, "--dry-run", TMPDIR=str(tmp_path / "tmp"))
    assert foretold.out.splitlines()[:-1] == [
        "3 patients, 3 studies, 3 series",
        "2 files cannot be converted",
    ]
    assert not list((tmp_path / "tmp").iterdir())
    assert not (tmp_path / "out").exists()
    assert here.run(*command).out == "2 failed, 3 written\n"


def test_a_wrong_row_stops_its_files_and_no_others(here, tmp_path) -> None:
    for shade, name in enumerate(("1.png", "2.png"), start=10):
        draw(tmp_path / "in" / name, shade)
    table = "path,patient,birth date\n1.png,A-1,02/03/1956\n2.png,B-2,28.02.1956\n"
    (tmp_path / "in" / "who.csv").write_text(table)
    ended = here.run("convert", tmp_path / "in", "--output", tmp_path / "out")
    assert (ended.status, ended.out) == (1, "2 failed, 1 written\n")
    assert "Row 2: a date is no day, or can mean two days." in ended.err
    (header,) = [pydicom.dcmread(path) for path in outputs(tmp_path / "out")]
    assert (header.PatientID, header.PatientBirthDate) == ("B-2", "19560228")


@pytest.mark.parametrize(
    "wrong",
    [
        ["convert"],
        ["convert", "1.png"],
        ["convert", "1.png", "--store"],
        ["convert", "nowhere", "--output", "out"],
        ["convert", "1.png", "--output", "1.png"],
        ["convert", "1.png", "--output", "out", "--metadata", "1.png"],
        ["convert", "1.png", "--output", "out", "--project", "heart"],
        ["convert", "1.png", "--output", "out", "--tree", "branch"],
        ["convert", "1.png", "--output", "out", "--study", "2.25.1"],
        ["convert", "1.png", "--output", "out", "--workers", "-1"],
    ],
)
def test_wrong_usage_ends_with_status_2_and_one_clear_line(here, tmp_path, wrong) -> None:
    draw(tmp_path / "1.png")
    ended = here.run(*wrong)
    assert ended.status == 2
    assert "Traceback" not in ended.err
    assert not here.data.exists()


def test_in_a_project_the_patient_becomes_a_pseudonym(portal, mixed, tmp_path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("path,patient_id,patient_name\n,A-4711,Zwirbelmayr^Hans\n")
    out, report = tmp_path / "out", tmp_path / "report.json"
    ended = portal.run(
        *("convert", mixed, "--output", out, "--project", "heart", "--metadata", table),
        *("--report", report),
    )
    assert ended.status == 1
    assert read_report(report)["counts"] == {"written": 4, "failed": 3, "skipped": 1}
    headers = [pydicom.dcmread(path) for path in outputs(out)]
    (pseudonym,) = {header.PatientID for header in headers}
    assert pseudonym.startswith("HEART-")
    assert not any(b"Zwirbelmayr" in path.read_bytes() for path in outputs(out))
