"""Log files of the services: private, and never larger than a few megabytes."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

LARGEST_BYTES = 10 * 2**20


def opened_log(path: Path) -> BinaryIO:
    """Open `path` for appending; it and its folder are for the owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def rotate(path: Path) -> None:
    """Move a large log's content to `path`.1; the service goes on writing to the emptied file."""
    if path.exists() and path.stat().st_size > LARGEST_BYTES:
        shutil.copy2(path, path.with_name(path.name + ".1"))
        os.truncate(path, 0)
