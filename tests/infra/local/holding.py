"""A process that holds a data folder as a running copy does."""

import subprocess
import sys
from pathlib import Path

from infra.local.site import ROOT

# Names infra.local on its command line, by which the lock knows a running copy.
HOLD = """
import pathlib, signal, sys
from infra.local.folder_lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    signal.pause()
"""


def folder_holder(folder: Path) -> subprocess.Popen[str]:
    """Return a process that holds `folder` until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process
