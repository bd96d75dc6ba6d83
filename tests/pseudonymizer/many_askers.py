"""Asks the registry for one new patient, from many threads at once; run by test_registry.py."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from pacs_portal.jobs.steps import GivenIdentity  # noqa: E402
from pacs_portal.projects.models import Project  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pseudonymizer.registry import resolve  # noqa: E402

THREADS = 25
IDENTITY = GivenIdentity(patient_id="4711", name="Zwirbelmayr^Hans", study_instance_uid="1.2.3")


def prepare() -> None:
    call_command("migrate", verbosity=0)
    create_project(NewProject("heart", "Heart"), actor="test")


def ask() -> list[str]:
    project = Project.objects.get()
    all_ready = Barrier(THREADS)

    def one(_: int) -> str:
        all_ready.wait()
        try:
            return resolve(project, IDENTITY, None).pseudonym
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        sys.stdout.write("\n".join(ask()))
