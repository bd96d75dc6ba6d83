"""The step plans a study per folder, and converts the same folder to the same instances."""

from dataclasses import replace
from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image

from converter.options import ConvertOptions
from converter.outlook import foresee_images
from converter.trees import RULES
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.steps import StepFile, StepResult, UnitContext, step_named
from pacs_portal.uploads.models import Upload
from tests.converter.test_hostile_files import slow_gif

pytestmark = pytest.mark.django_db
STEP = step_named("convert")
WHO = {"patient_id": "A-1", "patient_name": "Zwirbelmayr^Hans", "patient_birth_date": "19560228"}


@pytest.fixture
def job(project, member) -> Job:
    upload = Upload.objects.create(project=project, created_by=member)
    return Job.objects.create(
        project=project, upload=upload, tool="convert", destination=Destination.DOWNLOAD
    )


def picture(root: Path, name: str, shade: int, camera: str = "") -> StepFile:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if camera:
        exif[0x010F] = camera
    kind = "jpeg" if name.endswith(".jpg") else "png"
    Image.new("RGB", (12, 8), (shade, 0, 0)).save(path, kind, exif=exif.tobytes())
    return StepFile(path, (shade,), kind, PurePosixPath(name))


def volume(root: Path, name: str, receipt_id: int) -> StepFile:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    voxels = np.arange(4 * 5 * 3, dtype=np.int16).reshape(4, 5, 3)
    nibabel.save(nibabel.Nifti1Image(voxels, np.diag([0.5, 0.75, 2, 1])), path)
    return StepFile(path, (receipt_id,), "nifti", PurePosixPath(name))


def convert(job: Job, files, work: Path, options=None) -> StepResult:
    work.mkdir()
    outputs, verdicts = [], []
    for unit in STEP.plan(job, files, options or {}).units:
        context = UnitContext(job, unit.values, options or {}, work, private=unit.private)
        result = STEP.run(context, unit.files)
        outputs += result.files
        verdicts += result.verdicts
    return StepResult(tuple(outputs), tuple(verdicts))


def datasets(result: StepResult) -> dict[int, list[pydicom.Dataset]]:
    found: dict[int, list[pydicom.Dataset]] = {}
    for file in result.files:
        found.setdefault(file.receipt_ids[0], []).append(pydicom.dcmread(file.path))
    return found


def test_a_folder_is_a_study_and_each_volume_a_series(job, tmp_path) -> None:
    files = [
        picture(tmp_path, "a/2.png", 2),
        picture(tmp_path, "a/10.png", 10),
        volume(tmp_path, "a/brain.nii", 3),
        volume(tmp_path, "a/brain2.nii", 4),
        picture(tmp_path, "b/1.png", 1),
    ]
    found = datasets(convert(job, files, tmp_path / "work"))
    studies = {number: some[0].StudyInstanceUID for number, some in found.items()}
    assert studies[2] == studies[10] == studies[3] == studies[4] != studies[1]
    series = {number: some[0].SeriesInstanceUID for number, some in found.items()}
    assert series[2] == series[10]
    assert len({series[number] for number in (2, 3, 4, 1)}) == 4
    assert [found[number][0].InstanceNumber for number in (2, 10)] == [1, 2]
    assert len(found[3]) == 3


def test_a_large_folder_is_cut_and_its_numbers_run_on(job, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("converter.units.FILES_PER_UNIT", 2)
    files = [picture(tmp_path, f"slice{number}.png", number) for number in (10, 2, 1, 20, 3)]
    units = STEP.plan(job, files, {}).units
    assert [[file.receipt_ids[0] for file in unit.files] for unit in units] == [
        [1, 2],
        [3, 10],
        [20],
    ]
    assert len({(unit.values["study"], unit.values["series"]) for unit in units}) == 1
    found = datasets(convert(job, files, tmp_path / "work"))
    assert {number: some[0].InstanceNumber for number, some in found.items()} == {
        1: 1,
        2: 2,
        3: 3,
        10: 4,
        20: 5,
    }


def test_photographs_are_a_series_of_their_own(job, tmp_path) -> None:
    files = [picture(tmp_path, "1.jpg", 1, "Lens & Co"), picture(tmp_path, "2.jpg", 2)]
    found = datasets(convert(job, files, tmp_path / "work"))
    assert [found[number][0].Modality for number in (1, 2)] == ["XC", "OT"]
    assert found[1][0].SeriesInstanceUID != found[2][0].SeriesInstanceUID
    assert found[1][0].StudyInstanceUID == found[2][0].StudyInstanceUID


def test_what_a_person_states_of_faces_stands_in_the_photographs_alone(job, tmp_path) -> None:
    files = [picture(tmp_path, "1.jpg", 1, "Lens & Co"), picture(tmp_path, "2.jpg", 2)]
    found = datasets(convert(job, files, tmp_path / "work", {"no_faces": True}))
    assert found[1][0].RecognizableVisualFeatures == "NO"
    assert "RecognizableVisualFeatures" not in found[2][0]
    silent = datasets(convert(job, files, tmp_path / "other"))
    assert "RecognizableVisualFeatures" not in silent[1][0]
    assert silent[1][0].SOPInstanceUID != found[1][0].SOPInstanceUID


def test_the_same_folder_again_gives_the_same_bytes(job, tmp_path) -> None:
    files = [picture(tmp_path, "a/1.png", 1), volume(tmp_path, "a/brain.nii", 3)]
    first = convert(job, files, tmp_path / "first")
    elsewhere = [replace(file, receipt_ids=(file.receipt_ids[0] + 50,)) for file in files]
    again = convert(job, elsewhere, tmp_path / "again")
    assert [file.instance for file in first.files] == [file.instance for file in again.files]


@pytest.mark.parametrize("change", [WHO, {"modality": "US"}, {"study_description": "Knee"}])
def test_other_options_give_other_uids(job, tmp_path, change) -> None:
    files = [picture(tmp_path, "a/1.png", 1)]
    (first,) = convert(job, files, tmp_path / "first").files
    (other,) = convert(job, files, tmp_path / "other", change).files
    assert first.instance.study_instance_uid != other.instance.study_instance_uid
    assert first.instance.sop_instance_uid != other.instance.sop_instance_uid


def test_equal_pictures_in_one_folder_stay_two_instances(job, tmp_path) -> None:
    one, twin = picture(tmp_path, "1.png", 1), picture(tmp_path, "2.png", 2)
    twin.path.write_bytes(one.path.read_bytes())
    outputs = convert(job, [one, twin], tmp_path / "work").files
    assert len({file.instance.sop_instance_uid for file in outputs}) == 2


def test_one_file_of_a_unit_alone_gives_what_it_gave_among_the_others(job, tmp_path) -> None:
    files = [picture(tmp_path, "1.png", 1), picture(tmp_path, "2.png", 2)]
    (unit,) = STEP.plan(job, files, {}).units
    contexts = []
    for name in ("both", "alone"):
        (tmp_path / name).mkdir()
        contexts.append(UnitContext(job, unit.values, {}, tmp_path / name, private=unit.private))
    both = STEP.run(contexts[0], unit.files).files
    (alone,) = STEP.run(contexts[1], unit.files[1:]).files
    assert alone.instance == both[1].instance


def test_the_given_patient_goes_on_to_the_guard(job, tmp_path) -> None:
    (unit,) = STEP.plan(job, [picture(tmp_path, "1.png", 1)], WHO).units
    assert unit.identity.patient_id == "A-1"
    assert unit.identity.name == "Zwirbelmayr^Hans"
    assert unit.identity.study_instance_uid == unit.values["study"]
    assert "Zwirbelmayr" not in str(unit.values)


def test_without_a_patient_each_folder_has_one_of_its_own(job, tmp_path) -> None:
    files = [picture(tmp_path, "a/1.png", 1), picture(tmp_path, "b/2.png", 2)]
    units = STEP.plan(job, files, {}).units
    ids = [unit.identity.patient_id for unit in units]
    assert ids[0].startswith("UNNAMED-")
    assert ids[0] != ids[1]
    found = datasets(convert(job, files, tmp_path / "work"))
    assert [found[number][0].PatientID for number in (1, 2)] == ids


def test_a_bad_picture_gets_a_verdict_and_the_others_go_on(job, tmp_path) -> None:
    good, bad = picture(tmp_path, "1.png", 1), picture(tmp_path, "2.png", 2)
    bad.path.write_bytes(bad.path.read_bytes()[:60])
    result = convert(job, [good, bad], tmp_path / "work")
    assert [file.receipt_ids for file in result.files] == [(1,)]
    (verdict,) = result.verdicts
    assert verdict.receipt_id == 2
    assert verdict.code in {"truncated", "damaged"}


def test_a_picture_that_is_gone_by_now_gets_a_verdict(job, tmp_path) -> None:
    files = [picture(tmp_path, "1.png", 1), picture(tmp_path, "2.png", 2)]
    (unit,) = STEP.plan(job, files, {}).units
    files[0].path.unlink()
    (tmp_path / "work").mkdir()
    result = STEP.run(UnitContext(job, unit.values, {}, tmp_path / "work"), unit.files)
    assert [file.receipt_ids for file in result.files] == [(2,)]
    assert [(verdict.receipt_id, verdict.code) for verdict in result.verdicts] == [
        (1, "unreadable")
    ]


def test_a_picture_that_takes_too_long_gets_a_verdict_and_the_others_go_on(
    job, tmp_path, settings
) -> None:
    settings.CONVERT_MAX_SECONDS = 1
    good, slow, last = (picture(tmp_path, f"{number}.png", number) for number in (1, 2, 3))
    slow.path.write_bytes(slow_gif())
    result = convert(job, [good, slow, last], tmp_path / "work")
    assert [file.receipt_ids for file in result.files] == [(1,), (3,)]
    assert [(verdict.receipt_id, verdict.code) for verdict in result.verdicts] == [(2, "too-slow")]


def test_dicom_is_refused_with_a_pointer_to_the_pseudonymizer() -> None:
    code, sentence = STEP.refusal("dicom")
    assert code == "is-dicom"
    assert "Pseudonymize" in sentence


def table(root: Path, name: str, text: str, receipt_id: int = 90) -> StepFile:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return StepFile(path, (receipt_id,), "table", PurePosixPath(name))


def test_a_table_beside_the_files_says_whose_they_are(job, tmp_path) -> None:
    files = [picture(tmp_path, f"c/{n}.png", n) for n in (1, 2, 3)]
    text = "path,patient,date,modality\n1.png,A-1,2020-01-31,US\n2.png,A-1,2020-01-31,US\n,B-2,,\n"
    found = datasets(convert(job, [*files, table(tmp_path, "c/all.csv", text)], tmp_path / "work"))
    one, two, three = (found[n][0] for n in (1, 2, 3))
    assert (one.PatientID, one.StudyDate, one.Modality) == ("A-1", "20200131", "US")
    assert (three.PatientID, three.StudyDate, three.Modality) == ("B-2", "", "OT")
    assert one.SeriesInstanceUID == two.SeriesInstanceUID
    assert one.StudyInstanceUID != three.StudyInstanceUID


def test_both_hands_are_two_series_of_one_study(job, tmp_path) -> None:
    files = [picture(tmp_path, f"c/{n}.png", n) for n in (1, 2, 3)]
    text = "path,patient,laterality\n1.png,A-1,L\n2.png,A-1,R\n3.png,A-1,L\n"
    found = datasets(convert(job, [*files, table(tmp_path, "c/all.csv", text)], tmp_path / "work"))
    one, two, three = (found[n][0] for n in (1, 2, 3))
    assert [each.Laterality for each in (one, two, three)] == ["L", "R", "L"]
    assert one.SeriesInstanceUID == three.SeriesInstanceUID != two.SeriesInstanceUID
    assert len({each.StudyInstanceUID for each in (one, two, three)}) == 1
    assert sorted({each.SeriesNumber for each in (one, two, three)}) == [1, 2]


def test_the_form_counts_before_the_table_and_no_two_patients_are_mixed(job, tmp_path) -> None:
    text = "path,name,birth date,sex,study_description\n,Other^One,1950-01-01,F,Hand\n"
    files = [picture(tmp_path, "c/1.png", 1), table(tmp_path, "c/all.csv", text)]
    found = datasets(convert(job, files, tmp_path / "work", {"patient_id": "A-1"}))
    made = found[1][0]
    assert (made.PatientID, made.PatientName, made.PatientBirthDate) == ("A-1", "", "")
    assert (made.PatientSex, made.StudyDescription) == ("", "Hand")


def test_a_table_counts_before_the_folders_name(job, tmp_path) -> None:
    files = [picture(tmp_path, "c/p1/1.png", 1), picture(tmp_path, "c/p2/2.png", 2)]
    files.append(table(tmp_path, "c/all.csv", "folder,patient\np1,A-1\n"))
    found = datasets(convert(job, files, tmp_path / "work", {"tree": "inner-patient"}))
    assert [found[n][0].PatientID for n in (1, 2)] == ["A-1", "p2"]


def test_a_table_joins_folders_to_a_study_by_its_name(job, tmp_path) -> None:
    files = [picture(tmp_path, "c/a/1.png", 1), picture(tmp_path, "c/b/2.png", 2)]
    text = "folder,patient,study,series\na,A-1,first,\nb,A-1,first,late\n"
    found = datasets(convert(job, [*files, table(tmp_path, "c/all.csv", text)], tmp_path / "work"))
    assert found[1][0].StudyInstanceUID == found[2][0].StudyInstanceUID
    assert found[1][0].SeriesInstanceUID != found[2][0].SeriesInstanceUID


def test_what_goes_with_a_volume_stays_with_it_whatever_a_table_names(job, tmp_path) -> None:
    nii, sidecar = volume(tmp_path, "c/brain.nii", 3), tmp_path / "c/brain.json"
    sidecar.write_text('{"EchoTime": 0.02}')
    files = [nii, StepFile(sidecar, (4,), "json", PurePosixPath("c/brain.json"))]
    files.append(table(tmp_path, "c/all.csv", "file,patient\nbrain.nii,A-1\n"))
    found = datasets(convert(job, files, tmp_path / "work"))
    assert {made.PatientID for made in found[3]} == {"A-1"}
    assert {str(made.EchoTime) for made in found[3]} == {"20"}


def test_all_studies_of_a_patients_folder_are_one_patient_for_the_registry(job, tmp_path) -> None:
    files = [picture(tmp_path, f"c/p1/s{n}/{n}.png", n) for n in (1, 2)]
    files += [picture(tmp_path, "c/p2/s1/3.png", 3)]
    units = STEP.plan(job, files, {"tree": "inner-patient"}).units
    first, second, other = (unit.identity for unit in units)
    assert first == second
    assert other.patient_id == "p2"
    assert other.study_instance_uid != first.study_instance_uid
    assert len({unit.values["study"] for unit in units}) == 3


def test_one_study_takes_all_folders(job, tmp_path) -> None:
    files = [picture(tmp_path, "a/1.png", 1), picture(tmp_path, "b/2.png", 2)]
    files += [volume(tmp_path, "b/brain.nii", 3)]
    found = datasets(convert(job, files, tmp_path / "work", {"tree": "one-study"}))
    assert len({some[0].StudyInstanceUID for some in found.values()}) == 1
    assert len({some[0].SeriesInstanceUID for some in found.values()}) == 2


def test_what_a_table_says_of_patients_is_kept_sealed(job, tmp_path) -> None:
    files = [picture(tmp_path, "c/1.png", 1)]
    files.append(table(tmp_path, "c/all.csv", "path,name\n,Zwirbelmayr^Hans\n"))
    (unit,) = STEP.plan(job, files, {}).units
    assert "Zwirbelmayr" not in str(unit.values)
    assert "Zwirbelmayr" in str(unit.private)


def test_what_is_foreseen_comes_out(job, tmp_path) -> None:
    files = [picture(tmp_path, f"c/p{n % 2}/s{n}/{n}.png", n) for n in range(1, 6)]
    files += [
        volume(tmp_path, "c/p1/s1/brain.nii", 7),
        picture(tmp_path, "c/p1/s1/8.jpg", 8, "Lens"),
    ]
    for rule in RULES:
        foreseen = foresee_images(files, ConvertOptions(tree=rule))
        made = [
            d[0] for d in datasets(convert(job, files, tmp_path / rule, {"tree": rule})).values()
        ]
        assert foreseen.patients == len({one.PatientID for one in made}), rule
        assert foreseen.studies == len({one.StudyInstanceUID for one in made}), rule
        assert foreseen.series == len({one.SeriesInstanceUID for one in made}), rule
        assert foreseen.is_exact
