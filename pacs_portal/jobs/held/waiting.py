"""Which files wait for a data steward; every start of the portal loads this, so it is light."""

from django.db.models import QuerySet

from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.models import HeldFile
from pacs_portal.projects.models import Project


def waiting_files(project: Project) -> QuerySet[HeldFile]:
    """Return the held files of `project` about which nobody has decided."""
    return HeldFile.objects.filter(of_projects([project.pk]), decision="")


def count_waiting(project: Project) -> int:
    """Return how many of them there are."""
    return waiting_files(project).count()
