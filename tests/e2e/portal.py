"""Starts the very thing a person starts: `python -m infra.local run` on a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 120


@dataclass(frozen=True)
class Portal:
    """A running portal and its first admin."""

    url: str
    data: Path
    email: str
    password: str
    process: subprocess.Popen[bytes]
    output: Path

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a management command on this portal's data."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=environment(self.data),
            capture_output=True,
            text=True,
            check=False,
        )


def environment(data: Path) -> dict[str, str]:
    """Return the environment of a portal that lives in `data` and shares the fitted OHIF."""
    names = {name for name in os.environ if name.startswith(("PACS2GO_", "ORTHANC_", "DJANGO_"))}
    kept = {name: value for name, value in os.environ.items() if name not in names}
    ohif = os.environ.get("PACS2GO_OHIF", str(ROOT / "var" / "ohif" / "current"))
    return {**kept, "PACS2GO_DATA": str(data), "PACS2GO_OHIF": ohif}


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def orthanc_pids(portal: Portal) -> list[int]:
    """Return the processes of this portal's Orthanc."""
    pids = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if b"Orthanc" in command and str(portal.data).encode() in command:
            pids.append(int(folder.name))
    return pids


@contextmanager
def running_portal(data: Path) -> Iterator[Portal]:
    """Start a portal on `data`, wait until it is ready, and stop it as Ctrl-C does."""
    port, output = free_port(), data.with_name(f"{data.name}.out")
    url = f"http://127.0.0.1:{port}"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local", "run"],
            cwd=ROOT,
            env={**environment(data), "PACS2GO_PORT": str(port)},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_ready(url, process, output)
        password = re.search(r"Password[^:]*:\s+(\S+)", output.read_text())
        yield Portal(
            url=url,
            data=data,
            email="admin@localhost",
            password=password.group(1) if password else "",
            process=process,
            output=output,
        )
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"The portal stopped at its start:\n{output.read_text()}")
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == HTTPStatus.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.2)
    raise AssertionError(f"The portal was not ready in time:\n{output.read_text()}")
