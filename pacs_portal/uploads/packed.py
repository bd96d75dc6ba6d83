"""Zips among the files of an upload: which wait to be unpacked, and what a job works on."""

from collections.abc import Iterator

from django.db.models import QuerySet

from pacs_portal.uploads.containers import unpack_container
from pacs_portal.uploads.errors import UploadError
from pacs_portal.uploads.models import FileState, Upload, UploadFile
from pacs_portal.uploads.storage import upload_folder


def unpack_containers(upload: Upload) -> Iterator[tuple[UploadFile, str, str]]:
    """Unpack every zip of the upload, nested ones too; yield (file, code, sentence) of the refused.

    Safe to run again after any interruption, and by two at once.
    """
    _remove_unpacked_zips(upload)
    refused: set[int] = set()
    while container := _next_container(upload, refused):
        try:
            unpack_container(container)
        except UploadError as error:
            refused.add(container.pk)
            UploadFile.objects.filter(pk=container.pk).update(refusal=error.sentence)
            yield container, error.code, error.sentence


def unpack_next(upload: Upload) -> bool:
    """Unpack one zip of a complete upload, unless somebody is at it; tell whether some are left."""
    if is_unpacking(upload):
        return True
    container = packed_files(upload).select_related("upload").order_by("number").first()
    if container is None:
        return False
    try:
        unpack_container(container)
    except UploadError as error:
        UploadFile.objects.filter(pk=container.pk).update(refusal=error.sentence)
    return packed_files(upload).exists()


def is_unpacking(upload: Upload) -> bool:
    """Tell whether a zip of the upload is being unpacked at this moment."""
    return upload_folder(upload.pk).is_busy()


def packed_files(upload: Upload) -> QuerySet[UploadFile]:
    """Return the zips that nobody has looked into yet."""
    return input_files(upload).filter(kind="zip", refusal="")


def input_files(upload: Upload) -> QuerySet[UploadFile]:
    """Return what a job works on: received or in the archive, zips only where refused."""
    return upload.files.filter(state__in=[FileState.RECEIVED, FileState.STORED])


def _next_container(upload: Upload, refused: set[int]) -> UploadFile | None:
    return (
        input_files(upload)
        .filter(kind="zip")
        .exclude(pk__in=refused)
        .select_related("upload")
        .order_by("number")
        .first()
    )


def _remove_unpacked_zips(upload: Upload) -> None:
    """Remove the zips whose removal a killed run did not reach."""
    unpacked = upload.files.filter(state=FileState.UNPACKED, sealed_source=None)
    for number in unpacked.values_list("number", flat=True):
        upload_folder(upload.pk).remove_file(number)
