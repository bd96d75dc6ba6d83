"""The blocking index: keyed digests by which patients are found who may be one person."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.db import connection, transaction

from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.blocks import VERSION, block_keys
from pseudonymizer.matching.people import Person
from pseudonymizer.models import PatientBlock, RegistryPatient
from pseudonymizer.registry.identities import open_person

BATCH = 200

WRITTEN_AT_ONCE = 150
_INSERT = (
    "INSERT INTO pseudonymizer_patientblock (project_id, patient_id, kind, key_version, digest) "
    "VALUES "
)

DigestsToFind = tuple[list[bytes], list[bytes]]


class Block(NamedTuple):
    """A row of the index that is not saved yet."""

    patient_id: UUID
    kind: str
    key_version: int
    digest: bytes


def index_patient(patient: RegistryPatient, keys: SealingKeys) -> None:
    """Make the patient's blocks anew, in the transaction that asked for `keys`."""
    index_person(patient, _person_of(patient, keys), keys)


def index_person(patient: RegistryPatient, person: Person | None, keys: SealingKeys) -> None:
    """Make the blocks of a patient who is `person` anew."""
    PatientBlock.objects.filter(patient=patient).delete()
    write_blocks(patient.project_id, blocks_of(patient, person, keys))
    RegistryPatient.objects.filter(pk=patient.pk).update(blocking_version=VERSION)


def blocks_of(patient: RegistryPatient, person: Person | None, keys: SealingKeys) -> list[Block]:
    """Return the blocks of a patient who is `person`, not saved."""
    return [
        Block(patient.pk, kind, keys.version, digest)
        for kind, digest in digests_to_store(person, keys)
    ]


def write_blocks(project_id: UUID, blocks: Sequence[Block]) -> None:
    """Save blocks as plain rows: a patient has eight, and objects for them cost most of a list."""
    is_native = connection.features.has_native_uuid_field
    project = project_id if is_native else project_id.hex
    with connection.cursor() as cursor:
        for start in range(0, len(blocks), WRITTEN_AT_ONCE):
            values: list[UUID | str | int | bytes] = []
            for one in blocks[start : start + WRITTEN_AT_ONCE]:
                patient = one.patient_id if is_native else one.patient_id.hex
                values += (project, patient, one.kind, one.key_version, one.digest)
            places = ", ".join(["(%s, %s, %s, %s, %s)"] * (len(values) // 5))
            cursor.execute(_INSERT + places, values)


def digests_to_store(person: Person | None, keys: SealingKeys) -> list[tuple[str, bytes]]:
    """Return kind and digest of each block of `person`; none for who is compared with nobody."""
    found = sorted(set().union(*block_keys(person))) if person else []
    digests = keys.short_digests(Label.BLOCKING, map(_message, found))
    return [(key.partition("\0")[0], one) for key, one in zip(found, digests, strict=True)]


def index_missing(project: Project) -> None:
    """Make the blocks of patients who came before there were any, or before they changed."""
    missing = RegistryPatient.objects.filter(project=project, blocking_version__lt=VERSION)
    while missing.exists():
        with transaction.atomic(durable=True):
            keys = sealing_keys(project.pk)
            for patient in missing.select_for_update()[:BATCH]:
                index_patient(patient, keys)


def digests_to_find(person: Person, keys: ProjectKeys) -> DigestsToFind:
    """Return digests of which whoever is like `person` has one, and digests of which two."""
    strong, weak = block_keys(person)
    one, two = [_message(key) for key in strong], [_message(key) for key in weak]
    return keys.all_short_digests(Label.BLOCKING, one), keys.all_short_digests(Label.BLOCKING, two)


def _person_of(patient: RegistryPatient, keys: ProjectKeys) -> Person | None:
    return open_person(keys, patient.pk, patient.sealed_identity)


def _message(key: str) -> bytes:
    return key.encode("utf-8", "surrogatepass")
