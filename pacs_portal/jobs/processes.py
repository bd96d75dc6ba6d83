"""Child processes that die with their parent and stop when they are told."""

import ctypes
import gc
import logging
import os
import resource
import signal
import sys
import time
from collections.abc import Callable

from django.db import connections

from pacs_portal.jobs.owners import process_owner

logger = logging.getLogger(__name__)
PR_SET_PDEATHSIG = 1
PRIVATE_UMASK = 0o077
RESTART_SECONDS = 1.0  # between a crash and the successor
GRACE_SECONDS = 5.0  # to end the present unit when told to stop


class Stop:
    """Becomes true when the process is told to end (SIGTERM, SIGINT)."""

    def __init__(self) -> None:
        self.is_set = False

    def __call__(self) -> bool:
        return self.is_set

    def listen(self, *numbers: signal.Signals) -> None:
        for number in numbers:
            signal.signal(number, self._set)

    def _set(self, number: int, frame: object) -> None:
        self.is_set = True


def keep_private() -> None:
    """Let nothing that identifies a patient reach a core dump or another account."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.umask(PRIVATE_UMASK)


def start_child(work: Callable[[Stop], None]) -> int:
    """Fork a process that does `work` and return its number.

    SIGTERM tells it to stop; Ctrl-C, which reaches the whole group, is left to the parent.
    """
    connections.close_all()  # a connection must not be shared by two processes
    sys.stdout.flush()
    sys.stderr.flush()
    gc.freeze()  # what is there by now stays: a child need not go through it again and again
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        die_with(parent)
        stop = Stop()
        stop.listen(signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        work(stop)
        status = 0
    finally:
        # Whatever happened: what the parent set up to run at its exit is not the child's.
        if status:
            logger.error("process %s fails", os.getpid(), exc_info=sys.exc_info())
        connections.close_all()
        sys.stderr.flush()
        os._exit(status)


def die_with(parent: int) -> None:
    """Let this child end at once when its parent does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before
        os._exit(1)


class Crew:
    """Child processes that do the same work; who dies is replaced."""

    def __init__(self, work: Callable[[Stop], None], bury: Callable[..., None]) -> None:
        self._work = work
        self._bury = bury  # told the owner name of every process that is gone
        self._owners: dict[int, str] = {}
        self._extras: set[int] = set()
        self._not_before = 0.0

    def fill(self, count: int) -> None:
        """Replace the dead, but not faster than one crash a second lets them die."""
        self.reap()
        if time.monotonic() < self._not_before:
            return
        while len(self._owners) - len(self._extras) < count:
            pid = start_child(self._work)
            self._owners[pid] = process_owner(pid)

    def wait_for_an_end(self, count: int, seconds: float) -> None:
        """Wait until one of `count` processes ends; for `seconds` alone while some are missing."""
        if len(self._owners) < count:
            time.sleep(seconds)
        else:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # left for reap()

    def start_extra(self, work: Callable[[Stop], None]) -> None:
        """Start a process that ends by itself, unless the last such one still runs."""
        if not self._extras:
            pid = start_child(work)
            self._owners[pid] = process_owner(pid)
            self._extras.add(pid)

    def reap(self, *, was_stopped: bool = False) -> None:
        """Look who has died, and give back at once what the dead held."""
        for pid in list(self._owners):
            done, status = os.waitpid(pid, os.WNOHANG)
            if not done:
                continue
            self._bury(self._owners.pop(pid), was_stopped=was_stopped)
            self._extras.discard(pid)
            if status and not was_stopped:
                logger.warning("process %s ended with status %s", pid, status)
                self._not_before = time.monotonic() + RESTART_SECONDS

    def dismiss(self) -> None:
        """Let everybody end the present unit, for a few seconds; then end them."""
        self._signal(signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while self._owners and time.monotonic() < deadline:
            self.reap(was_stopped=True)
            time.sleep(0.05)
        self._signal(signal.SIGKILL)
        while self._owners:
            self.reap(was_stopped=True)
            time.sleep(0.01)

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._owners:
            os.kill(pid, number)
