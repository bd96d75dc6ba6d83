"""Several files of a drop become one series, through the guard, and share what became of it."""

from pathlib import Path

import nibabel
import numpy as np

from pacs_portal.jobs.models import Destination, Outcome
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here

VOLUMES, SLICES = 2, 3


def drop(folder: Path) -> dict[str, bytes]:
    """A pair of several volumes with its sidecar, and a JSON file of nothing."""
    voxels = np.arange(4 * 5 * SLICES * VOLUMES, dtype=np.int16).reshape(4, 5, SLICES, VOLUMES)
    nibabel.save(nibabel.Nifti1Pair(voxels, np.diag([0.5, 0.75, 2, 1])), folder / "brain.hdr")
    content = {path.name: path.read_bytes() for path in folder.glob("brain.*")}
    return {**content, "brain.json": b'{"EchoTime": 0.03}', "other.json": b"{}"}


def test_the_files_of_a_volume_pass_the_guard_as_one_series(upload, member, tmp_path):
    job = create_job(
        upload=upload(drop(tmp_path)),
        tool="auto",
        destination=Destination.DOWNLOAD,
        by=member,
    )
    run_job_here(job)
    by_kind = {
        (receipt.upload_file.kind, receipt.code): receipt.outcome for receipt in job.receipts.all()
    }
    assert by_kind == {
        ("nifti-pair", ""): Outcome.WRITTEN,
        ("voxels", "twice"): Outcome.DUPLICATE,  # the same images as its header gave
        ("json", "twice"): Outcome.DUPLICATE,
        ("json", "not-an-image"): Outcome.FAILED,
    }
    written = job.receipts.get(outcome=Outcome.WRITTEN)
    assert written.outputs.count() == VOLUMES * SLICES
