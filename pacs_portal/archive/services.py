"""The archive's use cases; other apps call these, and nothing else of the archive."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from pacs_portal.accounts.models import User
from pacs_portal.archive import orthanc
from pacs_portal.archive.fetching import (
    InstanceGoneError,
    StoredInstance,
    read_stored,
    stored_instances,
)
from pacs_portal.archive.models import Instance, Series, Study, StudyState
from pacs_portal.archive.orthanc import is_available
from pacs_portal.archive.standing import PATIENT_MERGED, Standing, register_standing_check
from pacs_portal.archive.storing import NewInstance, StoreResult, store
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in

__all__ = [
    "PATIENT_MERGED",
    "InstanceGoneError",
    "NewInstance",
    "Standing",
    "StoreResult",
    "StoredInstance",
    "are_slides",
    "delete_study",
    "is_available",
    "move_studies",
    "open_studies",
    "read_stored",
    "register_standing_check",
    "store",
    "stored_instances",
    "studies_of",
    "sweep_deletions",
]

SLIDE_MODALITY = "SM"
NOTE_MODALITIES = frozenset({"ANN", "KO", "PR", "SEG", "SR"})
# What a tombstone forgets: everything but whose it is, its UID and when.
EMPTIED: dict[str, Any] = {
    "patient_id": "",
    "patient_name": "",
    "patient_birth_date": "",
    "patient_sex": "",
    "study_date": "",
    "study_time": "",
    "study_id": "",
    "accession_number": "",
    "study_description": "",
    "modalities": [],
    "series_count": 0,
    "instance_count": 0,
}


def open_studies(*, uids: Sequence[str], by: User | AnonymousUser) -> list[Study]:
    """Return the studies that `by` opens, each recorded; none if she may not read one of them."""
    wanted = set(uids)
    studies = list(Study.objects.visible_to(by).filter(study_instance_uid__in=wanted))
    if len(studies) != len(wanted) or not isinstance(by, User):
        return []
    for study in studies:
        record_in(study.project, by, "study.opened", study)
    return studies


def are_slides(*, uids: Sequence[str], by: User | AnonymousUser) -> bool:
    """Tell whether `by` may read these studies, and all of them are slides and notes on slides."""
    wanted = set(uids)
    studies = Study.objects.visible_to(by).filter(study_instance_uid__in=wanted)
    modalities = list(studies.values_list("modalities", flat=True))
    return len(modalities) == len(wanted) > 0 and all(
        SLIDE_MODALITY in found and set(found) <= {SLIDE_MODALITY, *NOTE_MODALITIES}
        for found in modalities
    )


def studies_of(instances: QuerySet[Instance]) -> QuerySet[Study]:
    """Return the studies that hold some of `instances`."""
    return Study.objects.filter(pk__in=instances.values("series__study"))


def move_studies(studies: QuerySet[Study], *, patient_id: str) -> None:
    """Let the index name another patient for `studies`; their images are rewritten by a job."""
    studies.update(patient_id=patient_id, patient_name=patient_id)


def delete_study(*, study: Study, by: User) -> None:
    """Take a study out of the project for good; only its UID stays, so that it cannot come back.

    Raises
    ------
    PermissionDenied
        If `by` is no data steward of the study's project.
    ArchiveUnavailableError
        If Orthanc is away; nobody can open the study any more, sweep_deletions() ends the work.
    """
    if not Project.objects.stewarded_by(by).filter(pk=study.project_id).exists():
        raise PermissionDenied
    with transaction.atomic():
        locked = Study.objects.select_for_update().get(pk=study.pk)
        locked.state = StudyState.DELETED
        locked.save()
        record_in(locked.project, by, "study.deleted", locked)
    _erase(locked)


def sweep_deletions(*, not_older_than: timedelta = timedelta(days=2)) -> int:
    """Finish deletions that a crash cut short; return how many studies were looked at.

    Fresh tombstones are looked at again: a worker may have sent an image just before the deletion.
    """
    tombstones = Study.objects.filter(state=StudyState.DELETED).filter(
        Q(updated_at__gt=timezone.now() - not_older_than) | Q(series__isnull=False)
    )
    swept = list(tombstones.distinct())
    for study in swept:
        _erase(study)
    return len(swept)


def _erase(study: Study) -> None:
    """Remove a tombstone's images: from Orthanc first, then from the index."""
    orthanc.delete_study(study.study_instance_uid)
    with transaction.atomic():
        Instance.objects.filter(series__study=study).delete()
        Series.objects.filter(study=study).delete()
        Study.objects.filter(pk=study.pk).update(**EMPTIED)
