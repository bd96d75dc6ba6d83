"""What a data steward decides about held files."""

import shutil

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from pacs_portal.accounts.models import User
from pacs_portal.jobs.errors import JobError
from pacs_portal.jobs.models import Decision, FileReceipt, HeldFile, Outcome, ReceiptAttempt
from pacs_portal.jobs.storage import held_dir
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in

REJECTED = gettext_noop("A data steward rejected this file; it was not stored.")
DECIDED = gettext_noop("Another data steward has decided about this file already.")


def open_holds(project: Project) -> QuerySet[HeldFile]:
    """Return the files of `project` that wait for a decision, the oldest first."""
    waiting = HeldFile.objects.filter(receipt__job__project=project, decision="")
    return waiting.select_related("receipt__job", "receipt__upload_file__upload")


def reject(*, held: HeldFile, by: User, reason: str) -> None:
    """Let a held file go for good.

    Raises
    ------
    PermissionDenied
        If `by` is no data steward of the project.
    JobError
        If somebody else decided first.
    """
    project_id = held.receipt.job.project_id
    if not Project.objects.stewarded_by(by).filter(pk=project_id).exists():
        raise PermissionDenied
    with transaction.atomic():
        decided = HeldFile.objects.filter(pk=held.pk, decision="").update(
            decision=Decision.REJECT,
            decided_by=by,
            decided_at=timezone.now(),
            decision_reason=reason,
        )
        if not decided:
            raise JobError(DECIDED)
        _close_receipt(held.receipt)
        record_in(held.receipt.job.project, by, "held.rejected", held)
    shutil.rmtree(held_dir(held.pk), ignore_errors=True)


def _close_receipt(receipt: FileReceipt) -> None:
    receipt.outcome, receipt.code, receipt.reason = Outcome.SKIPPED, "rejected", REJECTED
    receipt.attempts += 1
    receipt.save()
    ReceiptAttempt.objects.create(
        receipt=receipt,
        number=receipt.attempts,
        outcome=receipt.outcome,
        code=receipt.code,
        reason=receipt.reason,
    )
