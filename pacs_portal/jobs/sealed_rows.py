"""What a rotation of keys does with jobs, their plans and held files."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from pacs_portal.jobs.held.contents import held_content, seal_content
from pacs_portal.jobs.held.findings import renew_finding
from pacs_portal.jobs.held.of_projects import of_projects
from pacs_portal.jobs.models import HeldFile, Job, JobUnit
from pacs_portal.jobs.options import renew_options
from pacs_portal.jobs.private_values import private_values_of, seal_private_values
from pacs_portal.projects.keys import SealingKeys
from pacs_portal.projects.sealed import SealedTable, sealed_otherwise


def _outdated_options(project_id: UUID, version: int) -> QuerySet[Job]:
    return sealed_otherwise(Job.objects.filter(project=project_id), version, "sealed_options")


def _renew_options(rows: Sequence[Job], keys: SealingKeys) -> None:
    for job in rows:
        renew_options(job, keys)
    Job.objects.bulk_update(rows, ["sealed_options"])


def _outdated_plans(project_id: UUID, version: int) -> QuerySet[JobUnit]:
    rows = JobUnit.objects.filter(part__job__project=project_id)
    return sealed_otherwise(rows, version, "sealed_values")


def _renew_plans(rows: Sequence[JobUnit], keys: SealingKeys) -> None:
    for unit in rows:
        values = private_values_of(unit, keys)
        unit.sealed_values = seal_private_values(unit.part_id, unit.number, values, keys)
    JobUnit.objects.bulk_update(rows, ["sealed_values"])


def _outdated_holds(project_id: UUID, version: int) -> QuerySet[HeldFile]:
    rows = HeldFile.objects.filter(of_projects([project_id]))
    return sealed_otherwise(rows, version, "sealed_finding", "sealed_content")


def _renew_holds(rows: Sequence[HeldFile], keys: SealingKeys) -> None:
    for held in rows:
        renew_finding(held, keys)
        if held.sealed_content is not None:
            held.sealed_content = seal_content(keys, held.pk, held_content(held, keys))
    HeldFile.objects.bulk_update(rows, ["sealed_finding", "sealed_content"])


def sealed_tables() -> tuple[SealedTable, ...]:
    """Return the tables of this app."""
    return (
        SealedTable("options of jobs", _outdated_options, _renew_options),
        SealedTable("plans of jobs", _outdated_plans, _renew_plans),
        SealedTable("held files", _outdated_holds, _renew_holds),
    )
