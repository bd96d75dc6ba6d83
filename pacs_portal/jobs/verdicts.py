"""What every step says alike of files that do not go on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils.translation import gettext_noop

from pacs_portal.jobs.models import Outcome
from pacs_portal.jobs.steps import DiskFullError, StepFile, Verdict
from pacs_portal.uploads.storage import DISK_FULL

UNREADABLE = gettext_noop("The file cannot be read. Check that it exists and may be read.")
EMPTY = gettext_noop("The file is empty. Copy it again from its source.")
NOT_READABLE = ("unreadable", UNREADABLE)
REFUSED_KINDS = {"empty": ("empty", EMPTY), "unreadable": NOT_READABLE}
SYSTEM_FILE = gettext_noop("The operating system left this file; it holds no image.")
NO_OUTPUT = gettext_noop("No image came out of this file. Check that it opens elsewhere.")
UNFORESEEN = gettext_noop(
    "The tool stumbled over this file. Check that it opens elsewhere, and tell the administrator."
)


def verdicts_on(
    file: StepFile, outcome: Outcome, code: str, sentence: str, stage: str
) -> list[Verdict]:
    """Return one verdict for each input that `file` came from."""
    return [Verdict(receipt_id, outcome, code, sentence, stage) for receipt_id in file.receipt_ids]


def unreadable(file: StepFile, error: OSError, stage: str) -> list[Verdict]:
    """Return that `file` cannot be read; where the disk is full, the part waits instead."""
    wait_if_disk_full(error)
    return verdicts_on(file, Outcome.FAILED, "unreadable", UNREADABLE, stage)


def wait_if_disk_full(error: OSError) -> None:
    """Raise DiskFullError if `error` says so; a command does not wait, its job ends."""
    # pydicom raises an error of its own, without a number, from the system's.
    if error.errno in DISK_FULL or getattr(error.__cause__, "errno", None) in DISK_FULL:
        raise DiskFullError from None


@contextmanager
def disk_full_told() -> Iterator[None]:
    """Raise DiskFullError where the work inside finds the disk full."""
    try:
        yield
    except OSError as error:
        wait_if_disk_full(error)
        raise
