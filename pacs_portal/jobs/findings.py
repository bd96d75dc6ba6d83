"""What a step found in a file that it held back: sealed, and shown to data stewards alone."""

from uuid import UUID

from pacs_portal.accounts.models import User
from pacs_portal.jobs.models import FileReceipt, HeldFile
from pacs_portal.projects.keys import Label, project_keys
from pacs_portal.projects.services import record_in


def seal_finding(held_id: UUID, receipt_id: int, text: str) -> bytes | None:
    """Return the found text sealed for its row, or None for nothing."""
    if not text:
        return None
    receipt = FileReceipt.objects.select_related("job").get(pk=receipt_id)
    keys = project_keys(receipt.job.project_id)
    return keys.seal(Label.FIELDS, text.encode(), context=_place(held_id))


def view_finding(held: HeldFile, *, by: User) -> str:
    """Return what was found, and record the look."""
    project = held.receipt.job.project
    record_in(project, by, "held.finding_viewed", held)
    if held.sealed_finding is None:
        return ""
    sealed = bytes(held.sealed_finding)
    text = project_keys(project.pk).unseal(Label.FIELDS, sealed, context=_place(held.pk))
    return text.decode()


def _place(held_id: UUID) -> str:
    return f"{held_id} finding"
