"""Several files of a drop become one series, through the guard, and share what became of it."""

from collections import Counter
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
        ("voxels", ""): Outcome.WRITTEN,
        ("json", ""): Outcome.WRITTEN,
        ("json", "not-an-image"): Outcome.FAILED,
    }
    for written in job.receipts.filter(outcome=Outcome.WRITTEN):
        assert written.outputs.count() == VOLUMES * SLICES


def test_the_same_volume_again_is_told_once_for_all_its_files(upload, member, tmp_path):
    content = drop(tmp_path)
    twice = {f"{folder}/{name}": data for folder in "ab" for name, data in content.items()}
    job = create_job(upload=upload(twice), tool="auto", destination=Destination.DOWNLOAD, by=member)
    run_job_here(job)
    ends = Counter(job.receipts.values_list("outcome", "code"))
    assert ends == {
        (Outcome.WRITTEN, ""): 3,
        (Outcome.DUPLICATE, "twice"): 3,
        (Outcome.FAILED, "not-an-image"): 2,
    }
