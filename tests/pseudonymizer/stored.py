"""Real DICOM that goes through the pseudonymizer into a real Orthanc, and what lies there then."""

import io
from pathlib import PurePosixPath

import pydicom
from pydicom.data import get_testdata_file

from pacs_portal.accounts.models import User
from pacs_portal.archive.models import Instance
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.projects.models import Project
from pacs_portal.uploads.services import (
    ManifestEntry,
    complete_upload,
    create_upload,
    receive_file,
)
from tests.services.orthanc import RunningOrthanc


def slice_bytes(number: int, **attributes: object) -> bytes:
    """Return a CT slice; `attributes` replace its own."""
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.4.{number}"
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    return buffer.getvalue()


def start_upload(project: Project, by: User, *files: bytes, tool: str = "pseudonymize") -> Job:
    """Upload files and start their job, which nobody has worked on yet."""
    manifest = [
        ManifestEntry(PurePosixPath(f"{number}.dcm"), len(content))
        for number, content in enumerate(files, start=1)
    ]
    upload = create_upload(project=project, by=by, manifest=manifest)
    for number, content in enumerate(files, start=1):
        receive_file(upload, number, [content])
    complete_upload(upload)
    return create_job(upload=upload, tool=tool, destination=Destination.ARCHIVE, by=by)


def store_files(project: Project, by: User, *files: bytes, tool: str = "pseudonymize") -> Job:
    """Bring files into the project's archive by a job."""
    job = start_upload(project, by, *files, tool=tool)
    run_job_here(job)
    return job


def outcomes(job: Job) -> list[tuple[str, str]]:
    """Return outcome and code of every input."""
    receipts = job.receipts.order_by("upload_file__number")
    return list(receipts.values_list("outcome", "code"))


def stored_uids(project: Project) -> list[str]:
    """Return what the index says is stored."""
    stored = Instance.objects.filter(series__study__project=project, stored_at__isnull=False)
    return list(stored.order_by("pk").values_list("sop_instance_uid", flat=True))


def files_in(orthanc: RunningOrthanc, *sop_instance_uids: str) -> list[bytes]:
    """Return every file that Orthanc holds of these instances, whoever's they are."""
    found = orthanc.get("/instances?expand").json()
    return [
        orthanc.get(f"/instances/{one['ID']}/file").content
        for uid in sop_instance_uids
        for one in found
        if one["MainDicomTags"]["SOPInstanceUID"] == uid
    ]


def datasets_of(orthanc: RunningOrthanc, project: Project) -> list[pydicom.Dataset]:
    """Return what Orthanc holds of a project's stored instances, in the order they came."""
    files = files_in(orthanc, *stored_uids(project))
    return [pydicom.dcmread(io.BytesIO(content)) for content in files]
