"""Studies of one project's archive, pseudonymized anew into another project."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet

from pacs_portal.accounts.models import User
from pacs_portal.archive.models import Instance, Study
from pacs_portal.jobs.archived import ArchivedInput, start_archived_job
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.options import JobOptions
from pacs_portal.projects.models import Project
from pacs_portal.projects.services import record_in
from pseudonymizer.disclosure.approvals import needs_two, projects_of_two

TOOL = "pseudonymize"
TRANSFERRED = "study.transferred"  # in the audit log of the project that they come from


def possible_targets(source: Project, by: User) -> QuerySet[Project]:
    """Return the projects that may get studies of `source`: those `by` is data steward of, too.

    Where it takes two people to see an identity, it takes two afterwards.
    """
    targets = Project.objects.stewarded_by(by).exclude(pk=source.pk)
    return targets.filter(pk__in=projects_of_two()) if needs_two(source) else targets


def may_transfer(by: User, source: Project) -> bool:
    """Tell whether `by` has anywhere to bring studies of `source` to."""
    return _is_steward_of(source, by) and possible_targets(source, by).exists()


def transfer(*, studies: Sequence[Study], into: Project, by: User) -> Job:
    """Start the job that brings `studies` of one project into another one.

    Raises
    ------
    PermissionDenied
        If `by` is not data steward of both, or the second would show identities more easily.
    JobError
        If nothing is stored of the studies, or there is no room for their images.
    """
    source = studies[0].project
    is_target = possible_targets(source, by).filter(pk=into.pk).exists()
    if not _is_steward_of(source, by) or not is_target:
        raise PermissionDenied
    found_in = ArchivedInput(source, Instance.objects.filter(series__study__in=studies))
    with transaction.atomic():
        job = start_archived_job(
            found_in=found_in, into=into, tool=TOOL, by=by, options=JobOptions()
        )
        for study in studies:
            record_in(source, by, TRANSFERRED, study, into=str(into.pk), job=str(job.pk))
        record_in(into, by, "studies.received", job, studies=len(studies), source=str(source.pk))
    return job


def _is_steward_of(project: Project, by: User) -> bool:
    return Project.objects.stewarded_by(by).filter(pk=project.pk).exists()
