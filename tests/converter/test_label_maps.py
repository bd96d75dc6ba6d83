"""A label map beside its volume becomes a Segmentation that names the volume's images."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from converter.local import convert_locally
from converter.options import ConvertOptions
from pacs_portal.jobs.commandline import find_files, make_output
from tests.command_line import CommandLine, read_report

AFFINE = np.diag([-0.5, 0.75, 2, 1])


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    folder = tmp_path / "scan"
    folder.mkdir()
    return folder


def image(folder: Path, name: str, affine: np.ndarray = AFFINE, volumes: int = 1) -> None:
    shape = (4, 5, 3) if volumes == 1 else (4, 5, 3, volumes)
    voxels = np.arange(np.prod(shape), dtype=np.int16).reshape(shape)
    nibabel.save(nibabel.Nifti1Image(voxels, affine), folder / name)


def labels(folder: Path, name: str, affine: np.ndarray = AFFINE) -> None:
    voxels = np.zeros((4, 5, 3), np.uint8)
    voxels[1:3, 2:, 1:] = 5
    nibabel.save(nibabel.Nifti1Image(voxels, affine), folder / name)


def converted(scan: Path, **options: str | bool) -> dict[str, list[pydicom.Dataset]]:
    """Return the outputs by the source's name."""
    out = scan.parent / "out"
    report = convert_locally(
        find_files([scan], out), make_output(out), ConvertOptions(**options), 1
    )
    assert {file["outcome"] for file in report["files"]} == {"written"}
    return {
        Path(file["source"]).name: [pydicom.dcmread(o["path"]) for o in file["outputs"]]
        for file in report["files"]
    }


def drawn_on(segmentation: pydicom.Dataset) -> set[str]:
    (series,) = segmentation.ReferencedSeriesSequence
    return {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}


@pytest.mark.parametrize(
    "name", ["head_dseg.nii.gz", "head_seg.nii", "head-label.nii", "head_MASK.nii.gz", "labels.nii"]
)
def test_a_label_map_is_known_by_its_name_and_names_the_images(scan, name) -> None:
    image(scan, "head_T1w.nii.gz")
    labels(scan, name)
    found = converted(scan)
    (segmentation,) = found[name]
    assert segmentation.Modality == "SEG"
    images = found["head_T1w.nii.gz"]
    assert drawn_on(segmentation) == {one.SOPInstanceUID for one in images[1:]}
    assert segmentation.StudyInstanceUID == images[0].StudyInstanceUID
    assert segmentation.FrameOfReferenceUID == images[0].FrameOfReferenceUID
    assert segmentation.SeriesInstanceUID != images[0].SeriesInstanceUID


@pytest.mark.parametrize("name", ["unmasked.nii", "segment.nii", "task_probseg2.nii", "brain.nii"])
def test_other_names_say_nothing(scan, name) -> None:
    labels(scan, name)
    assert {one.Modality for one in converted(scan)[name]} == {"MR"}


def test_of_several_volumes_that_of_the_same_grid_and_name_counts(scan) -> None:
    for name in ("a_T1w.nii", "b_T1w.nii"):
        image(scan, name)
    image(scan, "b_dsea.nii", AFFINE @ np.diag([1, 1, 1.5, 1]))
    image(scan, "b_bold.nii", volumes=2)
    labels(scan, "b_T1w_dseg.nii")
    found = converted(scan)
    (segmentation,) = found["b_T1w_dseg.nii"]
    assert drawn_on(segmentation) < {one.SOPInstanceUID for one in found["b_T1w.nii"]}


def test_of_volumes_in_time_the_first_is_named(scan) -> None:
    image(scan, "a_bold.nii", volumes=2)
    labels(scan, "a_dseg.nii")
    found = converted(scan)
    (segmentation,) = found["a_dseg.nii"]
    assert drawn_on(segmentation) == {
        one.SOPInstanceUID for one in found["a_bold.nii"] if one.TemporalPositionIdentifier == 1
    } - {found["a_bold.nii"][0].SOPInstanceUID}


@pytest.mark.parametrize("flips", [(-1, 1, 1), (1, 1, -1), (-1, -1, -1)])
def test_a_label_map_stored_in_another_direction_still_fits(scan, flips) -> None:
    image(scan, "a_T1w.nii")
    last = np.array([3, 4, 2]) * (np.array(flips) < 0)
    flip = np.diag([*flips, 1.0])
    flip[:3, 3] = last
    labels(scan, "a_dseg.nii", AFFINE @ flip)
    found = converted(scan)
    (segmentation,) = found["a_dseg.nii"]
    at = {one.SOPInstanceUID: list(one.ImagePositionPatient) for one in found["a_T1w.nii"]}
    groups = segmentation.PerFrameFunctionalGroupsSequence
    assert len(groups) == 2
    for group in groups:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        assert at[source.ReferencedSOPInstanceUID] == list(
            group.PlanePositionSequence[0].ImagePositionPatient
        )


def test_a_label_map_that_leans_with_its_volume_is_straightened_to_the_same_places(scan) -> None:
    leaning = AFFINE.copy()
    leaning[0, 2], leaning[1, 2] = 0.4, -0.3
    image(scan, "a_T1w.nii", leaning)
    labels(scan, "a_dseg.nii", leaning)
    found = converted(scan, straighten=True)
    (segmentation,) = found["a_dseg.nii"]
    at = {one.SOPInstanceUID: list(one.ImagePositionPatient) for one in found["a_T1w.nii"]}
    assert drawn_on(segmentation) <= set(at)
    assert (segmentation.Rows, segmentation.Columns) == (
        found["a_T1w.nii"][0].Rows,
        found["a_T1w.nii"][0].Columns,
    )
    for group in segmentation.PerFrameFunctionalGroupsSequence:
        (source,) = group.DerivationImageSequence[0].SourceImageSequence
        position = group.PlanePositionSequence[0].ImagePositionPatient
        assert at[source.ReferencedSOPInstanceUID] == list(position)


@pytest.mark.parametrize(
    "affine", [np.diag([0.5, 0.75, 2.1, 1]), AFFINE + np.eye(4, k=3) * 3], ids=["spacing", "place"]
)
def test_a_label_map_of_another_grid_stands_for_itself(scan, affine) -> None:
    image(scan, "a_T1w.nii")
    labels(scan, "a_dseg.nii", affine)
    (segmentation,) = converted(scan)["a_dseg.nii"]
    assert "ReferencedSeriesSequence" not in segmentation


def test_a_table_beside_it_names_the_segments_and_ends_alike(scan) -> None:
    labels(scan, "a_dseg.nii.gz")
    (scan / "a_dseg.tsv").write_text("index\tname\tcolor\n5\tLiver\t#ff0000\n")
    found = converted(scan)
    (segmentation,) = found["a_dseg.nii.gz"]
    assert segmentation.SegmentSequence[0].SegmentLabel == "Liver"
    assert set(found) == {"a_dseg.nii.gz", "a_dseg.tsv"}


def test_a_table_without_a_label_map_says_so(scan) -> None:
    image(scan, "a.nii")
    (scan / "dseg.tsv").write_text("index\tname\n5\tLiver\n")
    out = make_output(scan.parent / "out")
    report = convert_locally(find_files([scan], out), out, ConvertOptions(), 1)
    assert [file["outcome"] for file in report["files"]] == ["written", "failed"]
    assert "no NIfTI volume of the same name" in report["files"][1]["reason"]


def test_a_person_can_decide_for_all_volumes(scan) -> None:
    labels(scan, "brain.nii")
    labels(scan, "a_dseg.nii")
    found = converted(scan, volumes="labels")
    assert {one.Modality for some in found.values() for one in some} == {"SEG"}


def test_or_that_none_is_a_label_map(scan) -> None:
    labels(scan, "a_dseg.nii")
    here = CommandLine(scan.parent)
    here.run("convert", scan, "--output", scan.parent / "out", "--volumes", "images")
    paths = (scan.parent / "out").rglob("*.dcm")
    assert [pydicom.dcmread(path).Modality for path in paths] == ["MR"] * 3


def test_in_a_project_a_segmentation_passes_with_clean_names(portal, scan) -> None:
    image(scan, "a_T1w.nii")
    labels(scan, "a_dseg.nii")
    (scan / "a_dseg.tsv").write_text("index\tname\n5\tLiver Zwirbelmayr\n")
    out = scan.parent / "clean"
    ended = portal.run("convert", scan, "--output", out, "--project", "heart")
    assert (ended.status, ended.err) == (0, "")
    datasets = [pydicom.dcmread(path) for path in out.rglob("*.dcm")]
    (segmentation,) = [one for one in datasets if one.Modality == "SEG"]
    images = {one.SOPInstanceUID: one for one in datasets if one.Modality == "MR"}
    assert segmentation.SegmentSequence[0].SegmentLabel == "Liver"
    assert drawn_on(segmentation) < set(images)
    assert {one.FrameOfReferenceUID for one in datasets} == {segmentation.FrameOfReferenceUID}
    assert {one.PatientID for one in datasets} == {segmentation.PatientID}
    assert segmentation.PatientID.startswith("HEART-")
    assert pydicom.pixels.pixel_array(segmentation).sum() == 2 * 3 * 2
    assert not any(b"Zwirbelmayr" in path.read_bytes() for path in out.rglob("*.dcm"))


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def ends(report: dict) -> dict[str, tuple[str, str]]:
    return {Path(f["source"]).name: (f["outcome"], f["reason"]) for f in report["files"]}


def test_a_label_map_never_names_images_that_did_not_come_to_be(scan) -> None:
    image(scan, "a_T1w.nii")
    labels(scan, "a_dseg.nii")
    (scan / "a_dseg.tsv").write_text("index\tname\n5\tLiver\n")
    image(scan, "b.nii", AFFINE @ np.diag([1, 1, 1.5, 1]))
    cut_short(scan / "a_T1w.nii")
    out = make_output(scan.parent / "out")
    report = convert_locally(find_files([scan], out), out, ConvertOptions(), 2)
    found = ends(report)
    assert found["b.nii"] == ("written", "")
    assert [found[name][0] for name in ("a_T1w.nii", "a_dseg.nii", "a_dseg.tsv")] == ["failed"] * 3
    assert "ends before the image" in found["a_T1w.nii"][1]
    assert "drawn on was not converted" in found["a_dseg.nii"][1]
    assert {pydicom.dcmread(path).Modality for path in out.rglob("*.dcm")} == {"MR"}


def test_in_a_project_it_fails_with_its_volume_too(portal, scan) -> None:
    image(scan, "a_T1w.nii")
    labels(scan, "a_dseg.nii")
    cut_short(scan / "a_T1w.nii")
    out, report = scan.parent / "clean", scan.parent / "report.json"
    ended = portal.run(
        *("convert", scan, "--output", out, "--project", "heart", "--report", report)
    )
    assert (ended.status, "Traceback" in ended.err) == (1, False)
    found = ends(read_report(report))
    assert {outcome for outcome, _ in found.values()} == {"failed"}
    assert "drawn on was not converted" in found["a_dseg.nii"][1]
    assert not list(out.rglob("*.dcm"))


def uids(found: dict[str, list[pydicom.Dataset]]) -> set[str]:
    return {one.SOPInstanceUID for some in found.values() for one in some}


def test_the_same_voxels_under_a_name_of_labels_are_other_images(scan) -> None:
    labels(scan, "head.nii")
    as_images = converted(scan)
    (scan / "head.nii").rename(scan / "head_dseg.nii")
    assert not uids(as_images) & uids(converted(scan))


def test_a_label_map_drawn_on_another_volume_is_another_image(scan) -> None:
    image(scan, "a_T1w.nii")
    image(scan, "b_T1w.nii", volumes=2)
    labels(scan, "c_a_dseg.nii")
    before = converted(scan)
    (scan / "c_a_dseg.nii").rename(scan / "b_T1w_dseg.nii")
    after = converted(scan)
    assert drawn_on(before["c_a_dseg.nii"][0]) != drawn_on(after["b_T1w_dseg.nii"][0])
    assert not uids(before) & uids(after)
