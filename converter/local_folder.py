"""The folder in which a run without a database keeps what it has not finished."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".pacs2go-"
_YOUNG_SECONDS = 60.0  # another run may have made it and not locked it yet


@contextmanager
def work_folder(output: Path) -> Iterator[Path]:
    """Make a hidden folder in `output`, locked while this run lives; remove those of the dead."""
    _sweep(output)
    with tempfile.TemporaryDirectory(dir=output, prefix=_PREFIX) as name:
        descriptor = os.open(name, os.O_RDONLY)
        try:
            with suppress(OSError):  # a file system without locks: there nobody sweeps
                fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(descriptor)


def _sweep(output: Path) -> None:
    for folder in output.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                is_old = time.time() - os.fstat(descriptor).st_mtime > _YOUNG_SECONDS
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if is_old:
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(descriptor)
