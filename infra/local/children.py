"""Child processes that never outlive this one."""
# ruff: noqa: S603 (every command line here is ours)

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.log_files import opened_log

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Service:
    """One process to keep alive."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    is_ready: Callable[[], bool] = lambda: True
    stop_seconds: float = 10.0


def start(service: Service, kept_descriptors: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start `service` in a process group of its own, without a terminal, logging to its file."""
    with opened_log(service.log) as log:
        return subprocess.Popen(
            service.command,
            env=dict(service.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            pass_fds=tuple(kept_descriptors),
            preexec_fn=die_with(os.getpid()),  # safe: this process has one thread
        )


def die_with(parent: int) -> Callable[[], None]:
    """Return what a new child runs first: it gets SIGTERM whenever `parent` dies."""

    def prepare_child() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if os.getppid() != parent:
            os._exit(1)

    return prepare_child


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask `process` to end, wait, and end what is left of its group by force."""
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
