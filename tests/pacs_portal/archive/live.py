"""A portal under gunicorn with a database of its own, for what only a real server shows."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.migrated import copy_migrated_data
from tests.services.orthanc import RunningOrthanc, free_port

ROOT = Path(__file__).resolve().parents[3]
BIG_SIDE = 6000  # 6000 x 6000 pixels of two bytes: 72 MB


@dataclass(frozen=True)
class LivePortal:
    """Where the portal listens, whose session may be used, and what it holds."""

    port: int
    process: subprocess.Popen[bytes]
    cookie: str
    small: str  # address of a small instance below the DICOMweb root
    big: str

    def worker_pid(self) -> int:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    def peak_memory_mb(self) -> float:
        status = Path(f"/proc/{self.worker_pid()}/status").read_text()
        [peak] = [line for line in status.splitlines() if line.startswith("VmHWM")]
        return int(peak.split()[1]) / 1024

    def send(self, target: bytes, method: bytes = b"GET") -> socket.socket:
        """Send a request exactly as it stands and return the connection to read from."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        lines = [
            method + b" " + target + b" HTTP/1.1",
            b"Host: 127.0.0.1",
            b"Cookie: sessionid=" + self.cookie.encode(),
            b"Connection: close",
        ]
        connection.sendall(b"\r\n".join(lines) + b"\r\n\r\n")
        return connection

    def ask(self, target: bytes, method: bytes = b"GET") -> tuple[int, bytes]:
        """Return the status and everything that follows the status line."""
        with self.send(target, method) as connection:
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        line, _, rest = answer.partition(b"\r\n")
        return int(line.split()[1]), rest


def start_portal(folder: Path, orthanc: RunningOrthanc) -> LivePortal:
    """Prepare a database and two studies, and serve them by one gunicorn worker."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "pacs_portal.settings",
        "PACS2GO_DATA": str(folder / "data"),
        "PACS2GO_KEYS_FILE": str(folder / "portal.keys"),
        "PACS2GO_SECRET_KEY": "only-for-this-test-" + 40 * "x",
        "ORTHANC_URL": orthanc.url,
        "ORTHANC_USERNAME": orthanc.plan.username,
        "ORTHANC_PASSWORD": orthanc.plan.password,
    }
    copy_migrated_data(folder / "data")
    prepared = subprocess.run(
        [sys.executable, "-m", "tests.pacs_portal.archive.live", str(folder)],
        cwd=ROOT,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--threads", "4"]
    log = (folder / "gunicorn.log").open("wb")
    process = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "--no-control-socket", "pacs_portal.wsgi"],
        cwd=ROOT,
        env=environment,
        stdout=log,
        stderr=log,
    )
    log.close()
    _wait_for(port)
    return LivePortal(port, process, **json.loads(prepared.stdout.splitlines()[-1]))


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("gunicorn did not start")


def _prepare(folder: Path) -> dict[str, str]:
    """Fill the database of this process's settings; prints what the test needs to know."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from pacs_portal.accounts.models import User
    from pacs_portal.archive.services import NewInstance, store
    from pacs_portal.projects.services import NewProject, create_project
    from tests.pacs_portal.archive.instances import Sample, written

    call_command("collectstatic", interactive=False, verbosity=0)
    owner = User.objects.create_user("owner@example.org")
    project = create_project(NewProject("live", "Live"), actor=owner, owner=owner)
    project.accepts_identified = True
    project.save()
    addresses = []
    for key, sample in enumerate([Sample(), Sample(rows=BIG_SIDE, columns=BIG_SIDE)]):
        path, sha256 = written(sample, folder)
        store(project=project, files=[NewInstance(path, key, sha256, "tests/1")])
        addresses.append(
            f"/dicom-web/studies/{sample.study_uid}/series/{sample.series_uid}"
            f"/instances/{sample.instance_uid}"
        )
    client = Client()
    client.force_login(owner)
    return {
        "cookie": client.cookies["sessionid"].value,
        "small": addresses[0],
        "big": addresses[1],
    }


def digest_of(folder: Path, address: str) -> str:
    """Return the SHA-256 of the file that was stored at `address`."""
    [path] = folder.glob(f"{address.rpartition('/')[2]}-*.dcm")
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    print(json.dumps(_prepare(Path(sys.argv[1]))))  # noqa: T201 (read by start_portal)
