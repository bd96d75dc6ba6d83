"""The zip of a job's results."""

import io
import json
import zipfile

import nibabel
import numpy as np

from pacs_portal.jobs.downloads import zip_stream
from pacs_portal.jobs.models import Destination, Outcome
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here


def test_images_that_came_of_several_files_stand_in_the_zip_once(upload, member):
    voxels = np.arange(60, dtype=np.int16).reshape(4, 5, 3)
    volume = nibabel.Nifti1Image(voxels, np.diag([0.5, 0.75, 2, 1])).to_bytes()
    sidecar = json.dumps({"Modality": "MR"}).encode()
    job = create_job(
        upload=upload({"brain.nii": volume, "brain.json": sidecar}),
        tool="convert",
        destination=Destination.DOWNLOAD,
        by=member,
    )
    run_job_here(job)
    assert set(job.receipts.values_list("outcome", flat=True)) == {Outcome.WRITTEN}
    with zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(job)))) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names)) == 3
