"""One running copy per data folder."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.errors import BusyError

# How long the services of a killed run may take to end before we give up.
ENDING_SECONDS = 30.0


@contextmanager
def locked(folder: Path) -> Iterator[int]:
    """Hold `folder` and yield the lock's descriptor.

    The services inherit the descriptor: while one of a killed run still lives, the folder is held.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _acquire(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, folder: Path) -> None:
    deadline = time.monotonic() + ENDING_SECONDS
    while not _try_to_lock(descriptor):
        holder = os.pread(descriptor, 20, 0).decode().strip()
        if _is_running_copy(holder):
            raise BusyError(
                f"Another copy is running on {folder} (process {holder}): stop that one, or "
                "choose another folder with PACS2GO_DATA."
            )
        if time.monotonic() > deadline:
            raise BusyError(f"The services of an earlier run on {folder} have not ended yet.")
        time.sleep(0.1)


def _try_to_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_running_copy(pid: str) -> bool:
    """A killed process may linger as a zombie, and its number may be another program's by now."""
    try:
        command = Path(f"/proc/{int(pid)}/cmdline").read_bytes()
    except (OSError, ValueError):
        return False
    return b"infra.local" in command
