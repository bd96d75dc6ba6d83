"""Makes the sources of a workload: python -m tests.bench.conversion.make NAME 0|1 FOLDER."""

import sys
from pathlib import Path

from tests.bench.conversion.workloads import load

if __name__ == "__main__":
    name, is_small, folder = sys.argv[1:]
    load(name, is_small == "1").make(Path(folder))
