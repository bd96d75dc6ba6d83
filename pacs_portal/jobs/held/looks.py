"""What a data steward sees of a held file; every look is recorded before it is shown."""

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from typing import BinaryIO
from uuid import UUID

from pacs_portal.accounts.models import User
from pacs_portal.audit.models import Event
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.held.permits import check_look
from pacs_portal.jobs.held.pictures import (
    HeldImages,
    Size,
    View,
    draw,
    draw_thumbnail,
    extract_document,
    extract_video,
    held_images,
    held_original,
    measure,
)
from pacs_portal.jobs.models import HeldFile
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.services import record_in
from pacs_portal.uploads.services import shown_path

ENCAPSULATED_DOCUMENT = "encapsulated-document"
VIDEO = "video"
TRANSPORT_STREAM = b"\x47"
PDF = b"%PDF-"
PLAIN_SUFFIX = re.compile(r"\.[a-z0-9]{1,5}")
LOOK = "held.viewed"  # of the audit log


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
    check_look(held, by)
    picture = draw(_images(held), view)
    _record(held, by, what="picture", image=view.image, frame=view.frame)
    return picture


def see_thumbnail(held: HeldFile, *, by: User) -> bytes:
    """Return a small picture of a held file, with the boxes that were found.

    Raises
    ------
    JobError
        If it cannot be drawn.
    """
    check_look(held, by)
    picture = draw_thumbnail(_images(held))
    _record(held, by, what="thumbnail")
    return picture


def see_file(held: HeldFile, *, by: User) -> Attachment:
    """Return the document or video that a held file contains, or the file as it is.

    Raises
    ------
    JobError
        If the file is gone or changed.
    """
    check_look(held, by)
    attachment = _attachment(held)
    _record(held, by, what="file")
    return attachment


def _attachment(held: HeldFile) -> Attachment:
    original = held_original(held, project_keys(held.receipt.job.project_id))
    number = held.receipt.upload_file.number
    if held.cause == ENCAPSULATED_DOCUMENT:
        content = extract_document(original)
        is_pdf = content.startswith(PDF)
        return Attachment(f"held-{number}.{'pdf' if is_pdf else 'bin'}", BytesIO(content))
    if held.cause == VIDEO:
        with suppress(JobError):  # pixels of another kind, or too large: the file itself, then
            content = extract_video(original)
            return Attachment(f"held-{number}{_video_suffix(content)}", BytesIO(content))
    return Attachment(f"held-{number}{_suffix(held)}", original.open("rb"))


def _video_suffix(content: bytes) -> str:
    """Return the ending by which a computer finds the player for a video."""
    if content[4:8] == b"ftyp":
        return ".mp4"
    return ".ts" if content.startswith(TRANSPORT_STREAM) else ".mpg"


def _suffix(held: HeldFile) -> str:
    """Return the ending by which a computer finds the program for a file; a name is not told."""
    file = held.receipt.upload_file
    if file.kind == "dicom":
        return ".dcm"
    keys = project_keys(held.receipt.job.project_id)
    suffix = PurePosixPath(shown_path(file, keys)).suffix.lower()
    return suffix if PLAIN_SUFFIX.fullmatch(suffix) else ".bin"


def unseen(holds: Sequence[HeldFile]) -> frozenset[UUID]:
    """Return those of `holds` of which nobody has seen a picture or the file itself."""
    looks = Event.objects.filter(
        action=LOOK,
        project_id__in={held.receipt.job.project_id for held in holds},
        target_id__in=[str(held.pk) for held in holds],
    )
    seen = set(looks.values_list("target_id", flat=True))
    return frozenset(held.pk for held in holds if str(held.pk) not in seen)


def _images(held: HeldFile) -> HeldImages:
    return held_images(held, project_keys(held.receipt.job.project_id))


def _record(held: HeldFile, by: User, **details: str | int) -> None:
    """Record a look when there is something to see, and before it is shown."""
    record_in(held.receipt.job.project, by, LOOK, held, **details)
