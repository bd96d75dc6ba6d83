import pytest

from pacs_portal.jobs.models import Destination, Job
from pacs_portal.uploads.models import Upload


@pytest.fixture
def job(project, member) -> Job:
    upload = Upload.objects.create(project=project, created_by=member)
    return Job.objects.create(
        project=project, upload=upload, tool="convert", destination=Destination.DOWNLOAD
    )
