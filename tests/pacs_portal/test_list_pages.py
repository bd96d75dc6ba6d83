"""Lists cost as many queries for many rows as for few."""

from pathlib import PurePosixPath

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pacs_portal.archive.models import Series, Study, StudyState
from pacs_portal.jobs.models import Destination, FileReceipt, HeldFile, Job, Outcome
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.uploads.models import Companion, FileState
from pacs_portal.uploads.services import ManifestEntry, create_upload
from pseudonymizer.registry.patients import resolve


@pytest.fixture
def add_rows(project, member):
    """Return a function that adds one more of everything that lists show."""

    def add(number: int) -> None:
        study = Study.objects.create(
            project=project,
            study_instance_uid=f"1.2.{number}",
            state=StudyState.STORED,
            modalities=["CT"],
            instance_count=1,
        )
        Series.objects.create(
            study=study, series_instance_uid=f"1.2.{number}.1", modality="CT", instance_count=1
        )
        upload = create_upload(
            project=project, by=member, manifest=[ManifestEntry(PurePosixPath("a/b"), 3)]
        )
        upload.files.update(state=FileState.RECEIVED, received_bytes=3)
        job = Job.objects.create(
            project=project,
            upload=upload,
            created_by=member,
            tool="auto",
            destination=Destination.ARCHIVE,
        )
        receipt = FileReceipt.objects.create(
            job=job,
            upload_file=upload.files.get(),
            outcome=Outcome.HELD,
            reason="It is a document.",
        )
        Companion.objects.create(
            project=project,
            number=number,
            upload_file=upload.files.get(),
            size_bytes=3,
            receipt_key=receipt.pk,
        )
        HeldFile.objects.create(receipt=receipt, cause="document", stage="toy")
        resolve(project, GivenIdentity(f"A-47{number}", name="Zwirbelmayr^Hans"), job)

    return add


@pytest.fixture
def query_count(steward_client):
    """Return a function that counts the queries of one page, the second time it is opened."""

    def count(address: str) -> int:
        assert steward_client.get(address).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            steward_client.get(address)
        return len(queries)

    return count


@pytest.mark.parametrize(
    "name",
    ["project", "upload_list", "project_jobs", "project_files", "project_held", "registry"],
)
def test_a_long_list_takes_no_more_queries_than_a_short_one(name, add_rows, query_count):
    add_rows(10)
    address = reverse(name, args=["heart"])
    with_one = query_count(address)
    for number in range(11, 15):
        add_rows(number)
    assert query_count(address) == with_one


def test_the_list_of_jobs_in_administration_takes_no_more_queries_either(add_rows, admin_client):
    counts = []
    for numbers in (range(10, 11), range(11, 15)):
        for number in numbers:
            add_rows(number)
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(reverse("admin:jobs_job_changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_home_page_takes_no_more_queries_for_more_work(add_rows, query_count):
    add_rows(10)
    with_one = query_count("/")
    for number in range(11, 14):
        add_rows(number)
    assert query_count("/") == with_one


def test_a_job_with_many_files_takes_no_more_queries_than_one_with_few(
    project, member, query_count
):
    counts = []
    for files in (1, 5):
        manifest = [ManifestEntry(PurePosixPath(f"a/{number}"), 3) for number in range(files)]
        upload = create_upload(project=project, by=member, manifest=manifest)
        job = Job.objects.create(
            project=project, upload=upload, tool="auto", destination=Destination.ARCHIVE
        )
        for file in upload.files.all():
            FileReceipt.objects.create(job=job, upload_file=file, outcome=Outcome.STORED)
        counts.append(query_count(job.get_absolute_url()))
    assert counts[0] == counts[1]
