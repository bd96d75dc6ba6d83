"""What the pages show of jobs; names only for those who may read them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pacs_portal.accounts.models import User
from pacs_portal.jobs.models import (
    Destination,
    FileReceipt,
    Job,
    Outcome,
    ReceiptAttempt,
    ReceiptOutput,
)
from pacs_portal.jobs.pipelines import AUTO
from pacs_portal.jobs.steps import inner_label
from pacs_portal.projects.keys import ProjectKeys, project_keys
from pacs_portal.projects.models import Project
from pacs_portal.tools import Text, registered_tools
from pacs_portal.uploads.services import shown_path

IN_ARCHIVE = (Outcome.STORED, Outcome.DUPLICATE)


@dataclass(frozen=True, repr=False)
class ReceiptRow:
    """One line of the table; `name` is empty for those who may not read it."""

    receipt: FileReceipt
    name: str
    study_uids: tuple[str, ...]  # what can be opened in the viewer
    history: tuple[ReceiptAttempt, ...]
    waits_for_steward: bool = False


def may_read_names(user: User, job: Job) -> bool:
    """Tell whether `user` is the uploader or a data steward: paths identify patients."""
    if job.upload.created_by_id == user.pk:
        return True
    return Project.objects.stewarded_by(user).filter(pk=job.project_id).exists()


def receipt_rows(job: Job, receipts: Sequence[FileReceipt], *, named: bool) -> list[ReceiptRow]:
    """Return the rows of `receipts`, whose outputs, history and holds are prefetched."""
    keys = project_keys(job.project_id) if named else None
    return [_row(job, receipt, keys) for receipt in receipts]


def tool_label(name: str) -> Text:
    """Return how people call the tool of a job."""
    if name == AUTO:
        return _("automatic")
    labels = {tool.name: tool.label for tool in registered_tools()}
    return labels.get(name) or inner_label(name) or name


def study_url(job: Job) -> str:
    """Return the address of what the job stored in the viewer; "" where that is not one study."""
    if job.destination != Destination.ARCHIVE:
        return ""
    stored = ReceiptOutput.objects.filter(receipt__job=job, receipt__outcome__in=IN_ARCHIVE)
    uids = stored.values_list("study_instance_uid", flat=True)
    for uid in uids[:1]:
        # Found at the first image of another study; a DISTINCT may read all images of the job.
        if not stored.exclude(study_instance_uid=uid).exists():
            return f"{reverse('ohif', args=['viewer'])}?StudyInstanceUIDs={uid}"
    return ""


def _row(job: Job, receipt: FileReceipt, keys: ProjectKeys | None) -> ReceiptRow:
    is_stored = job.destination == Destination.ARCHIVE and receipt.outcome in IN_ARCHIVE
    uids = {output.study_instance_uid for output in receipt.outputs.all()} if is_stored else set()
    return ReceiptRow(
        receipt=receipt,
        name=shown_path(receipt.upload_file, keys) if keys else "",
        study_uids=tuple(sorted(uids)),
        history=tuple(receipt.history.all()),
        waits_for_steward=any(not held.decision for held in receipt.holds.all()),
    )
