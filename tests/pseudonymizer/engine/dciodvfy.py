"""What David Clunie's dciodvfy says of a file."""

import re
import subprocess
from collections import Counter
from pathlib import Path


def errors_of(path: Path) -> Counter[str]:
    """Return dciodvfy's errors, whatever UIDs they quote."""
    done = subprocess.run(["/usr/bin/dciodvfy", str(path)], capture_output=True, check=False)
    lines = (done.stdout + done.stderr).decode("latin-1").splitlines()
    assert lines
    errors = [line for line in lines if line.startswith("Error")]
    return Counter(re.sub(r"UID <?[\d.]+", "UID", line) for line in errors)
