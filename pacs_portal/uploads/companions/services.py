"""What can be done with companions: keep, read, remove. Their names are sealed like all paths."""

from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from pacs_portal.accounts.models import User
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pacs_portal.uploads.errors import CompanionError
from pacs_portal.uploads.models import Companion, Upload, UploadFile
from pacs_portal.uploads.storage import companion_store

ENDINGS = {"pdf": ".pdf", "table": ".csv", "json": ".json"}


def keep_companion(*, file: UploadFile, source: Path, receipt_key: int) -> bool:
    """Keep the bytes at `source` with the project; False if this file is kept already.

    May be called again after a crash at any point: `receipt_key` says for whom it was kept, so
    that a second try finds its own work.

    Raises
    ------
    CompanionError
        If the file, or all files of the project together, would be too large.
    StorageFullError
        If the disk would be left too full.
    """
    known = Companion.objects.filter(upload_file=file).first()
    if known is not None:
        return known.removed_at is None and known.receipt_key == receipt_key
    size_bytes = source.stat().st_size
    _check_size(file.upload, size_bytes)
    companion = Companion(upload_file=file, size_bytes=size_bytes, receipt_key=receipt_key)
    companion_store().keep(companion.pk, source, size_bytes)
    project, by = file.upload.project, file.upload.created_by
    with transaction.atomic():
        Project.objects.select_for_update(no_key=True).get(pk=project.pk)  # one number each
        companion.project = project
        last = Companion.objects.filter(project=project).aggregate(last=Max("number"))["last"]
        companion.number = (last or 0) + 1
        companion.save(force_insert=True)
        record_in(project, by or file.upload.actor_label, "companion.kept", companion)
    return True


def remove_companion(companion: Companion, *, by: User) -> None:
    """Remove a kept file for good; its row stays and says that there was one.

    Raises
    ------
    PermissionDenied
        If it is neither her own nor a data steward's to remove.
    """
    if not Companion.objects.removable_by(by).filter(pk=companion.pk).exists():
        raise PermissionDenied
    with transaction.atomic():
        kept = Companion.objects.filter(pk=companion.pk, removed_at=None)
        if kept.update(removed_at=timezone.now(), removed_by=by):
            record_in(companion.project, by, "companion.removed", companion)
    companion_store().remove(companion.pk)


def neutral_name(companion: Companion) -> str:
    """Return a name that tells nothing, for those who may not read the file's own."""
    ending = ENDINGS.get(companion.upload_file.kind, "")
    return f"{companion.project.key}-file-{companion.number}{ending}"


def sweep_companions() -> None:
    """Remove what no row names: a worker died before it wrote one, or a removal was cut short."""
    kept = set(Companion.objects.filter(removed_at=None).values_list("pk", flat=True))
    companion_store().sweep(kept)


def _check_size(upload: Upload, size_bytes: int) -> None:
    if size_bytes > settings.COMPANION_MAX_BYTES:
        raise CompanionError(
            "companion-large",
            _("The file is larger than what can be kept: %(most)s MB at most."),
            most=settings.COMPANION_MAX_BYTES // 2**20,
        )
    kept = Companion.objects.filter(project=upload.project_id, removed_at=None)
    together = kept.aggregate(size_bytes=Sum("size_bytes", default=0))["size_bytes"]
    if together + size_bytes > settings.COMPANIONS_MAX_BYTES:
        raise CompanionError(
            "companions-large",
            _("The files kept with this project would be more than %(most)s MB. Remove some."),
            most=settings.COMPANIONS_MAX_BYTES // 2**20,
        )
