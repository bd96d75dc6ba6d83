"""Small files of folders, and what the convert step makes of them."""

from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
import pydicom
from PIL import Image

from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import StepFile, StepResult, UnitContext, step_named

STEP = step_named("convert")


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
