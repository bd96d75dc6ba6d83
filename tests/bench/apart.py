"""Runs a command as the child of a small process: apart.py REPORT COMMAND …

The kernel counts into a process's peak memory what its parent held when it was forked, so what a
test process of a gigabyte starts would be said to need one. REPORT is a file for what was measured:
start, end, processor seconds, peak memory in kB and exit status.
"""

import os
import sys
import time
from pathlib import Path


def main(report: str, command: list[str]) -> None:
    """Run `command`; end with status 127 and the reason if it cannot start."""
    start = time.monotonic()
    try:
        child = os.posix_spawnp(command[0], command, os.environ)
    except OSError as error:
        sys.exit(f"{command[0]}: {error.strerror}")
    _, status, usage = os.wait4(child, 0)
    end = time.monotonic()
    cpu_seconds = usage.ru_utime + usage.ru_stime
    status = os.waitstatus_to_exitcode(status)
    Path(report).write_text(f"{start} {end} {cpu_seconds} {usage.ru_maxrss} {status}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
