"""Merges patients from many threads at once, crosswise; run by test_crossing.py.

A into B and B into A, A into C, C into A, …; prints for each "merged" or "refused", and at last
how many aliases and merges there are, and that every alias leads to somebody.
"""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from pacs_portal.accounts.models import User  # noqa: E402
from pacs_portal.jobs.steps import GivenIdentity  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pseudonymizer.errors import RegistryError  # noqa: E402
from pseudonymizer.merges.merging import merge, undo_merge  # noqa: E402
from pseudonymizer.models import MatchReason, PatientMerge, RegistryPatient  # noqa: E402
from pseudonymizer.registry.patients import current, resolve  # noqa: E402

PEOPLE = ("Zwirbelmayr^Hans", "Quastenflosser^Ute", "Nasenbaer^Fritz")
PAIRS = list(permutations(range(len(PEOPLE)), 2))


def prepare() -> None:
    user = User.objects.create_user("ada@example.org", "passphrase", is_staff=True)
    new = NewProject("heart", "Heart")
    project = create_project(new, actor=user, owner=user, is_steward_too=True)
    for number, name in enumerate(PEOPLE):
        resolve(project, GivenIdentity(patient_id=f"ID-{number}", name=name), None)


def crosswise() -> list[str]:
    patients = list(RegistryPatient.objects.order_by("created_at"))
    all_ready = Barrier(len(PAIRS))
    by = User.objects.get()

    def one(pair: tuple[int, int]) -> str:
        kept, gone = (patients[place] for place in pair)
        all_ready.wait()
        try:
            merge(kept=kept, gone=gone, by=by, reason=MatchReason.SPELLING)
        except RegistryError:
            return "refused"
        finally:
            connection.close()
        return "merged"

    with ThreadPoolExecutor(len(PAIRS)) as pool:
        return list(pool.map(one, PAIRS))


def undone() -> list[str]:
    """Undo all merges, each from two threads at once, until none is left."""
    by = User.objects.get()

    def one(made: PatientMerge) -> str:
        try:
            undo_merge(made=made, by=by, reason=MatchReason.RELATIVES)
        except RegistryError:
            return "refused"
        finally:
            connection.close()
        return "undone"

    answers: list[str] = []
    while merges := list(PatientMerge.objects.filter(undone_at=None)):
        with ThreadPoolExecutor(2 * len(merges)) as pool:
            answers += pool.map(one, merges * 2)
    return answers


def standing() -> str:
    patients = list(RegistryPatient.objects.select_related("merged_into"))
    ends = {current(patient).pk for patient in patients}
    aliases = sum(patient.merged_into_id is not None for patient in patients)
    return f"{len(ends)}-people,{aliases}-aliases"


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        answers = [*crosswise(), standing(), *undone(), standing()]
        sys.stdout.write("\n".join(answers))
