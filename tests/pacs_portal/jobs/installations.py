"""Installations of their own, in a temporary folder, for tests with several processes."""

import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from tests.migrated import copy_migrated_data

SCRIPT = Path(__file__).with_name("crashing_worker.py")


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
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            env=self.full_environment,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def run(self, *crash: str) -> subprocess.CompletedProcess[str]:
        return self.call("run", self.job, self.kind, *crash)

    def decide(self, *crash: str) -> subprocess.CompletedProcess[str]:
        return self.call("decide", self.job, self.kind, *crash)

    def merge(self) -> None:
        """Merge the patients of the job; the job that this takes becomes the installation's."""
        answer = self.call("merge", self.job, self.kind)
        assert answer.returncode == 0, answer.stderr
        self.job = answer.stdout.strip()

    def start(self, *crash: str) -> subprocess.Popen[bytes]:
        """Run in the background."""
        command = [sys.executable, str(SCRIPT), "run", self.job, self.kind, *crash]
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(command, env=self.full_environment, stdout=log, stderr=log)

    def finish(self) -> dict[str, Any]:
        ended = self.run()
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)


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
