"""What a user of dcmanon writes, which has no command of its own: every file of a folder."""

import os
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from dcmanon import Anonymizer

SOURCES, TARGET = Path(sys.argv[1]), Path(sys.argv[2])
PROCESSES = int(sys.argv[3]) or os.cpu_count()
ANONYMIZER = Anonymizer()


def anonymize(source: Path) -> None:
    target = TARGET / source.relative_to(SOURCES)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(ANONYMIZER.anonymize(str(source)))


if __name__ == "__main__":
    sources = sorted(SOURCES.rglob("*.dcm"))
    if PROCESSES == 1:
        list(map(anonymize, sources))
    else:
        with ProcessPoolExecutor(PROCESSES) as pool:
            list(pool.map(anonymize, sources, chunksize=16))
