"""A child of the worker that takes too much, in processes of their own."""

import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BEGIN = "from pacs_portal.jobs import bounds\n"


def run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BEGIN + program]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )


def test_more_memory_than_allowed_is_an_error_and_not_the_end_of_others():
    done = run("bounds.limit_memory(256 << 20)\nbytearray(128 << 20)\nbytearray(512 << 20)")
    assert done.stderr.strip().endswith("MemoryError")


def test_a_large_file_that_is_only_mapped_counts_nothing(tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(512 << 20)
    done = run(
        "import mmap\nbounds.limit_memory(256 << 20)\n"
        f"with open({str(large)!r}, 'rb') as file:\n"
        "    print(len(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))"
    )
    assert done.stdout.strip() == str(512 << 20)


def test_work_without_end_ends_its_process_even_inside_c_code():
    hanging = "    (10 ** 7_000_000) ** 3"  # one call into the interpreter's own C code
    done = run(
        "bounds.Bounds.unit_seconds = 0.5\nwith bounds.limited_time():\n"
        f"{hanging}\nprint('went on')"
    )
    assert (done.returncode, done.stdout) == (-signal.SIGALRM, "")


def test_outside_a_worker_and_after_a_unit_nothing_is_timed():
    done = run(
        "import signal\nwith bounds.limited_time():\n    print(signal.getitimer(0)[0])\n"
        "bounds.Bounds.unit_seconds = 9\nwith bounds.limited_time():\n    pass\n"
        "print(signal.getitimer(0)[0])"
    )
    assert done.stdout.split() == ["0.0", "0.0"]
