"""Whose project a held file belongs to, asked so that the answer is quick."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from pacs_portal.jobs.models import FileReceipt
from pacs_portal.projects.models import Project


def of_projects(projects: QuerySet[Project] | Sequence[UUID]) -> Exists:
    """Return the condition that held files are of jobs of these projects.

    It begins with the few that are held; a join may begin with all receipts that there ever were.
    """
    return Exists(
        FileReceipt.objects.filter(pk=OuterRef("receipt"), job__project__in=projects).order_by()
    )
