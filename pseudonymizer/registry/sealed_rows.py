"""What a rotation of keys does with the registry."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import QuerySet

from pacs_portal.projects.keys import SealingKeys
from pacs_portal.projects.sealed import SealedTable, sealed_otherwise
from pseudonymizer.models import PatientBlock, PatientIndex, RegistryPatient
from pseudonymizer.registry.blocking_index import index_patient
from pseudonymizer.registry.exact_index import RENEWED, renew_index
from pseudonymizer.registry.patients import renew_identity


def _outdated_patients(project_id: UUID, version: int) -> QuerySet[RegistryPatient]:
    rows = RegistryPatient.objects.filter(project=project_id)
    return sealed_otherwise(rows, version, "sealed_identity", "sealed_date_shift")


def _renew_patients(rows: Sequence[RegistryPatient], keys: SealingKeys) -> None:
    for patient in rows:
        renew_identity(patient, keys)
    RegistryPatient.objects.bulk_update(rows, ["sealed_identity", "sealed_date_shift"])


def _outdated_indexes(project_id: UUID, version: int) -> QuerySet[PatientIndex]:
    rows = PatientIndex.objects.filter(project=project_id).exclude(key_version=version)
    return rows.exclude(sealed_parts=None)


def _renew_indexes(rows: Sequence[PatientIndex], keys: SealingKeys) -> None:
    for row in rows:
        renew_index(row, keys)
    PatientIndex.objects.bulk_update(rows, RENEWED)


def _staying_indexes(project_id: UUID, version: int) -> int:
    """Count digests of unknown origin: without the old key their patients would be strangers."""
    rows = PatientIndex.objects.filter(project=project_id, sealed_parts=None)
    return rows.exclude(key_version=version).count()


def _outdated_blocks(project_id: UUID, version: int) -> QuerySet[PatientBlock]:
    return PatientBlock.objects.filter(project=project_id).exclude(key_version=version)


def _renew_blocks(rows: Sequence[PatientBlock], keys: SealingKeys) -> None:
    """Make all blocks of these patients anew."""
    for patient in RegistryPatient.objects.filter(pk__in={row.patient_id for row in rows}):
        index_patient(patient, keys)


def sealed_tables() -> tuple[SealedTable, ...]:
    """Return the tables of the registry."""
    return (
        SealedTable("identities", _outdated_patients, _renew_patients),
        SealedTable("index of patients", _outdated_indexes, _renew_indexes, _staying_indexes),
        SealedTable("blocking index", _outdated_blocks, _renew_blocks),
    )
