"""A label map that comes again alone, in a retry, still names images that exist."""

from pathlib import Path, PurePosixPath

import nibabel
import numpy as np
import pydicom
import pytest

from converter.units import LABEL_MAPS
from pacs_portal.jobs.models import Destination, FileReceipt, Job, Outcome
from pacs_portal.jobs.steps import StepFile, StepResult, UnitContext, step_named
from pacs_portal.uploads.manifest import ManifestEntry
from pacs_portal.uploads.services import create_upload

pytestmark = pytest.mark.django_db
STEP = step_named("convert")
NAMES = ("a_T1w.nii", "a_dseg.nii")


@pytest.fixture
def receipts(project, member) -> list[FileReceipt]:
    """Those of an image and of its label map."""
    manifest = [ManifestEntry(PurePosixPath(name), 352) for name in NAMES]
    upload = create_upload(project=project, by=member, manifest=manifest)
    job = Job.objects.create(
        project=project, upload=upload, tool="convert", destination=Destination.DOWNLOAD
    )
    files = upload.files.order_by("number")
    return [FileReceipt.objects.create(job=job, upload_file=file) for file in files]


@pytest.fixture
def files(receipts, tmp_path) -> list[StepFile]:
    affine, voxels = np.diag([-0.5, 0.75, 2, 1]), np.zeros((4, 5, 3), np.uint8)
    voxels[1:3] = 5
    for name in NAMES:
        nibabel.save(nibabel.Nifti1Image(voxels, affine), tmp_path / name)
    return [
        StepFile(tmp_path / name, (receipt.pk,), "nifti", PurePosixPath(name))
        for name, receipt in zip(NAMES, receipts, strict=True)
    ]


def again(job: Job, planned: list[StepFile], coming: list[StepFile], work: Path) -> StepResult:
    work.mkdir()
    (unit,) = STEP.plan(job, planned, {}).units
    assert len(unit.private[LABEL_MAPS]) == 1
    return STEP.run(UnitContext(job, unit.values, {}, work, private=unit.private), coming)


@pytest.mark.parametrize("outcome", [Outcome.STORED, Outcome.DUPLICATE, Outcome.HELD])
def test_alone_it_is_what_it_was_beside_its_volume(receipts, files, tmp_path, outcome) -> None:
    job = receipts[0].job
    *images, both = again(job, files, files, tmp_path / "both").files
    FileReceipt.objects.filter(pk=receipts[0].pk).update(outcome=outcome)
    (alone,) = again(job, files, files[1:], tmp_path / "alone").files
    assert alone.instance == both.instance
    (series,) = pydicom.dcmread(alone.path).ReferencedSeriesSequence
    named = {item.ReferencedSOPInstanceUID for item in series.ReferencedInstanceSequence}
    assert named == {image.instance.sop_instance_uid for image in images}


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.WAITING, Outcome.SKIPPED])
def test_it_fails_while_its_volume_is_not_there(receipts, files, tmp_path, outcome) -> None:
    FileReceipt.objects.filter(pk=receipts[0].pk).update(outcome=outcome)
    result = again(receipts[0].job, files, files[1:], tmp_path / "alone")
    assert result.files == ()
    (verdict,) = result.verdicts
    assert (verdict.receipt_id, verdict.code) == (receipts[1].pk, "incomplete")
