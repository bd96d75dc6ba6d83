"""What the converter makes passes the guard of a project that takes no identities."""

from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from PIL import Image, ImageDraw, ImageFont

from tests.command_line import CommandLine, read_report

AFFINE = np.diag([-0.5, 0.75, 2, 1])


def guarded(portal: CommandLine, folder: Path, *options: str) -> list[pydicom.Dataset]:
    """Convert a folder in the project and return what came out; nothing is held."""
    out, report = folder.parent / "clean", folder.parent / "report.json"
    portal.run(
        *("convert", folder, "--output", out, "--project", "heart", "--report", report), *options
    )
    files = read_report(report)["files"]
    assert [(file["outcome"], file["reason"]) for file in files] == [("written", "")] * len(files)
    return [pydicom.dcmread(output["path"]) for file in files for output in file["outputs"]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    return folder


def test_frames_without_text_are_not_held_and_say_so(portal, folder) -> None:
    planes = np.arange(3 * 40 * 60, dtype=np.uint16).reshape(3, 40, 60)
    tifffile.imwrite(folder / "a.ome.tif", planes, ome=True, metadata={"axes": "ZYX"})
    tifffile.imwrite(folder / "b.tif", planes, photometric="minisblack", metadata=None)
    frames = [Image.new("RGB", (60, 40), (shade, 0, 0)) for shade in (10, 90, 200)]
    frames[0].save(folder / "c.gif", save_all=True, append_images=frames[1:])
    datasets = guarded(portal, folder)
    assert [dataset.NumberOfFrames for dataset in datasets] == [3, 3, 3]
    assert {dataset.BurnedInAnnotation for dataset in datasets} == {"NO"}


def test_text_on_frames_is_blacked_out(portal, folder) -> None:
    frames = [Image.new("RGB", (320, 120), (shade, shade, shade)) for shade in (20, 40, 60)]
    font = ImageFont.load_default(32)
    for frame in frames:
        ImageDraw.Draw(frame).text((20, 40), "Zwirbelmayr Hans", "white", font)
    frames[0].save(folder / "a.gif", save_all=True, append_images=frames[1:])
    (dataset,) = guarded(portal, folder)
    assert dataset.BurnedInAnnotation == "NO"
    assert dataset.pixel_array.max() < 200


def test_volumes_of_all_kinds_pass(portal, folder) -> None:
    voxels = np.arange(4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3) / 7
    nibabel.save(nibabel.Nifti1Image(voxels, AFFINE), folder / "a_pet.nii")
    (folder / "a_pet.json").write_text('{"Modality": "PT"}')
    rgb = np.zeros(voxels.shape, [(channel, "u1") for channel in "RGB"])
    nibabel.save(nibabel.Nifti1Image(rgb, AFFINE), folder / "b.nii")
    found = {dataset.SOPClassUID.name for dataset in guarded(portal, folder)}
    assert found == {
        "Positron Emission Tomography Image Storage",
        "Secondary Capture Image Storage",
    }


def test_a_parametric_map_passes_where_no_face_is_stated(portal, folder) -> None:
    voxels = np.arange(4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3) / 7
    nibabel.save(nibabel.Nifti1Image(voxels, AFFINE), folder / "a.nii")
    (dataset,) = guarded(portal, folder, "--parametric-maps", "--no-faces")
    assert sorted(np.frombuffer(dataset.FloatPixelData, "<f4")) == sorted(voxels.ravel())
