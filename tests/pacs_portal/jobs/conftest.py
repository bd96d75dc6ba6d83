"""Uploads with real files, and toy steps that stand for the tools."""

from pathlib import PurePosixPath

import pytest

from pacs_portal.jobs import steps
from pacs_portal.jobs.models import Destination, Job
from pacs_portal.jobs.options import JobOptions
from pacs_portal.jobs.services import create_job
from pacs_portal.jobs.worker import run_job_here
from pacs_portal.uploads.services import (
    ManifestEntry,
    complete_upload,
    create_upload,
    receive_file,
)
from tests.pacs_portal.jobs.toys import ToyStep


@pytest.fixture(autouse=True)
def _own_folders(data_folders) -> None:
    """Every test has data folders of its own."""


@pytest.fixture
def toy(monkeypatch) -> ToyStep:
    """The only tool of the portal: copies text files into DICOM."""
    step = ToyStep()
    monkeypatch.setattr(steps, "_steps", {step.name: lambda: step})
    return step


@pytest.fixture
def upload(project, member):
    """Return a function that uploads {path: content} and completes the upload."""

    def send(files: dict[str, bytes]):
        manifest = [ManifestEntry(PurePosixPath(path), len(files[path])) for path in files]
        sent = create_upload(project=project, by=member, manifest=manifest)
        for number, content in enumerate(files.values(), start=1):
            receive_file(sent, number, [content])
        complete_upload(sent)
        return sent

    return send


@pytest.fixture
def start(toy, upload, member):
    """Return a function that uploads {path: content} and starts a job over it."""

    def start_job(files: dict[str, bytes], destination=Destination.DOWNLOAD, **open_options) -> Job:
        return create_job(
            upload=upload(files),
            tool="toy",
            destination=destination,
            by=member,
            options=JobOptions(open=open_options),
        )

    return start_job


@pytest.fixture
def finish(start):
    """Return a function that starts a job and works it off in this process."""

    def run(files: dict[str, bytes], **options) -> Job:
        job = start(files, **options)
        run_job_here(job)
        return job

    return run


@pytest.fixture
def outcomes():
    """Return a function that gives (outcome, code) of a job by file number."""

    def read(job: Job) -> dict[int, tuple[str, str]]:
        receipts = job.receipts.select_related("upload_file")
        return {r.upload_file.number: (r.outcome, r.code) for r in receipts}

    return read
