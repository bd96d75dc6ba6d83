"""Imports lists at once, or is killed while it imports one; run by test_importing_apart.py.

WORK=at-once: four threads import the same people, each under pseudonyms of its own; prints how
many patients the registry has then, as each of them sees it.
WORK=killed: kill -9 at every point, one after the other; prints after each the signal, the
patients, the imports in the audit log, and at last both after an import that nobody kills.
"""

import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from pacs_portal.audit.models import Event  # noqa: E402
from pacs_portal.projects.models import Project  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pseudonymizer.errors import ListError  # noqa: E402
from pseudonymizer.lists.checking import check_rows  # noqa: E402
from pseudonymizer.lists.importing import import_list, read_list, timezone  # noqa: E402
from pseudonymizer.models import RegistryPatient  # noqa: E402
from tests.pacs_portal.jobs.crashing_worker import crash_at  # noqa: E402
from tests.pseudonymizer.registry.rotating_portal import in_child  # noqa: E402

ROWS, THREADS = 30, 4
ENROLLING = "pseudonymizer.registry.enrolling"
POINTS = [
    (f"{ENROLLING}:seal_patient", "after", 5),
    (f"{ENROLLING}:write_blocks", "before", 1),
    (f"{ENROLLING}:write_blocks", "after", 1),
    (f"{ENROLLING}:enroll", "after", 1),
    ("pacs_portal.projects.services:record_in", "after", 1),
]


def prepare() -> None:
    create_project(NewProject("heart", "Heart"), actor="test")


def import_as(prefix: str) -> None:
    project = Project.objects.get()
    rows = "".join(f"ID-{n},Person^N{n},19560228,{prefix}-{n}X\n" for n in range(ROWS))
    content = f"patient_id,name,birth_date,pseudonym\n{rows}".encode()
    report = check_rows(project, read_list(content), timezone.localdate())
    import_list(project, content, by="cli:test", checked=report.fingerprint)


def counted() -> str:
    imports = Event.objects.filter(action="registry.imported").count()
    return f"{RegistryPatient.objects.count()}/{imports}"


def at_once() -> list[str]:
    all_ready = Barrier(THREADS)

    def one(number: int) -> str:
        all_ready.wait()
        try:
            import_as(f"P{os.getpid()}.{number}")
        except ListError:
            pass  # somebody was faster
        finally:
            answer = counted()
            connection.close()
        return answer

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(one, range(THREADS)))


def killed() -> list[str]:
    told = []
    for where, when, number in POINTS:
        crash = partial(crash_at, where, when, number, signal.SIGKILL)
        status, _ = in_child(crash, partial(import_as, "P"))
        told.append(f"{os.WTERMSIG(status)}:{in_child(counted)[1]}")
    status, after = in_child(partial(import_as, "P"), counted)
    return [*told, f"{status}:{after}"]


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        work = {"at-once": at_once, "killed": killed}[os.environ["WORK"]]
        sys.stdout.write("\n".join(work()))
