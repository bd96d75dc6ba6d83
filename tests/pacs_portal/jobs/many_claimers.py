"""Claims the parts of one job from many threads at once; run by test_leases.py."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from pacs_portal.jobs.leases import claim  # noqa: E402
from pacs_portal.jobs.models import Job, JobPart, PartKind  # noqa: E402
from pacs_portal.projects.models import Project  # noqa: E402
from pacs_portal.uploads.models import Upload  # noqa: E402

THREADS, PARTS = 8, 12


def prepare() -> None:
    project = Project.objects.create(key="heart", name="Heart")
    upload = Upload.objects.create(project=project)
    job = Job.objects.create(project=project, upload=upload, tool="toy", destination="download")
    for number in range(PARTS):
        JobPart.objects.create(job=job, number=number, kind=PartKind.WORK)


def claim_all() -> list[str]:
    parts = list(JobPart.objects.order_by("number").values_list("pk", flat=True))
    all_ready = Barrier(THREADS)

    def one(thread: int) -> list[str]:
        all_ready.wait()
        try:
            owner = f"{os.getpid()}-{thread}"
            return [str(lease.part_id) for pk in parts if (lease := claim(pk, owner))]
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return [claimed for found in pool.map(one, range(THREADS)) for claimed in found]


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        sys.stdout.write("\n".join(claim_all()))
