"""Zips of an upload become files of the upload, once, whatever dies meanwhile."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils.translation import gettext_noop as _

from pacs_portal.projects.keys import SealingKeys, project_keys, sealing_keys
from pacs_portal.uploads.errors import StorageFullError, UnpackError, UploadError
from pacs_portal.uploads.file_rows import FileRow, insert_files
from pacs_portal.uploads.manifest import known_files
from pacs_portal.uploads.models import FileState, Upload, UploadFile, UploadState
from pacs_portal.uploads.paths import (
    digest_content,
    digest_path,
    path_bytes,
    relative_path,
    seal_path,
    source_path,
)
from pacs_portal.uploads.sniffing import sniff_file
from pacs_portal.uploads.storage import DISK_FULL, UploadFolder, free_bytes, upload_folder
from pacs_portal.uploads.unpacking import (
    NESTED_ZIP_LEVELS,
    UnpackedFile,
    UnpackLimits,
    unpack_zip,
)


def unpack_container(container: UploadFile) -> None:
    """Make the members of a zip files of its upload; done before, it stays done.

    An upload that was reopened meanwhile is let be: files may come that take the next numbers.

    Numbers follow the upload's highest. Files are written before their rows, and only under the
    folder's lock, so what a killed run left behind is known by its numbers and removed.

    Raises
    ------
    UploadError
        If the zip is not unpacked; it stays a received file then.
    """
    folder = upload_folder(container.upload_id)
    with folder.locked():
        packed = UploadFile.objects.filter(pk=container.pk, state=FileState.RECEIVED)
        if not packed.exclude(upload__state=UploadState.OPEN).exists():
            return
        _check_depth(container)
        last = container.upload.files.aggregate(last=Max("number"))["last"]
        folder.remove_above(last)
        keys = project_keys(container.upload.project_id)
        source = source_path(container, keys) if container.sealed_source else None
        members = _unpack(source or folder.file(container.number), folder, container.upload, last)
        os.sync()  # one flush for all of them, before the rows that say they are there
        try:
            _create_members(container, members, folder)
        except UploadError:
            folder.remove_above(last)
            raise
        if source is None:
            folder.remove_file(container.number)


def _check_depth(container: UploadFile) -> None:
    depth, outer = 0, container.container
    while outer is not None:
        depth, outer = depth + 1, outer.container
    if depth > NESTED_ZIP_LEVELS:
        raise UnpackError(
            "zip-nested",
            _(
                "Zips are packed inside each other too deeply; unpack the outer ones, then upload "
                "again."
            ),
        )


def _unpack(source: Path, folder: UploadFolder, upload: Upload, last: int) -> list[UnpackedFile]:
    limits = _limits_left(upload)
    room = free_bytes(folder.path)
    try:
        return unpack_zip(
            source,
            folder.path,
            first_number=last + 1,
            limits=replace(limits, max_bytes=min(limits.max_bytes, room)),
        )
    except UnpackError as error:
        if error.code == "zip-bomb" and room < limits.most_bytes(source.stat().st_size):
            raise StorageFullError from None
        raise
    except OSError as error:
        if error.errno in DISK_FULL:
            raise StorageFullError from None
        raise UnpackError(
            "zip-unreadable", _("The zip cannot be read. Check that it exists and may be read.")
        ) from None


def _limits_left(upload: Upload) -> UnpackLimits:
    """Return what the settings leave after the zips unpacked so far: nesting multiplies nothing."""
    spent = upload.files.filter(container__isnull=False).aggregate(
        files=Count("pk"), size_bytes=Sum("size_bytes", default=0)
    )
    return UnpackLimits(
        max_files=max(0, settings.ZIP_MAX_FILES - spent["files"]),
        max_bytes=max(0, settings.ZIP_MAX_BYTES - spent["size_bytes"]),
        max_ratio=settings.ZIP_MAX_RATIO,
    )


def _create_members(
    container: UploadFile, members: Sequence[UnpackedFile], folder: UploadFolder
) -> None:
    outer = relative_path(container, project_keys(container.upload.project_id))
    paths = [outer / member.path for member in members]
    kinds = [
        sniff_file(folder.file(member.number), path)
        for member, path in zip(members, paths, strict=True)
    ]
    names = [path_bytes(path) for path in paths]
    with transaction.atomic():
        keys = sealing_keys(container.upload.project_id)
        if known_files(container.upload, names, keys):
            raise _name_taken()
        insert_files(
            _member_row(container, member, name, keys)._replace(kind=kind)
            for member, name, kind in zip(members, names, kinds, strict=True)
        )
        container.state = FileState.UNPACKED
        container.save(update_fields=["state"])


def _name_taken() -> UnpackError:
    return UnpackError(
        "zip-name-taken",
        _(
            "A folder of this upload has the name of the zip and holds a file of the same path; "
            "rename the zip, then upload again."
        ),
    )


def _member_row(
    container: UploadFile, member: UnpackedFile, path: bytes, keys: SealingKeys
) -> FileRow:
    upload_id = container.upload_id
    return FileRow(
        upload_id=upload_id,
        number=member.number,
        container_id=container.pk,
        sealed_path=seal_path(keys, upload_id, member.number, path),
        path_digest=digest_path(keys, upload_id, path),
        size_bytes=member.size_bytes,
        received_bytes=member.size_bytes,
        state=FileState.RECEIVED,
        content_digest=digest_content(upload_id, member.sha256),
    )
