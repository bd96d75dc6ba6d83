"""Keeps the services alive, and ends them all with itself."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from infra.errors import ServiceError
from infra.local import children
from infra.local.children import Service
from infra.local.log_files import rotate

READY_SECONDS = 90.0
POLL_SECONDS = 0.1
WATCH_SECONDS = 5.0
# A service that lived this long had started; deaths before that count as failed starts.
STARTED_SECONDS = 10.0
FAILED_STARTS = 5
LONGEST_PAUSE_SECONDS = 30.0


@dataclass
class Watched:
    """A service with its process and how often it failed to start in a row."""

    service: Service
    process: subprocess.Popen[bytes]
    started_at: float
    failed_starts: int = 0
    restart_at: float | None = None


class Supervisor:
    """Starts services one after the other and watches them until it is told to stop."""

    def __init__(self, services: Sequence[Service], kept_descriptors: Sequence[int] = ()) -> None:
        self._services = services
        self._kept_descriptors = kept_descriptors
        self._watched: list[Watched] = []
        self._stop_signals = _stop_signals()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Keep all services running until a stop signal comes; then stop them, last one first."""
        waited_for = {*self._stop_signals, signal.SIGCHLD}
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, waited_for)
        try:
            is_up = self._start_all()
            if is_up:
                on_ready()
                self._watch()
        finally:
            self._stop_all()
            # A second Ctrl-C while stopping is not an interruption of what follows.
            while signal.sigtimedwait(waited_for, 0):
                pass
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _start_all(self) -> bool:
        """Start and await every service; False when a stop signal came meanwhile."""
        for service in self._services:
            self._watched.append(Watched(service, self._process(service), time.monotonic()))
            deadline = time.monotonic() + READY_SECONDS
            while not service.is_ready():
                if time.monotonic() > deadline:
                    raise ServiceError(_did_not_start(service))
                if self._is_told_to_stop(POLL_SECONDS):
                    return False
                self._revive()
        return True

    def _watch(self) -> None:
        while not self._is_told_to_stop(self._seconds_to_wait()):
            self._revive()
            for watched in self._watched:
                rotate(watched.service.log)

    def _is_told_to_stop(self, seconds: float) -> bool:
        """Wait for a signal: a stop signal gives True, a child's death or time passed False."""
        info = signal.sigtimedwait({*self._stop_signals, signal.SIGCHLD}, seconds)
        return info is not None and info.si_signo != signal.SIGCHLD

    def _seconds_to_wait(self) -> float:
        due = [w.restart_at - time.monotonic() for w in self._watched if w.restart_at is not None]
        return max(0.0, min([WATCH_SECONDS, *due]))

    def _revive(self) -> None:
        for watched in self._watched:
            if watched.restart_at is None and watched.process.poll() is not None:
                self._plan_restart(watched)
            if watched.restart_at is not None and time.monotonic() >= watched.restart_at:
                watched.process = self._process(watched.service)
                watched.started_at, watched.restart_at = time.monotonic(), None

    def _plan_restart(self, watched: Watched) -> None:
        children.stop(watched.process, 0)  # whatever it left behind in its group
        has_started = time.monotonic() - watched.started_at >= STARTED_SECONDS
        watched.failed_starts = 1 if has_started else watched.failed_starts + 1
        if watched.failed_starts >= FAILED_STARTS:
            raise ServiceError(_did_not_start(watched.service))
        pause = min(0.5 * 2**watched.failed_starts, LONGEST_PAUSE_SECONDS)
        watched.restart_at = time.monotonic() + pause

    def _process(self, service: Service) -> subprocess.Popen[bytes]:
        return children.start(service, self._kept_descriptors)

    def _stop_all(self) -> None:
        while self._watched:
            watched = self._watched.pop()
            children.stop(watched.process, watched.service.stop_seconds)


def _stop_signals() -> frozenset[signal.Signals]:
    """SIGHUP counts too, unless nohup made us immune to it."""
    signals = {signal.SIGINT, signal.SIGTERM}
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signals.add(signal.SIGHUP)
    return frozenset(signals)


def _did_not_start(service: Service) -> str:
    return f"The {service.name} did not start; its log says why: {service.log}"
