"""Put finished files where people look for them: at once and whole, and over nobody's file."""

import errno
import os
import shutil
import stat
from enum import Enum, auto
from hashlib import file_digest
from pathlib import Path
from typing import BinaryIO

PRIVATE = 0o700
NO_HARD_LINKS = {errno.EPERM, errno.EXDEV, errno.ENOTSUP, errno.EMLINK, errno.EACCES}
_COMPARED_BYTES = 1 << 20


class Placed(Enum):
    """What became of a file that was to get a name."""

    WRITTEN = auto()
    SAME = auto()  # exactly this file stands there already
    TAKEN = auto()  # another one does, and was left alone


def place_instance(source: Path, target: Path, sha256: str, *, is_linkable: bool) -> Placed:
    """Put an instance at `target`; what a power cut left of the very same one gives way.

    Parameters
    ----------
    source, target : Path
        The finished file, and its name to be.
    sha256 : str
        Of `source`, in hexadecimal digits.
    is_linkable : bool
        Whether nobody will change `source` afterwards.

    Returns
    -------
    Placed
    """
    if place(source, target, is_linkable=is_linkable):
        return Placed.WRITTEN
    with target.open("rb") as stream:
        if file_digest(stream, "sha256").hexdigest() == sha256:
            return Placed.SAME
    if not is_torn(target, source):
        return Placed.TAKEN
    part = _part_of(target)
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return Placed.WRITTEN


def place(source: Path, target: Path, *, is_linkable: bool) -> bool:
    """Put `source` at `target` at once and whole; return False if something stands there already.

    `is_linkable` says that nobody will change `source` afterwards.
    """
    if is_linkable and (was_placed := _link(source, target)) is not None:
        return was_placed
    target.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
    part = _part_of(target)
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


def is_torn(torn: Path, whole: Path) -> bool:
    """Tell whether a file is the beginning of `whole` and nothing else, but for zeros behind it.

    So a power cut leaves a file whose bytes had not all reached the disk.
    """
    status = torn.lstat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > whole.stat().st_size:
        return False
    with torn.open("rb") as stream, whole.open("rb") as complete:
        return _begins_like(stream, complete)


def _begins_like(torn: BinaryIO, whole: BinaryIO) -> bool:
    while found := torn.read(_COMPARED_BYTES):
        pairs = zip(found, whole.read(len(found)), strict=True)
        first_other = next((n for n, (one, other) in enumerate(pairs) if one != other), None)
        if first_other is not None:
            return not any(found[first_other:]) and _holds_zeros(torn)
    return True


def _holds_zeros(rest: BinaryIO) -> bool:
    return not any(any(chunk) for chunk in iter(lambda: rest.read(_COMPARED_BYTES), b""))


def _part_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.{os.getpid()}.part")


def _link(source: Path, target: Path) -> bool | None:
    """Return whether the link was made, None where links cannot be made at all."""
    try:
        try:
            os.link(source, target)
        except FileNotFoundError:  # most files find their folder made
            target.parent.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno in NO_HARD_LINKS:
            return None
        raise
    return True
