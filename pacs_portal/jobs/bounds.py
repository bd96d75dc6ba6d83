"""What one file may take of the machine: a hostile one ends its process, not its neighbors.

A process that ends gives its part back; the file that ended it several times gets its receipt.
"""

import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

SHARE = 0.75  # of the memory, for all workers together; the rest is the archive's and the portal's


class Bounds:
    """The bounds of this process; none until it is a worker's child, which may be ended.

    `processes` is how many such children there are.
    """

    unit_seconds = 0
    processes = 1


def bound_this_process(process_count: int) -> None:
    """Give this child of a worker its share of the memory and its time for each unit."""
    bound_memory(process_count)
    Bounds.unit_seconds = settings.UNIT_MAX_SECONDS
    Bounds.processes = process_count


def bound_memory(process_count: int) -> None:
    """Give this process its share of the memory, or what its parent had if that is less."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    share = settings.WORKER_MEMORY_MB * 2**20 or int(memory * SHARE / process_count)
    had, _ = resource.getrlimit(resource.RLIMIT_DATA)
    limit_memory(share if had == resource.RLIM_INFINITY else min(share, had))


def limit_memory(size_bytes: int) -> None:
    """Let allocations above `size_bytes` fail; files that are only mapped do not count."""
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    allowed = size_bytes if most == resource.RLIM_INFINITY else min(size_bytes, most)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, most))


@contextmanager
def limited_time(seconds: float | None = None) -> Iterator[None]:
    """End the process if the work inside takes too long; no handler, since C code asks for none.

    Without `seconds` the time is that of a worker's child for a unit.
    """
    signal.setitimer(signal.ITIMER_REAL, Bounds.unit_seconds if seconds is None else seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
