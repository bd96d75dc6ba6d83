"""`manage.py pseudonymize`: the portal's registry and history, without a running portal."""

import csv
import os
import signal
import sqlite3
import zipfile
from pathlib import Path

import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.command_line import ROOT, CommandLine, read_report

NAME, PATIENT_ID = "Zwirbelmayr^Hans", "A-471108"


def write_slice(path: Path, number: int = 1, **attributes: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.PatientName, dataset.PatientID = NAME, PATIENT_ID
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def outputs(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_mixed_folder_is_done_and_its_names_stay_out(portal, tmp_path) -> None:
    folder = tmp_path / "Zwirbelmayr_Hans"
    write_slice(folder / "Zwirbelmayr.dcm", 1)
    write_slice(folder / "ute.dcm", 2, PatientName="Quastenflosser^Ute", PatientID="B-2")
    write_slice(folder / "held.dcm", 3, BurnedInAnnotation="YES")
    cut = write_slice(folder / "cut.dcm", 4)
    cut.write_bytes(cut.read_bytes()[:-500])
    Image.new("L", (4, 4)).save(folder / "photo.png")
    (folder / "Thumbs.db").write_text("x")
    with zipfile.ZipFile(folder / "Zwirbelmayr.zip", "w") as archive:
        archive.write(write_slice(tmp_path / "z.dcm", 5), "Zwirbelmayr/5.dcm")

    out, report = tmp_path / "out", tmp_path / "report.json"
    ended = portal.run(
        *("pseudonymize", folder, "--project", "heart", "--output", out, "--report", report)
    )
    assert ended.status == 1
    told = {Path(file["source"]).name: file for file in read_report(report)["files"]}
    assert {name: file["outcome"] for name, file in told.items()} == {
        "Zwirbelmayr.dcm": "written",
        "ute.dcm": "written",
        "5.dcm": "written",
        "held.dcm": "held",
        "cut.dcm": "failed",
        "photo.png": "failed",
        "Thumbs.db": "skipped",
    }
    for name in ("held.dcm", "cut.dcm", "photo.png"):
        assert str(folder / name) in ended.err
    assert len({path.relative_to(out).parts[0] for path in outputs(out)}) == 2
    assert len(outputs(out)) == 3

    for path in (*outputs(out), *outputs(portal.data)):
        for planted in (b"Zwirbelmayr", b"Quastenflosser", PATIENT_ID.encode()):
            assert planted not in path.read_bytes(), path
            assert planted.decode() not in str(path.relative_to(path.parents[1]))
    assert "Zwirbelmayr" not in ended.out


def test_the_same_patient_keeps_the_pseudonym_in_the_next_run(portal, tmp_path) -> None:
    for number in (1, 2):
        source = write_slice(tmp_path / f"{number}.dcm", number, StudyInstanceUID=f"1.9.{number}")
        ended = portal.run(
            *("pseudonymize", source, "--project", "heart", "--output", tmp_path / "out")
        )
        assert (ended.status, ended.err, ended.out) == (0, "", "1 written\n")
    assert len({pydicom.dcmread(path).PatientID for path in outputs(tmp_path / "out")}) == 1


def test_the_mapping_goes_where_the_person_says_and_nobody_else_reads_it(portal, tmp_path) -> None:
    source, mapping = write_slice(tmp_path / "1.dcm"), tmp_path / "mapping.csv"
    arguments = ("pseudonymize", source, "--project", "heart", "--output", tmp_path / "out")
    assert portal.run(*arguments, "--mapping", mapping).status == 0
    assert mapping.stat().st_mode & 0o777 == 0o600
    (row,) = csv.DictReader(mapping.read_text(encoding="utf-8").splitlines())
    (path,) = outputs(tmp_path / "out")
    assert row["pseudonym"] == pydicom.dcmread(path).PatientID
    assert (row["patient_name"], row["patient_id"]) == (NAME, PATIENT_ID)


def test_where_a_project_wants_two_people_a_mapping_takes_an_approved_export(
    portal, tmp_path
) -> None:
    assert portal.run("createproject", "brain", "--name", "Brain").status == 0
    begin = "from tests.pseudonymizer.two_stewards import begin; begin('brain')"
    approve = "from tests.pseudonymizer.two_stewards import approve_export as a; a('brain')"
    source, mapping = write_slice(tmp_path / "1.dcm"), tmp_path / "mapping.csv"
    command = ["pseudonymize", source, "--project", "brain", "--output", tmp_path / "out"]
    command += ["--mapping", mapping]
    path = {"PYTHONPATH": str(ROOT)}

    assert portal.run("shell", "-c", begin, **path).status == 0
    refused = portal.run(*command)
    assert (refused.status, outputs(tmp_path / "out")) == (2, [])
    assert "wants two people" in refused.err

    assert portal.run("shell", "-c", approve, **path).status == 0
    assert portal.run(*command).status == 0
    assert NAME in mapping.read_text(encoding="utf-8")
    assert portal.run(*command).status == 2  # it counted once


def test_history_and_audit_name_who_ran_it(portal, tmp_path) -> None:
    source = write_slice(tmp_path / "1.dcm")
    portal.run("pseudonymize", source, "--project", "heart", "--output", tmp_path / "out")
    with sqlite3.connect(portal.data / "portal.sqlite3") as database:
        labels = database.execute("SELECT DISTINCT actor_label FROM jobs_job").fetchall()
        options = database.execute(
            "SELECT options FROM jobs_job ORDER BY created_at DESC"
        ).fetchone()
    assert len(labels) == 1
    assert labels[0][0].startswith("cli:")
    assert '"profile"' in options[0]


SAVE_A_PROFILE_WITHOUT_OPTIONS = """
from pseudonymizer.engine import ProfileSpec
from pseudonymizer.profiles.versions import ProfileChange, save_profile
owner = User.objects.create_user("owner@example.org")
project = Project.objects.get(key="heart")
Membership.objects.create(project=project, user=owner, role="owner")
save_profile(project, ProfileChange(ProfileSpec(frozenset()), 0), by=owner)
"""


def test_the_newest_profile_counts_unless_another_is_named(tmp_path) -> None:
    own = CommandLine(tmp_path / "portal")
    own.folder.mkdir()
    own.start_portal()
    assert own.run("shell", "-c", SAVE_A_PROFILE_WITHOUT_OPTIONS).status == 0
    source = write_slice(tmp_path / "1.dcm", PatientSex="F")
    sexes = {}
    for name in ("default", "1", None):
        out = tmp_path / f"out-{name}"
        arguments = ("pseudonymize", source, "--project", "heart", "--output", out)
        ended = own.run(*arguments, *(("--profile", name) if name else ()))
        assert (ended.status, ended.err) == (0, "")
        (path,) = outputs(out)
        sexes[name] = pydicom.dcmread(path).PatientSex
    assert sexes == {"default": "F", "1": "", None: ""}


@pytest.mark.parametrize(
    "wrong",
    [
        ["1.dcm", "--output", "out"],
        ["1.dcm", "--project", "heart"],
        ["1.dcm", "--project", "nobody", "--output", "out"],
        ["1.dcm", "--project", "heart", "--output", "out", "--profile", "mine"],
        ["1.dcm", "--project", "heart", "--output", "out", "--profile", "7"],
        ["1.dcm", "--project", "heart", "--output", "out", "--mapping", "out/mapping.csv"],
        ["1.dcm", "--project=heart", "--output=out", "--mapping=one", "--report=./one"],
        ["nowhere.dcm", "--project", "heart", "--output", "out"],
    ],
)
def test_wrong_usage_ends_with_status_2(portal, wrong) -> None:
    write_slice(portal.folder / "1.dcm")
    ended = portal.run("pseudonymize", *wrong)
    assert ended.status == 2
    assert "Traceback" not in ended.err
    assert not (portal.folder / "out" / "mapping.csv").exists()


def test_without_a_database_one_line_says_what_to_do(tmp_path) -> None:
    source = write_slice(tmp_path / "1.dcm")
    nowhere = CommandLine(tmp_path)
    ended = nowhere.run("pseudonymize", source, "--project", "heart", "--output", tmp_path / "out")
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 1
    assert not nowhere.data.exists()


def test_a_wrong_key_file_stops_the_command(portal, tmp_path) -> None:
    source = write_slice(tmp_path / "1.dcm")
    other = CommandLine(tmp_path / "other")
    other.folder.mkdir()
    other.start_portal()
    ended = portal.run(
        *("pseudonymize", source, "--project", "heart", "--output", tmp_path / "out"),
        PACS2GO_KEYS_FILE=str(other.folder / "keys"),
    )
    assert ended.status == 2
    assert len(ended.err.splitlines()) == 1
    assert not outputs(tmp_path / "out")


def test_without_an_archive_the_command_waits_until_it_is_stopped(portal, tmp_path) -> None:
    source = write_slice(tmp_path / "1.dcm")
    nobody_listens = "http://127.0.0.1:9"
    arguments = ("pseudonymize", source, "--project", "heart", "--store")
    with portal.start(*arguments, ORTHANC_URL=nobody_listens) as process:
        assert "The archive does not answer." in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 130
    with sqlite3.connect(portal.data / "portal.sqlite3") as database:
        states = database.execute("SELECT state FROM jobs_job WHERE destination = 'archive'")
        assert set(states.fetchall()) <= {("cancelled",)}


def test_the_command_gives_up_when_the_archive_stays_away(portal, tmp_path) -> None:
    sources = [write_slice(tmp_path / f"{n}.dcm", n, SeriesInstanceUID=f"1.9.{n}") for n in (1, 2)]
    ended = portal.run(
        *("pseudonymize", *sources, "--project", "heart", "--store", "--workers", "2"),
        ORTHANC_URL="http://127.0.0.1:9",  # nobody listens there
        PACS2GO_COMMAND_PATIENCE_SECONDS="5",
    )
    assert (ended.status, ended.out) == (1, "2 failed\n")
    for source in sources:
        assert f"{source}: failed: The archive did not answer. Start it and run" in ended.err
    with sqlite3.connect(portal.data / "portal.sqlite3") as database:
        states = database.execute("SELECT DISTINCT state FROM jobs_job").fetchall()
    assert not {"waiting", "running"} & {state for (state,) in states}


def test_a_name_that_is_no_utf_8_and_a_zip_in_a_zip_are_told_in_the_report(
    portal, tmp_path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    odd = folder / os.fsdecode(b"M\xfcller.dcm")
    odd.write_text("no DICOM at all")
    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.write(write_slice(tmp_path / "z.dcm", 9), "deep/9.dcm")
    with zipfile.ZipFile(folder / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")

    out, report = tmp_path / "out", tmp_path / "report.json"
    ended = portal.run(
        *("pseudonymize", folder, "--project", "heart", "--output", out, "--report", report)
    )
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    assert {file["source"]: file["outcome"] for file in read_report(report)["files"]} == {
        f"{folder}/M\ufffdller.dcm": "failed",
        f"{folder}/outer.zip/inner.zip/deep/9.dcm": "written",
    }
