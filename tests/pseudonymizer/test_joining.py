"""Images that join a stored study end in that study, under its pseudonym and its moved dates."""

import io
from pathlib import PurePosixPath

import pydicom
import pytest
from PIL import Image
from pydicom.datadict import keyword_for_tag

from pacs_portal.archive.models import Study
from pacs_portal.archive.services import delete_study
from pacs_portal.jobs.joining import module_tags
from pacs_portal.jobs.models import Destination, Job, JobUnit
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.projects.services import NewProject, create_project
from pacs_portal.uploads.services import ManifestEntry, complete_upload, create_upload, receive_file
from pseudonymizer.merges.merging import merge
from pseudonymizer.models import MatchReason, RegistryPatient
from tests.pseudonymizer.engine.dciodvfy import errors_of
from tests.pseudonymizer.stored import datasets_of, outcomes, slice_bytes, store_files

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folders")]
WHO = {
    "patient_id": "PX7730412",
    "patient_name": "Zwirbelmayr^Hans",
    "patient_birth_date": "19560228",
    "patient_sex": "M",
    "study_date": "20200131",
    "study_description": "CHEST",
}
SAME = (
    *("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyInstanceUID"),
    *("StudyDate", "StudyTime", "StudyDescription", "StudyID", "AccessionNumber"),
    *("ClinicalTrialSubjectID", "ClinicalTrialProtocolID", "ReferringPhysicianName"),
)


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (12, 8), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


def upload(project, by, files: dict[str, bytes]):
    manifest = [ManifestEntry(PurePosixPath(name), len(files[name])) for name in files]
    sent = create_upload(project=project, by=by, manifest=manifest)
    for number, content in enumerate(files.values(), start=1):
        receive_file(sent, number, [content])
    complete_upload(sent)
    return sent


def start(project, by, files: dict[str, bytes], **options) -> Job:
    return create_job(
        upload=upload(project, by, files),
        tool="convert",
        destination=Destination.ARCHIVE,
        by=by,
        options=JobOptions(sealed=options),
    )


def run(project, by, files: dict[str, bytes], **options) -> Job:
    job = start(project, by, files, **options)
    run_job_here(job)
    return job


def told(dataset: pydicom.Dataset) -> dict[str, object]:
    return {keyword: dataset.get(keyword) for keyword in SAME}


@pytest.mark.parametrize("takes_identities", [False, True])
def test_new_series_join_the_study_as_it_stands(orthanc, project, member, takes_identities):
    project.accepts_identified = takes_identities
    project.save()
    run(project, member, {"1.png": picture(1)}, **WHO)
    study = Study.objects.get(project=project)
    patients = RegistryPatient.objects.count()
    files = {"2.png": picture(2), "b/3.png": picture(3)}
    uid = study.study_instance_uid
    appended = run(project, member, files, study=uid, modality="US")
    assert outcomes(appended) == [("stored", ""), ("stored", "")]
    first, *new = datasets_of(orthanc, project)
    assert (first.PatientID == "PX7730412") == takes_identities
    assert [told(dataset) for dataset in new] == [told(first)] * 2
    assert first.StudyDate == "20200131" or not takes_identities
    assert [dataset.SeriesNumber for dataset in new] == [2, 2]
    assert {dataset.Modality for dataset in new} == {"US"}
    assert len({first.SeriesInstanceUID, *(d.SeriesInstanceUID for d in new)}) == 2
    assert RegistryPatient.objects.count() == patients
    study.refresh_from_db()
    assert (study.series_count, study.instance_count) == (2, 3)
    assert Study.objects.filter(project=project).count() == 1


def test_dates_and_uids_are_not_moved_a_second_time(orthanc, project, member):
    store_files(project, member, slice_bytes(1, StudyDate="20200131", PatientWeight="70"))
    study = Study.objects.get(project=project)
    run(project, member, {"2.png": picture(2)}, study=study.study_instance_uid)
    run(project, member, {"3.png": picture(3)}, study=study.study_instance_uid)
    first, second, third = datasets_of(orthanc, project)
    assert first.StudyDate == second.StudyDate == third.StudyDate != "20200131"
    assert first.PatientWeight == second.PatientWeight == third.PatientWeight == 70
    assert [told(second), told(third)] == [told(first)] * 2
    assert third.SeriesNumber == second.SeriesNumber + 1 == first.SeriesNumber + 2


def test_what_joins_is_valid_dicom(orthanc, project, member, tmp_path):
    store_files(project, member, slice_bytes(1))
    study = Study.objects.get(project=project)
    run(project, member, {"2.png": picture(2)}, study=study.study_instance_uid)
    *_first, joined = datasets_of(orthanc, project)
    joined.save_as(tmp_path / "joined.dcm")
    assert not errors_of(tmp_path / "joined.dcm")


def test_the_same_files_again_are_there_already(orthanc, project, member):
    run(project, member, {"1.png": picture(1)}, **WHO)
    uid = Study.objects.get(project=project).study_instance_uid
    files = {"2.png": picture(2)}
    assert outcomes(run(project, member, files, study=uid)) == [("stored", "")]
    run(project, member, {"3.png": picture(3)}, study=uid)
    again = run(project, member, files, study=uid)
    assert outcomes(again) == [("duplicate", "already-stored")]


def test_two_tabs_at_once_lose_nothing(orthanc, project, member):
    run(project, member, {"1.png": picture(1)}, **WHO)
    uid = Study.objects.get(project=project).study_instance_uid
    jobs = [start(project, member, {"2.png": picture(n)}, study=uid) for n in (2, 2, 3)]
    for job in jobs:
        run_job_here(job)
    ended = [outcomes(job)[0] for job in jobs]
    assert ended == [("stored", ""), ("duplicate", "already-stored"), ("stored", "")]


def test_a_study_of_another_project_or_none_is_refused(orthanc, project, member, owner):
    other = create_project(NewProject("knee", "Knee"), actor=owner, owner=owner)
    run(other, owner, {"1.png": picture(1)}, **WHO)
    foreign = Study.objects.get(project=other).study_instance_uid
    for uid in (foreign, "2.25.1"):
        job = run(project, member, {"2.png": picture(2)}, study=uid)
        assert outcomes(job) == [("failed", "study-gone")]
    assert Study.objects.count() == 1


def test_a_study_deleted_before_and_after_the_plan_gets_a_sentence(
    orthanc, project, member, steward
):
    run(project, member, {"1.png": picture(1)}, **WHO)
    study = Study.objects.get(project=project)
    planned = start(project, member, {"2.png": picture(2)}, study=study.study_instance_uid)
    _plan_only(planned)
    delete_study(study=study, by=steward)
    run_job_here(planned)
    assert outcomes(planned) == [("failed", "study-deleted")]
    late = run(project, member, {"3.png": picture(3)}, study=study.study_instance_uid)
    assert outcomes(late) == [("failed", "study-gone")]


def _plan_only(job: Job) -> None:
    from pacs_portal.jobs.tasks import run_part

    assert run_part(job.parts.get().pk)
    assert JobUnit.objects.filter(part__job=job).exists()


def test_a_patient_merged_meanwhile_gets_a_sentence(orthanc, project, member, steward):
    run(project, member, {"1.png": picture(1)}, **WHO)
    study = Study.objects.get(project=project)
    other = {**WHO, "patient_id": "PX9", "patient_name": "Quandtmeier^Ute"}
    run(project, member, {"9.png": picture(9)}, **{**other, "patient_birth_date": "19810503"})
    job = start(project, member, {"2.png": picture(2)}, study=study.study_instance_uid)
    _plan_only(job)
    gone = RegistryPatient.objects.get(pseudonym=study.patient_id)
    kept = RegistryPatient.objects.exclude(pk=gone.pk).get()
    merge(kept=kept, gone=gone, by=steward, reason=MatchReason.SPELLING)
    run_job_here(job)
    assert outcomes(job) == [("failed", "study-changed")]


def test_who_a_table_names_is_not_put_into_another_ones_study(orthanc, project, member):
    run(project, member, {"1.png": picture(1)}, **WHO)
    uid = Study.objects.get(project=project).study_instance_uid
    table = b"path,patient,laterality\n2.png,A-1,\n3.png,,L\n"
    files = {"2.png": picture(2), "3.png": picture(3), "who.csv": table}
    job = run(project, member, files, study=uid)
    assert outcomes(job) == [("failed", "attributes"), ("stored", ""), ("skipped", "attributes")]
    *_first, joined = datasets_of(orthanc, project)
    assert joined.Laterality == "L"


def test_the_modules_are_those_of_the_standard():
    import csv
    from pathlib import Path

    import pacs_portal.jobs.joining as joining

    table = Path(joining.__file__).with_name("study_modules.csv")
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(module_tags()) == len(rows)
    wrong = [r["tag"] for r in rows if keyword_for_tag(int(r["tag"], 16)) != r["keyword"]]
    assert wrong == []
