"""The three services of an installation: Orthanc, the worker, the portal."""

import base64
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

from infra.errors import ServiceError
from infra.local.children import Service
from infra.local.ports import is_outside_loopback, kept_port
from infra.local.site import ROOT, Site
from infra.orthanc.configuration import (
    OrthancPlan,
    built_loopback_guard,
    server_program,
    write_configuration,
)
from infra.private_files import kept_secret, write_private

ORTHANC_USERNAME = "pacs2go"
WEB_PROCESSES = 2
WEB_THREADS = 40  # each waits with its viewer for the archive; pages must find one that is free
ANSWER_SECONDS = 2.0
_FOR_ANY_PROGRAM = frozenset({"HOME", "LANG", "LANGUAGE", "PATH", "TMPDIR", "TZ"})


def planned_orthanc(site: Site) -> OrthancPlan:
    """Choose the port and the credentials of our own Orthanc, and write its configuration."""
    plan = OrthancPlan(
        folder=site.orthanc,
        port=kept_port(site.orthanc / "port"),
        username=ORTHANC_USERNAME,
        password=kept_secret(site.secrets / "orthanc_password"),
    )
    write_configuration(plan)
    # Commands started in another shell find Orthanc by this file.
    write_private(site.orthanc / "url", plan.url + "\n")
    return plan


def service_environment(site: Site, orthanc: OrthancPlan | None) -> dict[str, str]:
    """Return what the portal, its worker and its commands read."""
    environment = {
        **site.environment,
        "PACS2GO_DATA": str(site.data),
        "PACS2GO_PORT": str(site.port),
        "PACS2GO_OHIF": str(site.data / "ohif" / "current"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }
    if not environment.get("PACS2GO_SECRET_KEY", "").strip():
        environment.setdefault("PACS2GO_SECRET_KEY_FILE", str(site.secrets / "secret_key"))
    if orthanc is not None:
        environment |= {
            "ORTHANC_URL": orthanc.url,
            "ORTHANC_USERNAME": orthanc.username,
            "ORTHANC_PASSWORD_FILE": str(site.secrets / "orthanc_password"),
        }
        environment.pop("ORTHANC_PASSWORD", None)
    return environment


def orthanc_service(site: Site, plan: OrthancPlan) -> Service:
    """Return Orthanc on loopback, ready when its REST interface lets us in."""
    return Service(
        name="archive",
        command=[str(server_program()), str(plan.configuration)],
        environment={
            **_without_secrets(site.environment),
            "LD_PRELOAD": str(built_loopback_guard(site.orthanc)),
        },
        log=site.logs / "orthanc.log",
        is_ready=lambda: orthanc_is_ready(plan),
    )


def _without_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what any program may know; keys and passwords of the portal are not Orthanc's."""
    return {
        name: value
        for name, value in environment.items()
        if name in _FOR_ANY_PROGRAM or name.startswith("LC_")
    }


def orthanc_is_ready(plan: OrthancPlan) -> bool:
    """Tell whether Orthanc lets us in; one that other machines can reach stops everything."""
    if is_outside_loopback(plan.port):
        raise ServiceError("Orthanc listens outside loopback; it was stopped.")
    return answers(f"{plan.url}/system", (plan.username, plan.password))


def worker_service(site: Site, environment: dict[str, str]) -> Service:
    """Return the worker, which keeps one process per core."""
    return Service(
        name="worker",
        command=[sys.executable, str(ROOT / "manage.py"), "worker"],
        environment=environment,
        log=site.logs / "worker.log",
        stop_seconds=10.0,
    )


def portal_service(site: Site, environment: dict[str, str]) -> Service:
    """Return the portal; it logs no addresses, since they may name a patient's study."""
    command = [sys.executable, "-m", "gunicorn", "pacs_portal.wsgi:application"]
    options = {
        "--chdir": str(ROOT),
        "--bind": f"127.0.0.1:{site.port}",
        "--worker-class": "gthread",
        "--workers": str(WEB_PROCESSES),
        "--threads": str(WEB_THREADS),
        "--timeout": "120",
        "--graceful-timeout": "5",
        "--keep-alive": "5",
        "--worker-tmp-dir": _heartbeat_folder(site),
        # Its warnings quote malformed requests, and with them the names that somebody looked for.
        "--log-level": "error",
    }
    flat = [part for option in options.items() for part in option]
    return Service(
        name="portal",
        command=[*command, *flat, "--preload", "--no-control-socket"],
        environment=environment,
        log=site.logs / "portal.log",
        is_ready=portal_is_ready(site),
    )


def portal_is_ready(site: Site) -> Callable[[], bool]:
    """Return the question whether the portal answers."""
    return lambda: answers(f"{site.url}/healthz")


def _heartbeat_folder(site: Site) -> str:
    """On a slow disk gunicorn's heartbeat would block; memory is better where there is any."""
    memory = Path("/dev/shm")  # noqa: S108 (gunicorn makes its own unnamed file there)
    return str(memory if memory.is_dir() else site.data)


def answers(url: str, credentials: tuple[str, str] | None = None) -> bool:
    """Tell whether `url`, one of our own services, answers with success."""
    request = urllib.request.Request(url)  # noqa: S310 (http on loopback)
    if credentials is not None:
        token = base64.b64encode(":".join(credentials).encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    # A proxy set for the outside must not be asked for loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
