"""Folders of jobs below the data directory; their names are numbers and UUIDs only."""

import ctypes
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from django.conf import settings

from pacs_portal.jobs.leases import Lease
from pacs_portal.jobs.models import JobPart, PartState

PRIVATE = 0o700
NO_HARD_LINKS = {errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EMLINK, errno.EACCES}


def results_dir(job_id: UUID) -> Path:
    """Return where the outputs of a download job lie."""
    return Path(settings.RESULTS_DIR) / str(job_id)


def held_dir(held_id: UUID) -> Path:
    """Return where a held file lies."""
    return Path(settings.HELD_DIR) / str(held_id)


@contextmanager
def work_dir(lease: Lease) -> Iterator[Path]:
    """Make the private work folder of one lease; what earlier owners left is removed."""
    for old in Path(settings.WORK_DIR).glob(f"{lease.part_id}-*"):
        shutil.rmtree(old, ignore_errors=True)
    path = Path(settings.WORK_DIR) / f"{lease.part_id}-{lease.fence}"
    make_private(path)
    usual, tempfile.tempdir = tempfile.tempdir, str(path)  # what libraries leave is swept too
    try:
        yield path
    finally:
        tempfile.tempdir = usual
        shutil.rmtree(path, ignore_errors=True)


def sweep_work_dirs() -> None:
    """Remove the work folders that no running lease owns."""
    root = Path(settings.WORK_DIR)
    # Listed before the database is asked: a folder made in between is not even seen.
    found = list(root.iterdir()) if root.is_dir() else []
    running = JobPart.objects.filter(state=PartState.RUNNING).values_list("pk", "fence")
    owned = {f"{part_id}-{fence}" for part_id, fence in running}
    for path in found:
        if path.name not in owned:
            shutil.rmtree(path, ignore_errors=True)


def make_private(path: Path) -> None:
    """Make a folder that only this account opens."""
    path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)


def place(source: Path, target: Path, *, is_linkable: bool) -> bool:
    """Put `source` at `target` at once and whole; return False if something stands there already.

    `is_linkable` says that nobody will change `source` afterwards.
    """
    try:
        was_placed = _link(source, target) if is_linkable else None
    except FileNotFoundError:  # its folder is missing: seldom, so not asked for each file
        was_placed = None
    if was_placed is not None:
        return was_placed
    target.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    if is_linkable and (was_placed := _link(source, target)) is not None:
        return was_placed
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, part)
        was_placed = _link(part, target)
        if was_placed is None:  # a file system without hard links
            if target.exists():
                return False
            part.rename(target)
            return True
        return was_placed
    finally:
        part.unlink(missing_ok=True)


def _link(source: Path, target: Path) -> bool | None:
    """Return whether the link was made, None where links cannot be made at all."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in NO_HARD_LINKS:
            return None
        raise
    return True


def flush_to_disk(path: Path) -> None:
    """Wait until what was written to the file system of `path` survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with suppress(AttributeError):
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) == 0:
                return
        os.sync()
    finally:
        os.close(descriptor)
