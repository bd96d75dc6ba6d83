"""A slide goes through the guard by itself; with its overview it waits for a data steward."""

from pathlib import Path

import pydicom

from pacs_portal.jobs.models import Destination, Outcome
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.storage import results_dir
from pacs_portal.jobs.worker import run_job_here
from tests.converter.engine.fluorescence_samples import planes_of, write_fluorescence
from tests.converter.engine.scanner_samples import write_mirax
from tests.converter.engine.slide_samples import write_svs


def run(upload, member, files: dict[str, bytes], **options: object):
    job = create_job(
        upload=upload(files),
        tool="auto",
        destination=Destination.DOWNLOAD,
        by=member,
        options=JobOptions(open=options),
    )
    run_job_here(job)
    return job


def results(job) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in results_dir(job.pk).rglob("*.dcm")]


def svs(tmp_path: Path) -> dict[str, bytes]:
    write_svs(tmp_path / "slide.svs", 600, 500)
    return {"PLANTED Mueller/slide.svs": (tmp_path / "slide.svs").read_bytes()}


def test_a_slide_is_pseudonymized_and_nothing_of_it_is_held(upload, member, tmp_path):
    job = run(upload, member, svs(tmp_path))
    (receipt,) = job.receipts.all()
    assert (receipt.outcome, receipt.code) == (Outcome.WRITTEN, "")
    found = results(job)
    assert {tuple(d.ImageType)[2] for d in found} == {"VOLUME"}
    assert len(found) == receipt.outputs.count() == 2
    for dataset in found:
        assert dataset.PatientIdentityRemoved == "YES"
        assert len(dataset.OpticalPathSequence[0].ICCProfile) > 300
        # Frames are found by their offsets, as before.
        assert dataset.pixel_array.reshape(int(dataset.NumberOfFrames), -1).std() > 10
    assert len({d.FrameOfReferenceUID for d in found}) == 1
    assert len({d.ContainerIdentifier for d in found}) == 1


def test_of_the_names_of_channels_listed_words_stay(upload, member, tmp_path):
    path, names = tmp_path / "slide.ome.tif", ("DAPI", "CD8 Zwirbelmayr", "Zwirbelmayr")
    write_fluorescence(path, planes_of(3, 1, 600, 500), names=names)
    job = run(upload, member, {"slide.ome.tif": path.read_bytes()})
    assert [(r.outcome, r.code) for r in job.receipts.all()] == [(Outcome.WRITTEN, "")]
    for dataset in results(job):
        assert dataset.NumberOfOpticalPaths == 3
        kept = [path.get("OpticalPathDescription", "") for path in dataset.OpticalPathSequence]
        assert kept[:2] == ["DAPI", "CD8"]
        assert "Zwirbelmayr" not in kept[2]


def test_a_slide_with_its_overview_waits_until_a_data_steward_looked(upload, member, tmp_path):
    job = run(upload, member, svs(tmp_path), overview=True)
    (receipt,) = job.receipts.all()
    assert receipt.outcome == Outcome.HELD
    assert receipt.code in {"burned-in", "burned-in-text"}
    assert results(job) == []


def test_a_slide_of_several_files_has_a_receipt_for_each(upload, member, tmp_path):
    write_mirax(tmp_path / "x.mrxs")
    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    files = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in paths}
    job = run(upload, member, files)
    assert {(r.outcome, r.code) for r in job.receipts.all()} == {(Outcome.WRITTEN, "")}
    assert job.receipts.count() == 4
    assert {d.Manufacturer for d in results(job)} <= {"3DHISTECH", ""}
