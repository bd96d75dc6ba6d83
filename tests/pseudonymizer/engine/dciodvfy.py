"""What David Clunie's dciodvfy says of a file."""

import re
import subprocess
from collections import Counter
from pathlib import Path


def errors_of(path: Path) -> Counter[str]:
    """Return dciodvfy's errors, whatever UIDs they quote."""
    errors = [line for line in _text(path).splitlines() if line.startswith("Error")]
    return Counter(re.sub(r"UID <?[\d.]+", "UID", line) for line in errors)


def misplaced_in(path: Path) -> set[int]:
    """Return the attributes at top level that dciodvfy does not find in the file's IOD."""
    found = re.findall(r"not present in standard DICOM IOD - \(0x(\w+),0x(\w+)\)", _text(path))
    return {int(group + number, 16) for group, number in found}


def _text(path: Path) -> str:
    done = subprocess.run(["/usr/bin/dciodvfy", str(path)], capture_output=True, check=False)
    told = (done.stdout + done.stderr).decode("latin-1")
    assert told
    return told
