"""Runs a whole process and measures it: time, processor time, memory, the first file read."""

import ctypes
import os
import select
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import apart

IN_OPEN = 0x20
IN_ISDIR = 0x40000000
EVENT = struct.Struct("iIII")


class RunError(Exception):
    """A contestant did not do what it was asked."""


@dataclass(frozen=True)
class Measured:
    """One run; memory is that of the largest process among the command and its children."""

    seconds: float
    cpu_seconds: float  # of all its processes
    peak_mb: float
    first_read_seconds: float | None


def measure(command: Sequence[str], sources: Path, environment: Mapping[str, str]) -> Measured:
    """Run `command` to its end.

    Raises
    ------
    RunError
        With the last line of what it said, if it cannot start or fails.
    """
    with tempfile.TemporaryDirectory() as scratch, FirstRead(sources) as first_read:
        report = Path(scratch, "report")
        ran = subprocess.run(
            [sys.executable, "-I", "-S", apart.__file__, report, *command],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        lines = ran.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
        if ran.returncode:
            raise RunError(lines[-1][:200])
        start, end, cpu_seconds, peak_kb, status = map(float, report.read_text().split())
    if status:
        raise RunError(f"ended with status {status:.0f}: {lines[-1][:200]}")
    first = first_read.at - start if first_read.at else None
    return Measured(end - start, cpu_seconds, peak_kb / 1024, first)


class FirstRead:
    """Notes when a file below a folder is opened for the first time (inotify)."""

    def __init__(self, folder: Path) -> None:
        self.at: float | None = None
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_CLOEXEC)
        for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
            self._libc.inotify_add_watch(self._descriptor, os.fsencode(path), IN_OPEN)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "FirstRead":
        self._thread.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._is_over.set()
        self._thread.join()

    def _watch(self) -> None:
        """Stop at the first file, so that the others are read unwatched."""
        try:
            while self.at is None and not self._is_over.is_set():
                if select.select([self._descriptor], [], [], 0.05)[0]:
                    self._take_in(time.monotonic(), os.read(self._descriptor, 1 << 16))
        finally:
            os.close(self._descriptor)

    def _take_in(self, now: float, events: bytes) -> None:
        position = 0
        while position < len(events):
            _, mask, _, length = EVENT.unpack_from(events, position)
            position += EVENT.size + length
            if not mask & IN_ISDIR:
                self.at = now
                return
