"""What a table among the files and the tree of folders say of patients and studies comes out."""

from pathlib import Path, PurePosixPath

import pytest

from converter.options import ConvertOptions
from converter.outlook import foresee_images
from converter.trees import RULES
from pacs_portal.jobs.steps import StepFile
from tests.converter.converted import STEP, convert, datasets, picture, volume

pytestmark = pytest.mark.django_db


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
