"""Files put aside for a steward; copied before the row that names them is committed."""

import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import NAMESPACE_OID, UUID, uuid5

from pacs_portal.jobs.held.contents import content_of
from pacs_portal.jobs.inputs import Input
from pacs_portal.jobs.models import Destination, HeldFile, Job, Outcome
from pacs_portal.jobs.placing import place
from pacs_portal.jobs.receipts import Hold
from pacs_portal.jobs.storage import flush_to_disk, held_dir, make_private

ORIGINAL = "original"
SETTLED = (Outcome.STORED, Outcome.WRITTEN, Outcome.DUPLICATE, Outcome.SKIPPED, Outcome.HELD)


def held_id(file: Input) -> UUID:
    """Return the id that the next hold of this receipt gets: a second try finds the first's."""
    return uuid5(NAMESPACE_OID, f"pacs2go held {file.receipt_id} {file.attempts}")


def put_aside(job: Job, file: Input, original: Path, outputs: Sequence[Path] = ()) -> Hold:
    """Keep a held file and what a step made of it; a command's files stay where they are."""
    is_kept = job.destination != Destination.FOLDER
    hold_id = held_id(file)
    if is_kept:
        _keep(held_dir(hold_id), original, outputs)
    return Hold(
        held_id=hold_id,
        has_original=is_kept,
        has_output=is_kept and bool(outputs),
        content=content_of(original),
    )


def remove_settled(receipt_ids: Iterable[int] | None = None) -> None:
    """Remove what lies aside of files that were decided about and have an outcome since.

    What failed afterwards stays, to be tried again, until its time is up.
    """
    settled = HeldFile.objects.exclude(decision="").filter(
        has_original=True, receipt__outcome__in=SETTLED
    )
    if receipt_ids is not None:
        settled = settled.filter(receipt__in=receipt_ids)
    for held_id in settled.values_list("pk", flat=True):
        shutil.rmtree(held_dir(held_id), ignore_errors=True)
        HeldFile.objects.filter(pk=held_id).update(has_original=False, has_output=False)


def _keep(folder: Path, original: Path, outputs: Sequence[Path]) -> None:
    """Make the folder at once and whole; what an earlier try made is the same and stays."""
    if folder.exists():
        return
    make_private(folder.parent)
    # In the work folder, which is swept when this process dies.
    draft = Path(tempfile.mkdtemp())
    place(original, draft / ORIGINAL, is_linkable=False)
    for number, output in enumerate(outputs):
        place(output, draft / f"output-{number}.dcm", is_linkable=False)
    flush_to_disk(draft)
    try:
        draft.rename(folder)
    except OSError:
        if not folder.exists():  # else a worker that lost its lease was here at the same moment
            raise
