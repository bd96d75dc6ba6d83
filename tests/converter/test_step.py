"""The step plans a study per folder, and converts the same folder to the same instances."""

from dataclasses import replace

import pytest

from pacs_portal.jobs.steps import UnitContext
from tests.converter.converted import STEP, convert, datasets, picture, volume
from tests.converter.test_hostile_files import slow_gif

pytestmark = pytest.mark.django_db
WHO = {"patient_id": "A-1", "patient_name": "Zwirbelmayr^Hans", "patient_birth_date": "19560228"}


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


def test_a_picture_that_is_gone_before_the_plan_is_left_out_of_it(job, tmp_path) -> None:
    gone, *others = (picture(tmp_path, f"{number}.png", number) for number in (1, 2, 3))
    gone.path.unlink()
    plan = STEP.plan(job, [gone, *others], {})
    assert [(verdict.receipt_id, verdict.code) for verdict in plan.verdicts] == [(1, "unreadable")]
    assert [unit.files for unit in plan.units] == [tuple(others)]


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
