"""The last step of files that stay with the project as they came."""

from collections.abc import Sequence

from django.utils.translation import gettext_noop

from pacs_portal.jobs.delivered import Delivered
from pacs_portal.jobs.models import FileReceipt, Outcome
from pacs_portal.jobs.steps import DiskFullError, StepFile
from pacs_portal.uploads.companions.services import keep_companion
from pacs_portal.uploads.errors import CompanionError, StorageFullError, WrongSizeError

COMPANIONS = "companions"
KEPT = gettext_noop("Kept with the project as it is; see its page Files.")
KEPT_BEFORE = gettext_noop("An earlier job kept this file with the project, or it was removed.")
CHANGED = gettext_noop("The file changed while the job ran. Start it again.")


def keep_files(files: Sequence[StepFile]) -> list[Delivered]:
    """Keep `files`, idempotently; one answer per file, in their order.

    Raises
    ------
    StepUnavailableError
        If the disk is full.
    """
    receipts = FileReceipt.objects.select_related(
        "upload_file__upload__project", "upload_file__upload__created_by"
    ).in_bulk([file.receipt_ids[0] for file in files])
    return [_kept(receipts[file.receipt_ids[0]], file) for file in files]


def _kept(receipt: FileReceipt, file: StepFile) -> Delivered:
    try:
        is_kept = keep_companion(file=receipt.upload_file, source=file.path, receipt_key=receipt.pk)
    except StorageFullError:
        raise DiskFullError from None
    except WrongSizeError:
        return Delivered(Outcome.FAILED, "changed", CHANGED)
    except CompanionError as error:
        return Delivered(Outcome.FAILED, error.code, error.sentence)
    if is_kept:
        return Delivered(Outcome.STORED, "kept", KEPT)
    return Delivered(Outcome.DUPLICATE, "kept-before", KEPT_BEFORE)
