"""Times the work of our command without start-up: warm.py CLOCK convert SOURCES --output OUT …

CLOCK is a file for what it took: seconds, and seconds of the processor, its children's too.

It is done in a process that has done the same for one source before, so that all is imported; its
children, one per core, start from there, as those of a worker have their imports behind them.
Finding the files, planning, converting, checksums, giving places and receipts count.
"""

import os
import sys
import time
from pathlib import Path

import django
from django.core.management import load_command_class
from django.core.management.base import BaseCommand

from tests.bench.leftovers import put_away


def work(command: BaseCommand, arguments: list[str]) -> tuple[float, float]:
    """Do the command's work; return the time it took, and that of the processor."""
    parser = command.create_parser("manage.py", "convert")
    options = vars(parser.parse_args(arguments))
    start, cpu_start = time.monotonic(), sum(os.times()[:4])
    command.work(options)
    return time.monotonic() - start, sum(os.times()[:4]) - cpu_start


def main(clock: Path, arguments: list[str]) -> None:
    """Work for one source, then for all of them."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pacs_portal.settings")
    django.setup()
    command = load_command_class("converter", "convert")
    sources, _option, out, *others = arguments
    first = min(Path(sources).iterdir())
    rehearsed = Path(f"{out}-rehearsed")
    work(command, [str(first), "--output", str(rehearsed), *others])
    put_away(rehearsed)
    seconds, cpu_seconds = work(command, [sources, "--output", out, *others])
    clock.write_text(f"{seconds} {cpu_seconds}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[3:])
