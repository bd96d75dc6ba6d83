"""The inputs of a job that wait, read without an instance of their models for each."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from pacs_portal.jobs.models import FileReceipt
from pacs_portal.jobs.steps import StepFile
from pacs_portal.projects.keys import ProjectKeys
from pacs_portal.uploads.paths import relative_path
from pacs_portal.uploads.services import located

_COLUMNS = ("pk", "unit_id", "attempts", "upload_file_id")
_FILE_COLUMNS = ("number", "state", "kind", "sealed_path", "sealed_source")


class Input(NamedTuple):
    """A receipt that waits, and the file of the upload that it is for; its paths are sealed."""

    upload_id: UUID
    receipt_id: int
    unit_id: int | None
    attempts: int
    file_id: int
    number: int
    state: str
    kind: str
    sealed_path: bytes
    sealed_source: bytes | None

    def as_step_file(self, keys: ProjectKeys) -> StepFile:
        """Return the input as the first step sees it."""
        return StepFile(
            path=located(self, keys),
            receipt_ids=(self.receipt_id,),
            kind=self.kind,
            relative_path=relative_path(self, keys),
        )


def read_inputs(receipts: QuerySet[FileReceipt], upload_id: UUID) -> Iterator[Input]:
    """Yield what is known of waiting `receipts`, all of files of one upload, in their order."""
    columns = (*_COLUMNS, *(f"upload_file__{name}" for name in _FILE_COLUMNS))
    for row in receipts.values_list(*columns).iterator():
        yield Input(upload_id, *row)
