"""The pictures of held files, drawn for data stewards by processes that may be ended."""

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import BoundedSemaphore
from uuid import uuid4

from django.utils.translation import gettext_noop

from pacs_portal.jobs.errors import BusyError, JobError
from pacs_portal.jobs.held import picture_process
from pacs_portal.jobs.held.aside import ORIGINAL
from pacs_portal.jobs.held.contents import content_of, held_content
from pacs_portal.jobs.held.rulings import regions_in
from pacs_portal.jobs.models import Destination, HeldFile
from pacs_portal.jobs.steps import Region
from pacs_portal.jobs.storage import held_dir
from pacs_portal.projects.keys import ProjectKeys
from pacs_portal.uploads.services import local_path

WINDOWS = ("stored", "whole", "narrow")
LARGEST_SIDE = 2048
THUMBNAIL_SIDE = 320
THUMBNAIL = "thumbnail.png"
SECONDS = 30
AT_ONCE = 2
WAIT_SECONDS = 10  # for a place; who waits holds a thread of the portal
MOST_IMAGES = 500  # of one held file
PICTURE_KINDS = frozenset({"jpeg", "png", "bmp", "gif", "webp", "tiff"})
GONE = gettext_noop("The file is no longer here, or changed since it was held.")
NO_PICTURE = gettext_noop("No picture can be drawn of this file.")
BUSY = gettext_noop("Too many pictures are being drawn. Try again in a moment.")

_places = BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Size:
    """Columns and rows of an image in pixels, and its number of frames."""

    columns: int
    rows: int
    frames: int


@dataclass(frozen=True)
class View:
    """What a steward wants to see of a held file; images and frames count from 0."""

    image: int = 0
    frame: int = 0
    window: str = "stored"


@dataclass(frozen=True, repr=False)
class HeldImages:
    """The files that show what is held: what steps made of it, else the file itself."""

    held: HeldFile
    kind: str  # "dicom" or "image"
    paths: tuple[Path, ...]


def has_picture(held: HeldFile) -> bool:
    """Tell whether there may be something to see."""
    kind = held.receipt.upload_file.kind
    return held.has_output or (is_here(held) and (kind == "dicom" or kind in PICTURE_KINDS))


def is_here(held: HeldFile) -> bool:
    """Tell whether the original was put aside, or lies where a command found it."""
    return held.has_original or held.receipt.job.destination == Destination.FOLDER


def held_images(held: HeldFile, keys: ProjectKeys) -> HeldImages:
    """Find the images of a held file.

    Raises
    ------
    JobError
        If there is no picture of it, or the file is gone or changed.
    """
    if not has_picture(held):
        raise JobError(NO_PICTURE)
    if held.has_output:
        made = sorted(held_dir(held.pk).glob("output-*.dcm"), key=_number)[:MOST_IMAGES]
        return HeldImages(held, "dicom", tuple(made))
    kind = "dicom" if held.receipt.upload_file.kind == "dicom" else "image"
    return HeldImages(held, kind, (held_original(held, keys),))


def held_original(held: HeldFile, keys: ProjectKeys) -> Path:
    """Return where the original lies; a command's is looked at only if it is still the same.

    Raises
    ------
    JobError
        If the file is gone or changed.
    """
    if held.has_original:
        path = held_dir(held.pk) / ORIGINAL
        if path.exists():
            return path
    elif is_here(held):
        path = local_path(held.receipt.upload_file)
        with suppress(OSError):
            if content_of(path) == held_content(held, keys):
                return path
    raise JobError(GONE)


def measure(images: HeldImages) -> tuple[Size, ...]:
    """Return the size of each image.

    Raises
    ------
    JobError
        If one of them is no image.
    """
    sizes = json.loads(_run(["measure", images.kind], images.paths))
    if not sizes or not all(sizes):
        raise JobError(NO_PICTURE)
    return tuple(Size(**size) for size in sizes)


def draw(images: HeldImages, view: View) -> bytes:
    """Return a frame as PNG.

    Raises
    ------
    JobError
        If there is no such frame, or it cannot be decoded within the bounds.
    """
    return _draw(images, view, LARGEST_SIDE, ())


def draw_thumbnail(images: HeldImages) -> bytes:
    """Return a small picture with the boxes that were found; it is kept beside the file.

    Raises
    ------
    JobError
        If the file cannot be decoded within the bounds.
    """
    kept = held_dir(images.held.pk) / THUMBNAIL
    with suppress(FileNotFoundError):
        return kept.read_bytes()
    regions = regions_in(images.held.regions)
    frame = next((region.frame for region in regions if region.frame is not None), 0)
    shown = [region for region in regions if region.frame in (None, frame)]
    picture = _draw(images, View(frame=frame), THUMBNAIL_SIDE, shown)
    if images.held.has_original:
        _keep(picture, kept)
    return picture


def extract_document(original: Path) -> bytes:
    """Return the document inside a DICOM file.

    Raises
    ------
    JobError
        If there is none.
    """
    return _run(["document"], [original])


def extract_video(original: Path) -> bytes:
    """Return the stream or MP4 file inside a DICOM video.

    Raises
    ------
    JobError
        If there is none, or it is too large for the memory.
    """
    return _run(["video"], [original])


def _draw(images: HeldImages, view: View, side: int, boxes: Sequence[Region]) -> bytes:
    if view.image >= len(images.paths):
        raise JobError(NO_PICTURE)
    outlines = json.dumps([[box.left, box.top, box.width, box.height] for box in boxes])
    how = [images.kind, str(view.frame), view.window, str(side), outlines]
    return _run(["draw", *how], [images.paths[view.image]])


def _run(arguments: Sequence[str], paths: Sequence[Path]) -> bytes:
    """Let a process of its own work on `paths`; its command line must not name an original."""
    names = [str(path) for path in paths] if len(paths) > 1 else ["/dev/stdin"]
    command = [sys.executable, "-I", "-B", picture_process.__file__, *arguments, *names]
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise BusyError(BUSY)
    try:
        with paths[0].open("rb") as source:
            return subprocess.run(  # noqa: S603 (our own script; paths below held/ are numbers)
                command,
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"OPENBLAS_NUM_THREADS": "1"},
                timeout=SECONDS,
                check=True,
            ).stdout
    except (OSError, IndexError):
        raise JobError(GONE) from None
    except subprocess.SubprocessError:
        raise JobError(NO_PICTURE) from None
    finally:
        _places.release()


def _keep(picture: bytes, path: Path) -> None:
    """Keep a thumbnail beside the original, and as long as that; without it is no harm."""
    draft = path.with_name(f"{path.name}.{uuid4()}")
    with suppress(OSError):
        draft.write_bytes(picture)
        draft.rename(path)


def _number(path: Path) -> int:
    return int(path.stem.partition("-")[2])
