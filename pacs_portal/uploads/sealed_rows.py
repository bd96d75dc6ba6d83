"""What a rotation of keys does with the paths of files."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from pacs_portal.projects.keys import SealingKeys
from pacs_portal.projects.sealed import SealedTable, sealed_otherwise
from pacs_portal.uploads.models import UploadFile
from pacs_portal.uploads.paths import renew


def _outdated(project_id: UUID, version: int) -> QuerySet[UploadFile]:
    rows = UploadFile.objects.filter(upload__project=project_id)
    return sealed_otherwise(rows, version, "sealed_path", "sealed_source")


def _renew(rows: Sequence[UploadFile], keys: SealingKeys) -> None:
    for row in rows:
        renew(row, keys)
    UploadFile.objects.bulk_update(rows, ["sealed_path", "path_digest", "sealed_source"])


def sealed_tables() -> tuple[SealedTable, ...]:
    """Return the table of this app."""
    return (SealedTable("paths", _outdated, _renew),)
