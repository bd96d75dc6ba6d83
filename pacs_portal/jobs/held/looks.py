"""What a data steward sees of a held file; every look is recorded before it happens."""

from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from pacs_portal.accounts.models import User
from pacs_portal.jobs.held.permits import check_look
from pacs_portal.jobs.held.pictures import (
    HeldImages,
    Size,
    View,
    draw,
    draw_thumbnail,
    extract_document,
    held_images,
    held_original,
    measure,
)
from pacs_portal.jobs.models import HeldFile
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.services import record_in

ENCAPSULATED_DOCUMENT = "encapsulated-document"
PDF = b"%PDF-"


@dataclass(frozen=True, repr=False)
class Attachment:
    """A file to be looked at with a program of one's own."""

    name: str
    stream: BinaryIO


def sizes_of(held: HeldFile) -> tuple[Size, ...]:
    """Return the sizes of the images that can be looked at.

    Raises
    ------
    JobError
        If there is no picture, or the file is gone.
    """
    return measure(_images(held))


def see_picture(held: HeldFile, view: View, *, by: User) -> bytes:
    """Return a frame of a held file as PNG.

    Raises
    ------
    JobError
        If it cannot be drawn.
    """
    _record(held, by, what="picture", image=view.image, frame=view.frame)
    return draw(_images(held), view)


def see_thumbnail(held: HeldFile, *, by: User) -> bytes:
    """Return a small picture of a held file, with the boxes that were found.

    Raises
    ------
    JobError
        If it cannot be drawn.
    """
    _record(held, by, what="thumbnail")
    return draw_thumbnail(_images(held))


def see_file(held: HeldFile, *, by: User) -> Attachment:
    """Return the document that a held file contains, or the file as it is.

    Raises
    ------
    JobError
        If the file is gone or changed.
    """
    _record(held, by, what="file")
    original = held_original(held, project_keys(held.receipt.job.project_id))
    number = held.receipt.upload_file.number
    if held.cause == ENCAPSULATED_DOCUMENT:
        content = extract_document(original)
        is_pdf = content.startswith(PDF)
        return Attachment(f"held-{number}.{'pdf' if is_pdf else 'bin'}", BytesIO(content))
    return Attachment(f"held-{number}.dcm", original.open("rb"))


def _images(held: HeldFile) -> HeldImages:
    return held_images(held, project_keys(held.receipt.job.project_id))


def _record(held: HeldFile, by: User, **details: str | int) -> None:
    """Record a look that `by` may take.

    Raises
    ------
    LookRefusedError
        If somebody else has to agree first.
    """
    check_look(held, by)
    record_in(held.receipt.job.project, by, "held.viewed", held, **details)
