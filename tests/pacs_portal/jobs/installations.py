"""Installations of their own, in a temporary folder, for tests with several processes."""

import io
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from tests.migrated import copy_migrated_data

SCRIPT = Path(__file__).with_name("crashing_worker.py")
SETTINGS = "pacs_portal.settings"
CALL_SECONDS = 100


@dataclass
class Installation:
    """A data folder with a job that waits, to be copied for every crash."""

    folder: Path
    kind: str
    job: str
    environment: dict[str, str]

    def copy(self, folder: Path) -> "Installation":
        shutil.copytree(self.folder, folder)
        return Installation(folder, self.kind, self.job, self.environment)

    @property
    def full_environment(self) -> dict[str, str]:
        """The environment of every process of this installation."""
        return {
            **os.environ,
            **self.environment,
            "PACS2GO_DATA": str(self.folder / "data"),
            "PACS2GO_KEYS_FILE": str(self.folder / "keys"),
            "PACS2GO_LEASE_SECONDS": "1",
        }

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the script to its end, in a process of its own."""
        out, err = self.folder / "out", self.folder / "err"
        status = _ended(
            {
                "arguments": arguments,
                "environment": {**self.full_environment, "DJANGO_SETTINGS_MODULE": SETTINGS},
                "out": str(out),
                "err": str(err),
            }
        )
        return subprocess.CompletedProcess(arguments, status, out.read_text(), err.read_text())

    def run(self, *crash: str) -> subprocess.CompletedProcess[str]:
        return self.call("run", self.job, self.kind, *crash)

    def decide(self, *crash: str) -> subprocess.CompletedProcess[str]:
        return self.call("decide", self.job, self.kind, *crash)

    def merge(self) -> None:
        """Merge the patients of the job; the job that this takes becomes the installation's."""
        self._take_job_of("merge")

    def undo_merge(self) -> None:
        """Undo the merge; the job that this takes becomes the installation's."""
        self._take_job_of("undo")

    def _take_job_of(self, command: str) -> None:
        answer = self.call(command, self.job, self.kind)
        assert answer.returncode == 0, answer.stderr
        self.job = answer.stdout.strip()

    def inspect(self) -> dict[str, Any]:
        return self._read("inspect")

    def start(self, *crash: str) -> subprocess.Popen[bytes]:
        """Run in the background."""
        command = [sys.executable, str(SCRIPT), "run", self.job, self.kind, *crash]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=self.full_environment, stdout=log, stderr=log)

    def finish(self) -> dict[str, Any]:
        return self._read("run")

    def _read(self, command: str) -> dict[str, Any]:
        ended = self.call(command, self.job, self.kind)
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)


@cache
def _server() -> subprocess.Popen[str]:
    """The process that all calls are copies of; it ends when this one does."""
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), "serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _ended(call: dict[str, Any]) -> int:
    """Return the exit status of a call."""
    server = _server()
    assert server.stdin
    assert server.stdout
    server.stdin.write(json.dumps(call) + "\n")
    server.stdin.flush()
    if not select.select([server.stdout], [], [], CALL_SECONDS)[0]:
        os.killpg(server.pid, signal.SIGKILL)
        _server.cache_clear()
        raise TimeoutError("The call did not end in time.")
    return int(server.stdout.readline())


def prepared(folder: Path, kind: str, files: dict[str, bytes], **environment: str) -> Installation:
    for name, content in files.items():
        path = folder / "sources" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    copy_migrated_data(folder / "data")
    made = Installation(folder, kind, "", environment)
    answer = made.call("prepare", str(folder / "sources"), kind)
    assert answer.returncode == 0, answer.stderr
    made.job = answer.stdout.strip()
    return made


def picture(color: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 6), (color, 1, 2)).save(buffer, "PNG")
    return buffer.getvalue()
