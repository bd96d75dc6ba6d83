"""Runs manage.py as a person does: another process, its own data folder, streams and status."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.migrated import ROOT, copy_migrated_data


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """A portal's data folder and key file, and whoever calls manage.py with them."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def run(self, *arguments: object, **environment: str) -> Ended:
        """Run a command to its end."""
        with self.start(*arguments, **environment) as process:
            out, err = process.communicate(timeout=100)
        return Ended(process.returncode, out, err)

    def start(self, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return subprocess.Popen(
            [sys.executable, ROOT / "manage.py", *map(str, arguments)],
            env={
                **kept,
                "PACS2GO_DATA": str(self.data),
                "PACS2GO_KEYS_FILE": str(self.folder / "keys"),
                "PACS2GO_SECRET_KEY": 50 * "x",
                **self.environment,
                **environment,
            },
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start_portal(self) -> None:
        """Make a database with one project, "heart"."""
        if "DATABASE_URL" not in self.environment:
            copy_migrated_data(self.data)
        assert self.run("createproject", "heart", "--name", "Heart").status == 0


def read_report(path: Path) -> dict:
    """Return a report, after a look at its mode and its shape."""
    assert path.stat().st_mode & 0o777 == 0o600
    report = json.loads(path.read_text(encoding="utf-8"))
    assert set(report) == {"files", "counts"}
    for file in report["files"]:
        assert set(file) == {"source", "outcome", "reason", "outputs"}
        for output in file["outputs"]:
            assert set(output) == {"path", "sop_instance_uid", "sha256"}
    assert sum(report["counts"].values()) == len(report["files"])
    return report
