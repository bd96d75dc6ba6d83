"""kill -9 of a rotation of keys, at every step, and people at work while it runs."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import ROOT
from tests.migrated import copy_migrated_data

SCRIPT = Path(__file__).with_name("rotating_portal.py")
IDENTITY, MASTER = "pacs_portal.projects.rotation", "pacs_portal.projects.master_rotation"
KEY_FILE = "pacs_portal.projects.keyfile"
POINTS = [
    (f"{IDENTITY}:begin_version", "before", 1),
    (f"{IDENTITY}:begin_version", "after", 1),
    ("pseudonymizer.registry.entries:renew_identity", "after", 15),  # inside the second batch
    ("pseudonymizer.registry.exact_index:renew_index", "after", 25),
    (f"{IDENTITY}:seal_anew", "after", 1),
    (f"{IDENTITY}:drop_old_versions", "before", 1),
    (f"{IDENTITY}:drop_old_versions", "after", 1),
    (f"{KEY_FILE}:_write_draft", "after", 1),
    (f"{KEY_FILE}:replace_key_file", "after", 1),
    (f"{KEY_FILE}:note_fingerprint", "after", 1),
    ("pacs_portal.projects.wrapping:wrap_anew", "after", 1),
    ("pacs_portal.projects.wrapping:wrap_anew", "after", 2),
    (f"{MASTER}:wrap_all_anew", "after", 1),
    (f"{MASTER}:wrap_all_anew", "after", 2),  # inside the last transaction
    (f"{KEY_FILE}:_write_draft", "after", 2),
    (f"{KEY_FILE}:replace_key_file", "after", 2),
]


@dataclass
class Portal:
    """A data folder and a key file, for processes that rotate its keys or work meanwhile."""

    folder: Path
    database: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> "Portal":
        copy_migrated_data(self.folder / "data")
        answer = self.call("prepare")
        assert answer.returncode == 0, answer.stderr
        return self

    @property
    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            **self.database,
            "PACS2GO_DATA": str(self.folder / "data"),
            "PACS2GO_KEYS_FILE": str(self.folder / "keys"),
            "PYTHONPATH": str(ROOT),
        }

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(SCRIPT), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(SCRIPT), *arguments],
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, *arguments: str) -> Any:
        """Return what the script answered."""
        answer = self.call(*arguments)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def prepared(request, tmp_path_factory) -> Portal:
    database = {}
    if request.param == "postgresql":
        database = {"DATABASE_URL": request.getfixturevalue("postgresql").new_portal()}
    return Portal(tmp_path_factory.mktemp("rotation") / "portal", database).prepare()


@pytest.fixture(scope="module")
def before(prepared) -> dict[str, Any]:
    return prepared.ask("inspect")


@pytest.fixture(scope="module")
def crashes(prepared, before, tmp_path_factory) -> dict[Any, dict[str, Any]]:
    """Make all crashes with one start of Django."""
    portal = Portal(tmp_path_factory.mktemp("crashes") / "portal", prepared.database)
    shutil.copytree(prepared.folder, portal.folder)
    return dict(zip(POINTS, portal.ask("crash", json.dumps(POINTS)), strict=True))


@pytest.mark.timeout(400)  # the first one makes all crashes on one database
@pytest.mark.parametrize("point", POINTS, ids=lambda point: f"{point[1]}-{point[0]}-{point[2]}")
def test_a_rotation_that_was_killed_loses_nothing_and_goes_on(before, crashes, point) -> None:
    crash = crashes[point]
    assert crash["killed_by"] == signal.SIGKILL
    meanwhile, after = crash["meanwhile"], crash["afterwards"]
    assert crash["rotated"]
    for seen in (meanwhile, after):
        assert seen["known"] == before["known"]
        assert seen["names"] == before["names"]
    (newest,) = after["versions"]
    assert newest > 1
    assert after["secrets"] == [["identity", newest], ["uids", 1]]
    assert after["mode"] == "0o600"
    assert after["drafts"] == []
    assert after["wrapped_by"] == after["checks"] == after["master_keys"]
    assert after["master_keys"] != before["master_keys"]
    assert len(after["master_keys"]) == 1


def test_while_keys_are_rotated_everybody_keeps_one_pseudonym(
    tmp_path, database_environment
) -> None:
    portal = Portal(tmp_path / "portal", database_environment).prepare()
    before = portal.ask("inspect")
    askers = [portal.start("ask") for _ in range(2)]
    for asker in askers:
        assert asker.stdout.readline() == "asking\n"
    ended = portal.call("rotate")
    assert ended.returncode == 0, ended.stderr
    for asker in askers:
        asker.communicate("stop", timeout=60)
    assert [asker.returncode for asker in askers] == [0, 0]

    after = portal.ask("inspect")
    assert after["known"] == before["known"]
    assert len(set(after["names"])) == len(after["names"]) > len(before["names"])
    assert after["versions"] == [2]
    assert after["master_keys"] == after["wrapped_by"]
    assert after["master_keys"] != before["master_keys"]
