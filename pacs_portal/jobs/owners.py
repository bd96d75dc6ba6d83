"""Which process owns a lease, and whether that process still lives.

An owner reads "<place>-<pid>-<start>": the place is the process-id namespace of one boot of one
machine, so that a number can only be looked up where it means something; the start tells a process
from a later one with the same number.
"""

import os
import platform
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

PROC = Path("/proc")


def this_process() -> str:
    """Return the owner name of the calling process."""
    return process_owner(os.getpid())


def process_owner(pid: int) -> str:
    """Return the owner name of a process of this machine."""
    return f"{_place()}-{pid}-{_start_of(pid) or 0}"


def is_certainly_dead(owner: str) -> bool:
    """Tell whether the process is known to be gone; of other machines nothing is known."""
    place, _, rest = owner.partition("-")
    pid, _, start = rest.partition("-")
    if place != _place() or not pid.isdigit():
        return False
    return str(_start_of(int(pid)) or 0) != start


@lru_cache(maxsize=1)
def _place() -> str:
    parts = [platform.node(), _read(PROC / "sys/kernel/random/boot_id")]
    try:
        parts.append(str((PROC / "self/ns/pid").readlink()))
    except OSError:
        parts.append("")
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


def _start_of(pid: int) -> int | None:
    """Return when the process started, in clock ticks since boot, or None if it is gone."""
    text = _read(PROC / str(pid) / "stat")
    if not text:
        return None
    state, *fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return None if state in {"Z", "X"} else int(fields[18])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
