"""A portal whose keys are rotated, in processes of its own; run by test_rotation_crashes.py.

rotating_portal.py prepare              make a project with patients
rotating_portal.py rotate               rotatekeys --all --master
rotating_portal.py ask                  resolve known and new patients until stdin closes
rotating_portal.py inspect              print what there is, as JSON
rotating_portal.py crash POINTS         for each [POINT, before|after, N] of a JSON list:
                                        rotate and be killed there, inspect, rotate, inspect
"""

import io
import json
import os
import select
import shutil
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django
import psycopg

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from pacs_portal.jobs.steps import GivenIdentity  # noqa: E402
from pacs_portal.projects import master_rotation, rotation  # noqa: E402
from pacs_portal.projects.keyfile import load_master_keys  # noqa: E402
from pacs_portal.projects.management.commands import rotatekeys  # noqa: E402, F401
from pacs_portal.projects.models import KeyFileCheck, Project, ProjectSecret  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pacs_portal.projects.wrapping import wrapping_key_id  # noqa: E402
from pseudonymizer.models import PatientIndex, RegistryPatient  # noqa: E402
from pseudonymizer.registry.patients import identity_of, resolve  # noqa: E402
from tests.pacs_portal.jobs.crashing_worker import crash_at  # noqa: E402

KNOWN = 40
rotation.BATCH_ROWS = 10
rotation.READERS_SECONDS = master_rotation.READERS_SECONDS = 0.2


def person(number: int) -> GivenIdentity:
    return GivenIdentity(
        patient_id=f"ID-{number}", name=f"Person^N{number}", study_instance_uid=f"1.2.{number}"
    )


def prepare() -> None:
    project = create_project(NewProject("heart", "Heart"), actor="test")
    for number in range(KNOWN):
        resolve(project, person(number), None)


def ask() -> None:
    """Ask for everybody known and for newcomers, round after round; others ask for the same."""
    project = Project.objects.get()
    asked, number = 0, 1000
    while not select.select([sys.stdin], [], [], 0)[0]:
        identity_of(resolve(project, person(asked % KNOWN), None))
        identity_of(resolve(project, person(number), None))
        asked, number = asked + 1, number + asked % 2
        if asked == 1:
            sys.stdout.write("asking\n")
            sys.stdout.flush()


def inspect() -> dict[str, Any]:
    """Return who is there under which pseudonyms, and which keys are in use."""
    project, folder = Project.objects.get(), settings.KEYS_FILE.parent
    patients = list(RegistryPatient.objects.all())
    sealed = [bytes(value) for p in patients for value in (p.sealed_identity, p.sealed_date_shift)]
    indexed = PatientIndex.objects.values_list("key_version", flat=True)
    return {
        "names": sorted(identity_of(patient).name for patient in patients),
        "known": [resolve(project, person(n), None).pseudonym for n in range(KNOWN)],
        "versions": sorted({int.from_bytes(value[:4]) for value in sealed} | set(indexed)),
        "secrets": sorted(ProjectSecret.objects.values_list("purpose", "version")),
        "wrapped_by": sorted({wrapping_key_id(row) for row in ProjectSecret.objects.all()}),
        "checks": sorted(KeyFileCheck.objects.values_list("key_id", flat=True)),
        "master_keys": sorted(load_master_keys().keys),
        "drafts": [path.name for path in folder.glob(f".{settings.KEYS_FILE.name}.*")],
        "mode": oct(settings.KEYS_FILE.stat().st_mode & 0o777),
    }


def rotate() -> None:
    call_command("rotatekeys", all=True, master=True, stdout=io.StringIO())


def crash(points: list[list[Any]]) -> list[dict[str, Any]]:
    """Start from the same data for each point; every step in a process of its own."""
    portal, template = settings.DATA_DIR.parent, settings.DATA_DIR.parents[1] / "template"
    shutil.copytree(portal, template)
    copy_database("{name}", to="{name}_template")
    results = []
    for where, when, number in points:
        shutil.rmtree(portal)
        shutil.copytree(template, portal)
        copy_database("{name}_template", to="{name}")
        status, _ = in_child(partial(crash_at, where, when, number, signal.SIGKILL), rotate)
        results.append(
            {
                "killed_by": os.WTERMSIG(status),
                "meanwhile": in_child(inspect)[1],
                "rotated": in_child(rotate)[0] == 0,
                "afterwards": in_child(inspect)[1],
            }
        )
    return results


def copy_database(one: str, *, to: str) -> None:
    """Make a database of the server anew; that of SQLite is a file of the portal's folder."""
    if connection.vendor != "postgresql":
        return
    server, _, name = os.environ["DATABASE_URL"].rpartition("/")
    source, goal = one.format(name=name), to.format(name=name)
    with psycopg.connect(f"{server}/postgres", autocommit=True) as maintenance:
        # The server may not know yet that a killed process is gone.
        maintenance.execute(f"DROP DATABASE IF EXISTS {goal} WITH (FORCE)")
        maintenance.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source]
        )
        maintenance.execute(f"CREATE DATABASE {goal} TEMPLATE {source}")


def in_child(*calls: Callable[[], Any]) -> tuple[int, Any]:
    """Return how a child process ended that made the calls, and what the last one returned."""
    answer, written = os.pipe()
    child = os.fork()
    if child == 0:
        for call in calls:
            result = call()
        os.write(written, json.dumps(result).encode())
        os._exit(0)
    os.close(written)
    with os.fdopen(answer) as pipe:
        text = pipe.read()
    return os.waitpid(child, 0)[1], json.loads(text) if text else None


def main(command: str, *arguments: str) -> None:
    commands = {"prepare": prepare, "ask": ask, "rotate": rotate, "inspect": inspect}
    if command == "crash":
        answer: Any = crash(json.loads(arguments[0]))
    else:
        answer = commands[command]()
    if answer is not None:
        sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])
