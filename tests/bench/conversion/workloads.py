"""What is converted for the benchmark: the sources, who else converts them, and the goals.

A workload is a module of this folder with a function `workload(is_small)`, named in `MODULES`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tests.bench.contestants import Contestant

MODULES = ("jpegs", "ct_volumes", "volume_in_time", "slides", "large_slide", "label_maps")
LEFT_OUT = "left out where all is small: it would be installed from PyPI"


@dataclass(frozen=True)
class Goal:
    """How much of a peer's time ours may take: as a whole command, and in a running worker."""

    peer: str
    command: float
    worker: float | None = None


@dataclass(frozen=True)
class Workload:
    """Sources and contestants.

    `peers` gets a folder that lasts, for a venv of their own; a peer's command gets the folder of
    the sources and the path of an output folder that is not there yet.
    """

    name: str
    title: str
    make: Callable[[Path], None]  # write the sources into an empty folder
    outputs: int  # files that everybody has to write at least
    peers: Callable[[Path], list[Contestant]]
    goals: tuple[Goal, ...]
    memory_mb: int | None = None  # the goal for the largest process
    arguments: tuple[str, ...] = ()  # of our command, beside sources and output
    note: str = ""  # what a reader has to know of the peers
    packages: tuple[str, ...] = ()  # of Debian, that the peers need


def load(name: str, is_small: bool) -> Workload:
    """Return one workload by the name of its module; a small one shows in seconds that it works."""
    found: Workload = import_module(f"{__package__}.{name}").workload(is_small)
    return found
