"""Starts the real Orthanc on a free loopback port with a storage of its own."""

import os
import secrets
import socket
import subprocess
import time
from pathlib import Path

import httpx

from infra.orthanc.configuration import (
    OrthancPlan,
    built_loopback_guard,
    server_program,
    write_configuration,
)

READY_SECONDS = 30


class RunningOrthanc:
    """One Orthanc process; it may be stopped and started again on the same storage."""

    def __init__(self, folder: Path) -> None:
        self.plan = OrthancPlan(folder, free_port(), "tests", secrets.token_hex(8))
        self.guard = built_loopback_guard(folder)
        write_configuration(self.plan)
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return self.plan.url

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a portal that stores in this Orthanc."""
        return {
            "ORTHANC_URL": self.url,
            "ORTHANC_USERNAME": self.plan.username,
            "ORTHANC_PASSWORD": self.plan.password,
        }

    def start(self) -> None:
        """Start Orthanc and wait until it answers."""
        log = (self.plan.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [server_program(), str(self.plan.configuration)],
            env={**os.environ, "LD_PRELOAD": str(self.guard)},
            stdout=log,
            stderr=log,
        )
        log.close()
        end = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("Orthanc did not start; see its log in the test's folder.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop Orthanc and wait until it is gone."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=30)
            self.process = None

    def is_ready(self) -> bool:
        try:
            return self.get("/system").is_success
        except httpx.TransportError:
            return False

    def empty(self) -> None:
        """Delete everything that is stored."""
        login = (self.plan.username, self.plan.password)
        for patient in self.get("/patients").json():
            httpx.delete(f"{self.url}/patients/{patient}", auth=login, trust_env=False)

    def get(self, path: str) -> httpx.Response:
        """Ask Orthanc itself, past the portal."""
        login = (self.plan.username, self.plan.password)
        return httpx.get(f"{self.url}{path}", auth=login, trust_env=False)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
