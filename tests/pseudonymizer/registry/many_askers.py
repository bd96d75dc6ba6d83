"""Asks the registry for one new patient, from many threads at once; run by test_patients.py.

In one spelling, or (SPELLINGS=several) in four of as many studies.
"""

import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from pacs_portal.jobs.steps import GivenIdentity  # noqa: E402
from pacs_portal.projects.models import Project  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pseudonymizer.registry.patients import resolve  # noqa: E402

THREADS = 25
IDENTITY = GivenIdentity(
    patient_id="4711",
    issuer="CLINIC",
    name="Zwirbelmayr^Hans",
    birth_date="19560228",
    study_instance_uid="1.2.3",
)
NAMES = ("Zwirbelmayr^Hans", "Zwirbelmaier^Hans", "Hans^Zwirbelmayr", "Zwirbelmayr^Hans Peter")
SPELLINGS = [
    replace(IDENTITY, name=name, study_instance_uid=f"1.2.{number}")
    for number, name in enumerate(NAMES)
]


def prepare() -> None:
    create_project(NewProject("heart", "Heart"), actor="test")


def ask(identities: Sequence[GivenIdentity]) -> list[str]:
    project = Project.objects.get()
    all_ready = Barrier(THREADS)

    def one(number: int) -> str:
        all_ready.wait()
        try:
            return resolve(project, identities[number % len(identities)], None).pseudonym
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        asked = SPELLINGS if os.environ["SPELLINGS"] == "several" else SPELLINGS[:1]
        sys.stdout.write("\n".join(ask(asked)))
