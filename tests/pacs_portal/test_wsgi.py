"""The portal does not start with missing or wrong secrets; each start is a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path):
    (tmp_path / "data" / "static").mkdir(parents=True)
    return {
        "PATH": os.environ["PATH"],
        "PACS2GO_DATA": str(tmp_path / "data"),
        "PACS2GO_KEYS_FILE": str(tmp_path / "pacs2go.keys"),
        "PACS2GO_SECRET_KEY": "k" * 50,
    }


def run(environment, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def start(environment) -> subprocess.CompletedProcess:
    return run(environment, "-c", "import pacs_portal.wsgi")


@pytest.mark.parametrize("secret", ["", "short"])
def test_a_missing_or_short_secret_key_stops_with_one_line(environment, secret):
    stopped = start(environment | {"PACS2GO_SECRET_KEY": secret})
    assert stopped.returncode == 1
    assert stopped.stderr.strip().splitlines() == [
        "PACS2GO_SECRET_KEY is missing or too short: set it, or start with `make run`."
    ]


def test_a_lost_key_file_stops_with_one_line_and_is_not_replaced(environment, tmp_path):
    run(environment, "manage.py", "migrate", "-v0")
    assert start(environment).returncode == 0
    keys = tmp_path / "pacs2go.keys"
    keys.unlink()
    stopped = start(environment)
    assert stopped.returncode == 1
    assert "is missing: restore it from its backup" in stopped.stderr
    assert len(stopped.stderr.strip().splitlines()) == 1
    assert not keys.exists()


def test_a_database_that_is_not_migrated_stops_with_one_line(environment):
    stopped = start(environment)
    assert stopped.returncode == 1
    assert stopped.stderr.strip().splitlines() == [
        "The database does not answer or is not ready: check DATABASE_URL and migrate it."
    ]


def test_a_wrong_setting_stops_with_one_line(environment):
    stopped = start(environment | {"PACS2GO_PORT": "eighty"})
    assert stopped.returncode == 1
    assert stopped.stderr.strip() == "PACS2GO_PORT must be a whole number."


def test_the_forks_that_serve_inherit_no_connection_to_the_database(environment):
    run(environment, "manage.py", "migrate", "-v0")
    program = (
        "import os, pacs_portal.wsgi\n"
        "opened = [os.readlink(entry.path) for entry in os.scandir('/proc/self/fd')"
        " if os.path.exists(entry.path)]\n"
        "print([path for path in opened if 'sqlite' in path])"
    )
    assert run(environment, "-c", program).stdout.strip() == "[]"
