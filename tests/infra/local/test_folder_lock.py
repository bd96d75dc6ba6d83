import os
import signal
from pathlib import Path

import pytest

from infra.errors import BusyError
from infra.local.folder_lock import locked
from tests.infra.local.holding import folder_holder


def test_a_second_copy_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    process = folder_holder(folder)
    try:
        with pytest.raises(BusyError, match=f"process {process.pid}"), locked(folder):
            pass
    finally:
        process.kill()
        process.communicate()


def test_a_killed_copy_frees_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir()
    process = folder_holder(folder)
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
