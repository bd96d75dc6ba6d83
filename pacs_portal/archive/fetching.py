"""Reads stored instances back, checked against the index: inputs of jobs."""

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from itertools import groupby
from operator import itemgetter

from django.db.models import QuerySet

from pacs_portal.archive import orthanc
from pacs_portal.archive.errors import ArchiveError, ArchiveUnavailableError
from pacs_portal.archive.models import Instance, StudyState
from pacs_portal.projects.models import Project

PIECE_BYTES = 2**20


class InstanceGoneError(ArchiveError):
    """The instance is no longer stored; trying again does not help."""


@dataclass(frozen=True)
class StoredInstance:
    """An instance that can be read back; study and image count from 1."""

    sop_instance_uid: str
    size_bytes: int
    study_number: int
    image_number: int


def stored_instances(instances: QuerySet[Instance]) -> Iterator[StoredInstance]:
    """Yield what is stored of `instances`, in the order of studies, series and images."""
    stored = instances.filter(stored_at__isnull=False).order_by(
        "series__study__created_at",
        "series__study_id",
        "series__series_number",
        "series_id",
        "sop_instance_uid",
    )
    rows = stored.values_list("series__study_id", "sop_instance_uid", "size_bytes")
    by_study = groupby(rows.iterator(), key=itemgetter(0))
    for study_number, (_study, images) in enumerate(by_study, start=1):
        for image_number, (_study, uid, size_bytes) in enumerate(images, start=1):
            yield StoredInstance(uid, size_bytes, study_number, image_number)


def read_stored(project: Project, sop_instance_uid: str) -> tuple[int, Iterator[bytes]]:
    """Return the size of an instance and its bytes, in pieces; the last one only if all are right.

    Raises
    ------
    InstanceGoneError
        If the project no longer holds it.
    ArchiveUnavailableError
        If Orthanc is away, or the instance is just being replaced; also while reading.
    """
    instance = (
        Instance.objects.filter(series__study__project=project, sop_instance_uid=sop_instance_uid)
        .exclude(series__study__state=StudyState.DELETED)
        .first()
    )
    if instance is None:
        raise InstanceGoneError("The image is no longer in the archive.")
    if instance.stored_at is None:
        raise _is_changing()
    return instance.size_bytes, _checked_pieces(instance)


def _checked_pieces(instance: Instance) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with closing(orthanc.open_stream(_path_of(instance), "", {})) as answer, orthanc.answering():
        if answer.status_code != HTTPStatus.OK:
            raise _is_changing()
        for piece in answer.iter_bytes(PIECE_BYTES):
            digest.update(piece)
            yield piece
    if digest.hexdigest() != instance.sha256:
        raise _is_changing()


def _path_of(instance: Instance) -> str:
    ids = orthanc.instance_ids(instance.sop_instance_uid)
    if not ids:
        raise InstanceGoneError("The image is no longer in the archive.")
    if len(ids) > 1:
        raise _is_changing()
    return f"/instances/{ids[0]}/file"


def _is_changing() -> ArchiveUnavailableError:
    return ArchiveUnavailableError("The image is being replaced; it is read again later.")
