import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from infra.errors import BusyError
from infra.local.folder_lock import locked
from infra.local.site import ROOT

HOLD = """
import pathlib, signal, sys
from infra.local.folder_lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def holder(folder: Path, tmp_path: Path) -> subprocess.Popen[str]:
    """A process that looks like a running copy and holds the folder."""
    program = tmp_path / "infra.local.py"
    program.write_text(HOLD)
    process = subprocess.Popen(
        [sys.executable, str(program), str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_copy_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    process = holder(folder, tmp_path)
    try:
        with pytest.raises(BusyError, match=f"process {process.pid}"), locked(folder):
            pass
    finally:
        process.kill()
        process.communicate()


def test_a_killed_copy_frees_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    process = holder(folder, tmp_path)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    with locked(folder):
        assert (folder / "lock").read_text() == f"{os.getpid()}\n"


def test_folders_do_not_disturb_each_other(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    with locked(one), locked(other):
        pass
