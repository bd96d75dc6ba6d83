"""The step reads every file's own patient and writes that patient's pseudonym."""

import hashlib
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pydicom
import pytest
from pydicom.data import get_testdata_file

from pacs_portal.jobs.models import Destination, Job, Outcome
from pacs_portal.jobs.steps import (
    FileRuling,
    GivenIdentity,
    PlannedUnit,
    StepFile,
    UnitContext,
    step_named,
)
from pacs_portal.uploads.models import Upload
from pseudonymizer.engine import ProfileSpec
from pseudonymizer.engine.profile import ENGINE_RULES
from pseudonymizer.models import RegistryPatient
from pseudonymizer.profiles.versions import ProfileChange, save_profile
from pseudonymizer.registry.patients import identity_of

pytestmark = pytest.mark.django_db
STEP = step_named("pseudonymize")


@pytest.fixture
def job(project, member) -> Job:
    upload = Upload.objects.create(project=project, created_by=member)
    return Job.objects.create(
        project=project, upload=upload, tool="pseudonymize", destination=Destination.DOWNLOAD
    )


def step_file(path: Path, receipt_id: int) -> StepFile:
    return StepFile(
        path=path, receipt_ids=(receipt_id,), kind="dicom", relative_path=PurePosixPath(path.name)
    )


def slice_of(folder: Path, number: int, **attributes: str) -> StepFile:
    """Write a CT slice; `attributes` replace its own."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    path = folder / f"{number}.dcm"
    dataset.save_as(path)
    return step_file(path, number)


def run(job: Job, unit: PlannedUnit, work_dir: Path):
    work_dir.mkdir()
    context = UnitContext(job, unit.values, {}, work_dir, private=unit.private)
    return STEP.run(context, unit.files)


def test_two_patients_in_one_folder_get_two_pseudonyms(job, tmp_path) -> None:
    series = {"StudyInstanceUID": "1.2.3", "SeriesInstanceUID": "1.2.3.1"}
    files = [
        slice_of(tmp_path, 1, PatientID="A-1", PatientName="Zwirbelmayr^Hans", **series),
        slice_of(tmp_path, 2, PatientID="B-2", PatientName="Quastenflosser^Ute", **series),
        slice_of(tmp_path, 3, PatientID="A-1", PatientName="Zwirbelmayr^Hans", **series),
    ]
    plan = STEP.plan(job, files, {})
    assert [[file.receipt_ids[0] for file in unit.files] for unit in plan.units] == [[1, 3], [2]]

    units = [STEP.prepare(job, unit) for unit in plan.units]
    names = {}
    for number, unit in enumerate(units):
        for output in run(job, unit, tmp_path / f"work{number}").files:
            names[output.receipt_ids[0]] = str(pydicom.dcmread(output.path).PatientName)
    assert names[1] == names[3] != names[2]
    assert set(names.values()) == set(RegistryPatient.objects.values_list("pseudonym", flat=True))


def test_the_plan_holds_no_identity(job, tmp_path) -> None:
    files = [slice_of(tmp_path, 1, PatientID="A-1", PatientName="Zwirbelmayr^Hans")]
    (unit,) = STEP.plan(job, files, {}).units
    prepared = STEP.prepare(job, unit)
    patient = RegistryPatient.objects.get()
    assert prepared.values["patient"] == str(patient.pk)
    assert not any("A-1" in str(value) for value in prepared.values.values())
    assert "Zwirbelmayr" not in repr(prepared)
    assert identity_of(patient).name == "Zwirbelmayr^Hans"
    assert patient.first_job == job


def test_an_output_says_what_it_is_and_who_made_it(job, tmp_path) -> None:
    files = [slice_of(tmp_path, 1)]
    (unit,) = STEP.plan(job, files, {}).units
    (output,) = run(job, STEP.prepare(job, unit), tmp_path / "work").files
    written = pydicom.dcmread(output.path)
    assert output.instance.sop_instance_uid == written.SOPInstanceUID != "1.2.3.4.1"
    assert output.instance.sha256 == hashlib.sha256(output.path.read_bytes()).hexdigest()
    assert output.instance.size_bytes == output.path.stat().st_size
    made_by = f"pseudonymizer/{ENGINE_RULES} profile/{job.options['profile']} version/0"
    assert output.provenance == made_by
    assert output.instance.patient_id == written.PatientID


def test_a_job_is_done_by_the_version_it_was_planned_with(job, owner, tmp_path) -> None:
    def save(*switches: str, based_on: int) -> None:
        spec = ProfileSpec(frozenset(switches))
        save_profile(job.project, ProfileChange(spec, based_on), by=owner)

    save("modified_dates", based_on=0)
    (unit,) = STEP.plan(job, [slice_of(tmp_path, 1, PatientSex="F")], {}).units
    prepared = STEP.prepare(job, unit)
    save(based_on=1)
    (output,) = run(job, STEP.prepare(job, prepared), tmp_path / "work").files
    written = pydicom.dcmread(output.path)
    assert (written.PatientSex, written.StudyDate != "") == ("", True)
    assert job.options["profile_number"] == 1
    assert output.provenance.endswith(f"profile/{job.options['profile']} version/1")


def test_a_given_identity_decides_for_files_that_carry_none(job, tmp_path) -> None:
    unit = PlannedUnit(
        files=(slice_of(tmp_path, 1, PatientID="", PatientName=""),),
        values={"study": "1.2.3"},
        identity=GivenIdentity(patient_id="A-1", name="Zwirbelmayr^Hans"),
    )
    prepared = STEP.prepare(job, unit)
    assert prepared.values["study"] == "1.2.3"
    assert identity_of(RegistryPatient.objects.get()).patient_id == "A-1"


def test_bad_files_get_a_verdict_and_the_others_go_on(job, tmp_path) -> None:
    good, cut = slice_of(tmp_path, 1), slice_of(tmp_path, 2)
    cut.path.write_bytes(cut.path.read_bytes()[:300])
    short = slice_of(tmp_path, 3)
    short.path.write_bytes(short.path.read_bytes()[:-1000])
    gone = step_file(tmp_path / "gone.dcm", 4)
    disc = replace(slice_of(tmp_path, 5), kind="dicomdir")

    plan = STEP.plan(job, [good, cut, short, gone, disc], {})
    verdicts = {verdict.receipt_id: verdict for verdict in plan.verdicts}
    assert {number: verdict.outcome for number, verdict in verdicts.items()} == {
        2: Outcome.FAILED,
        4: Outcome.FAILED,
        5: Outcome.SKIPPED,
    }
    (unit,) = plan.units
    result = run(job, STEP.prepare(job, unit), tmp_path / "work")
    assert [file.receipt_ids for file in result.files] == [(1,)]
    assert [(verdict.receipt_id, verdict.code) for verdict in result.verdicts] == [(3, "truncated")]


def test_a_file_that_became_another_patients_after_the_plan_is_refused(job, tmp_path) -> None:
    file = slice_of(tmp_path, 1, PatientID="A-1")
    (unit,) = STEP.plan(job, [file], {}).units
    prepared = STEP.prepare(job, unit)
    slice_of(tmp_path, 1, PatientID="B-2")
    result = run(job, prepared, tmp_path / "work")
    assert [verdict.code for verdict in result.verdicts] == ["changed"]
    assert not result.files


def test_what_the_engine_cannot_check_is_held(job, tmp_path) -> None:
    (unit,) = STEP.plan(job, [slice_of(tmp_path, 1, BurnedInAnnotation="YES")], {}).units
    (verdict,) = run(job, STEP.prepare(job, unit), tmp_path / "work").verdicts
    assert (verdict.outcome, verdict.code, verdict.stage) == (
        Outcome.HELD,
        "burned-in",
        "pseudonymize",
    )


def test_what_only_the_registry_knows_is_found_in_an_output(job, tmp_path) -> None:
    text = {"WindowCenterWidthExplanation": "wie bei ZWIRBELMAYR"}
    unit = PlannedUnit(
        files=(slice_of(tmp_path, 1, PatientID="", PatientName="", **text),),
        identity=GivenIdentity(patient_id="A-1", name="Zwirbelmayr^Hans"),
    )
    (verdict,) = run(job, STEP.prepare(job, unit), tmp_path / "work").verdicts
    assert (verdict.outcome, verdict.code) == (Outcome.HELD, "identifier-left")
    assert "(0028,1055)" in verdict.sentence
    assert "zwirbelmayr" not in verdict.sentence.lower()


def test_a_stewards_word_on_values_is_honored_for_this_file_alone(job, tmp_path) -> None:
    texts = {"WindowCenterWidthExplanation": "Zwirbelmayr", "ConvolutionKernel": "Kieselstein"}
    name = {"PatientName": "Zwirbelmayr^Kieselstein"}
    files = [slice_of(tmp_path, number, **texts, **name) for number in (1, 2)]
    (unit,) = STEP.plan(job, files, {}).units
    prepared = STEP.prepare(job, unit)
    first = run(job, prepared, tmp_path / "work")
    assert [[found.text for found in verdict.findings] for verdict in first.verdicts] == [
        ["kieselstein", "zwirbelmayr"]
    ] * 2

    ruling = FileRuling(
        false_alarms=frozenset({"kieselstein"}), removals=frozenset({"zwirbelmayr"})
    )
    context = UnitContext(
        job,
        prepared.values,
        {},
        tmp_path / "work",
        rulings={1: ruling},
        private=prepared.private,
    )
    again = STEP.run(context, prepared.files)
    assert [verdict.receipt_id for verdict in again.verdicts] == [2]
    (output,) = again.files
    written = pydicom.dcmread(output.path)
    assert written.ConvolutionKernel == "Kieselstein"
    assert "WindowCenterWidthExplanation" not in written


def test_two_files_that_claim_to_be_one_instance_both_keep_their_bytes(job, tmp_path) -> None:
    one = slice_of(tmp_path, 1)
    other = slice_of(tmp_path, 2, SOPInstanceUID="1.2.3.4.1", InstanceNumber="99")
    (unit,) = STEP.plan(job, [one, other], {}).units
    outputs = run(job, STEP.prepare(job, unit), tmp_path / "work").files
    assert len({output.instance.sop_instance_uid for output in outputs}) == 1
    for output in outputs:
        assert hashlib.sha256(output.path.read_bytes()).hexdigest() == output.instance.sha256


@pytest.mark.parametrize(
    ("kind", "code"),
    [("jpeg", "is-image"), ("nifti-gz", "is-image"), ("pdf", "not-dicom"), ("empty", "not-dicom")],
)
def test_what_is_not_dicom_is_refused_with_a_pointer(kind: str, code: str) -> None:
    assert STEP.refusal(kind)[0] == code


def test_dicom_is_not_refused() -> None:
    assert STEP.refusal("dicom") is None
