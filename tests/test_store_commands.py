"""`--store` of both tools against a real Orthanc: pseudonyms only, nothing twice."""

from pathlib import Path

import pydicom
import pytest
from PIL import Image
from pydicom.data import get_testdata_file

from tests.command_line import CommandLine, Ended, read_report
from tests.services.orthanc import RunningOrthanc


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two CT slices of one patient and a picture."""
    made = tmp_path / "Zwirbelmayr"
    made.mkdir()
    for number in (1, 2):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        dataset.PatientName, dataset.PatientID = "Zwirbelmayr^Hans", "A-471108"
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.{number}"
        dataset.save_as(made / f"{number}.dcm")
    Image.new("RGB", (12, 8), (1, 2, 3)).save(made / "knee.png")
    return made


def store(portal: CommandLine, orthanc: RunningOrthanc, *arguments: object) -> Ended:
    return portal.run(
        *(*arguments, "--project", "heart", "--store"),
        **orthanc.environment,
    )


def test_both_tools_store_pseudonyms_and_a_second_run_finds_them(
    portal, own_orthanc, folder, tmp_path
) -> None:
    report = tmp_path / "report.json"
    for outcome in ("stored", "duplicate"):
        ended = store(portal, own_orthanc, "pseudonymize", folder / "1.dcm", folder / "2.dcm")
        assert (ended.status, ended.out, ended.err) == (0, f"2 {outcome}\n", "")
        ended = store(portal, own_orthanc, "convert", folder, "--report", report)
        assert ended.status == 1  # the DICOM files are not for this tool
        assert read_report(report)["counts"] == {outcome: 1, "failed": 2}

    instances = own_orthanc.get("/instances?expand").json()
    assert len(instances) == 3
    patients = own_orthanc.get("/patients?expand").json()
    assert len(patients) == 2
    for patient in patients:
        tags = patient["MainDicomTags"]
        assert tags["PatientID"].startswith("HEART-")
        assert tags["PatientName"] == tags["PatientID"]


def test_a_deflated_file_is_stored_uncompressed(portal, own_orthanc, tmp_path) -> None:
    source = pydicom.dcmread(get_testdata_file("image_dfl.dcm"))
    before = set(own_orthanc.get("/instances").json())
    ended = store(portal, own_orthanc, "pseudonymize", get_testdata_file("image_dfl.dcm"))
    assert (ended.status, ended.out, ended.err) == (0, "1 stored\n", "")
    [instance] = set(own_orthanc.get("/instances").json()) - before
    raw = own_orthanc.get(f"/instances/{instance}/frames/0/raw").content
    assert raw == source.PixelData[: len(raw)]
    assert len(raw) == source.Rows * source.Columns * source.BitsAllocated // 8


def test_the_archive_takes_the_pseudonyms_of_an_imported_list(
    portal, own_orthanc, folder, tmp_path
) -> None:
    list_ = tmp_path / "list.csv"
    list_.write_text(
        "patient_id;issuer;name;pseudonym;date_shift_days\n"
        "B-0815;;Quastenflosser, Ute;OLD_STUDY.17;-400\n"
    )
    ended = portal.run("importregistry", "--project", "heart", list_)
    assert (ended.status, ended.err) == (0, "")
    dataset = pydicom.dcmread(folder / "1.dcm")
    dataset.PatientName, dataset.PatientID = "Quastenflosser^Ute", "B-0815"
    dataset.StudyDate = "20240304"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = "1.2.3.9", "1.2.3.9.0"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.9.1"
    dataset.save_as(folder / "ute.dcm")

    ended = store(portal, own_orthanc, "pseudonymize", folder / "ute.dcm")
    assert (ended.status, ended.out, ended.err) == (0, "1 stored\n", "")
    studies = own_orthanc.get("/studies?expand").json()
    dates = {
        study["PatientMainDicomTags"]["PatientID"]: study["MainDicomTags"]["StudyDate"]
        for study in studies
    }
    assert dates["OLD_STUDY.17"] == "20230129"  # 400 days earlier


def test_images_are_appended_to_a_stored_study(portal, own_orthanc, folder, tmp_path) -> None:
    store(portal, own_orthanc, "pseudonymize", folder / "1.dcm")
    found = own_orthanc.get("/studies?expand").json()
    before = min(one["MainDicomTags"]["StudyInstanceUID"] for one in found)
    Image.new("RGB", (12, 8), (9, 9, 9)).save(tmp_path / "new.png")
    append = ("convert", tmp_path / "new.png", "--study")
    refused = store(portal, own_orthanc, *append, "2.25.1")
    assert (refused.status, "no such study in this project" in refused.err) == (2, True)
    for outcome in ("stored", "duplicate"):
        ended = store(portal, own_orthanc, *append, before)
        assert (ended.status, ended.out) == (0, f"1 {outcome}\n")
