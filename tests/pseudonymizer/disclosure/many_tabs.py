"""One steward looks in many tabs at once; run by test_limits.py."""

import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

os.environ["DJANGO_SETTINGS_MODULE"] = "pacs_portal.settings"

import django

django.setup()

from django.db import connection  # noqa: E402

from pacs_portal.accounts.models import User  # noqa: E402
from pacs_portal.jobs.steps import GivenIdentity  # noqa: E402
from pacs_portal.projects.models import Project  # noqa: E402
from pacs_portal.projects.services import NewProject, create_project  # noqa: E402
from pseudonymizer.disclosure.gate import export_mapping, permit_export, view_identity  # noqa: E402
from pseudonymizer.disclosure.limits import LIMITS, LIST_CHECKED, VIEWED, Limit  # noqa: E402
from pseudonymizer.errors import RegistryError  # noqa: E402
from pseudonymizer.lists.importing import check_list  # noqa: E402
from pseudonymizer.models import Reason, RegistryPatient  # noqa: E402
from pseudonymizer.registry.patients import resolve  # noqa: E402
from tests.pseudonymizer.two_stewards import approve_export, begin  # noqa: E402

TABS = 10
LIMITS[VIEWED] = LIMITS[LIST_CHECKED] = Limit(3, timedelta(hours=1))


def prepare() -> None:
    project = create_project(NewProject("heart", "Heart"), actor="test")
    resolve(project, GivenIdentity(patient_id="A-1", name="Zwirbelmayr^Hans"), None)
    begin("heart")


def looks() -> list[bool]:
    """Look at one patient, who takes one person here."""
    project, steward = knee()
    patient = RegistryPatient.objects.get(project=project)
    return at_once(lambda: view_identity(patient, by=steward, reason=Reason.QUALITY))


def checks() -> list[bool]:
    """Compare a list with the registry."""
    project, steward = Project.objects.get(key="knee"), User.objects.order_by("pk")[0]
    content = b"patient_id,name,pseudonym\nB-1,Quasten^Ute,P-1\n"
    return at_once(lambda: check_list(project, content, by=steward))


def knee() -> tuple[Project, User]:
    project = create_project(NewProject("knee", "Knee"), actor="test")
    resolve(project, GivenIdentity(patient_id="B-1", name="Quasten^Ute"), None)
    steward = User.objects.order_by("pk")[0]
    project.memberships.create(user=steward, role="steward")
    return project, steward


def exports() -> list[bool]:
    """Export in a browser and by commands what was approved once."""
    approve_export("heart")
    project, steward = Project.objects.get(key="heart"), User.objects.order_by("pk")[0]
    return at_once(
        lambda: export_mapping(project, by=steward, reason=Reason.QUALITY),
        lambda: permit_export(project, by="cli:root"),
    )


def at_once(*looks: Callable[[], object]) -> list[bool]:
    """Return for each tab whether it was let through."""
    all_ready = Barrier(TABS)

    def one(number: int) -> bool:
        all_ready.wait()
        try:
            looks[number % len(looks)]()
        except RegistryError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(TABS) as pool:
        return list(pool.map(one, range(TABS)))


if __name__ == "__main__":
    if sys.argv[1] == "prepare":
        prepare()
    else:
        sys.stdout.write(f"{sum(looks())} {sum(checks())} {sum(exports())}")
