"""Conversions in a process of their own, whose memory is measured."""

import subprocess
import sys
from pathlib import Path

MEASURE = """
import re, sys
from pathlib import Path
from converter.engine import Attributes, Options, Series, convert_file
series = Series(study_instance_uid="2.25.1", series_instance_uid="2.25.2", uid_seed=b"s",
                series_number=1)
source, out = map(Path, sys.argv[1:])
count = len(list(convert_file(source, out, Attributes(), series, Options())))
status = Path("/proc/self/status").read_text()  # what getrusage says includes who started us
print(count, int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) // 1024)
"""


def converted(path: Path, out: Path) -> int:
    """Convert in a process of its own, which may grow to 150 MB; return how many images came."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path), str(out)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    count, peak_mb = map(int, done.stdout.split())
    assert peak_mb < 150
    return count
