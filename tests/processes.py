"""Runs a script of the tests in several processes at once, on a portal of their own."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.migrated import ROOT, copy_migrated_data


def answers_of(
    script: Path, folder: Path, count: int, environment: Mapping[str, str]
) -> list[list[str]]:
    """Run `script prepare` once, then `script work` `count` times; return the words of each."""
    copy_migrated_data(folder / "data")
    env = {
        "PACS2GO_DATA": str(folder / "data"),
        "PACS2GO_KEYS_FILE": str(folder / "keys"),
        "PACS2GO_SECRET_KEY": 50 * "x",
        "PYTHONPATH": str(ROOT),
        "PATH": "",
        **environment,
    }
    subprocess.run([sys.executable, script, "prepare"], env=env, check=True)
    command = [sys.executable, script, "work"]
    started = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE) for _ in range(count)]
    answers = [process.communicate(timeout=100)[0].decode().split() for process in started]
    assert [process.returncode for process in started] == [0] * count
    return answers
