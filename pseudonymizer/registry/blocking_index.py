"""The blocking index: keyed digests by which patients are found who may be one person."""

from collections.abc import Iterable

from django.db import transaction

from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.blocks import STRONG, VERSION, block_keys
from pseudonymizer.matching.people import Person, person_of
from pseudonymizer.models import PatientBlock, RegistryPatient
from pseudonymizer.registry.identities import open_identity

BATCH = 200


def index_patient(patient: RegistryPatient, keys: SealingKeys) -> None:
    """Make the patient's blocks anew, in the transaction that asked for `keys`."""
    index_person(patient, _person_of(patient, keys), keys)


def index_person(patient: RegistryPatient, person: Person | None, keys: SealingKeys) -> None:
    """Make the blocks of a patient who is `person` anew."""
    PatientBlock.objects.filter(patient=patient).delete()
    PatientBlock.objects.bulk_create(blocks_of(patient, person, keys))
    RegistryPatient.objects.filter(pk=patient.pk).update(blocking_version=VERSION)


def blocks_of(
    patient: RegistryPatient, person: Person | None, keys: SealingKeys
) -> list[PatientBlock]:
    """Return the blocks of a patient who is `person`, not saved."""
    return [
        PatientBlock(
            project_id=patient.project_id,
            patient=patient,
            kind=kind,
            digest=digest,
            key_version=keys.version,
        )
        for kind, digest in digests_to_store(person, keys)
    ]


def digests_to_store(person: Person | None, keys: SealingKeys) -> list[tuple[str, bytes]]:
    """Return kind and digest of each block of `person`; none for who is compared with nobody."""
    found = sorted(block_keys(person)) if person else []
    digests = keys.short_digests(Label.BLOCKING, map(_message, found))
    return [(key[0], digest) for key, digest in zip(found, digests, strict=True)]


def index_missing(project: Project) -> None:
    """Make the blocks of patients who came before there were any, or before they changed."""
    missing = RegistryPatient.objects.filter(project=project, blocking_version__lt=VERSION)
    while missing.exists():
        with transaction.atomic(durable=True):
            keys = sealing_keys(project.pk)
            for patient in missing.select_for_update()[:BATCH]:
                index_patient(patient, keys)


def digests_to_find(person: Person, keys: ProjectKeys) -> tuple[list[bytes], list[bytes]]:
    """Return digests of which whoever is like `person` has one, and digests of which two."""
    found = block_keys(person)
    one = [_message(key) for key in found if key[0] in STRONG]
    two = [_message(key) for key in found if key[0] not in STRONG]
    return keys.all_short_digests(Label.BLOCKING, one), keys.all_short_digests(Label.BLOCKING, two)


def _person_of(patient: RegistryPatient, keys: ProjectKeys) -> Person | None:
    return person_of(open_identity(keys, patient.pk, patient.sealed_identity))


def _message(key: Iterable[str]) -> bytes:
    return "\0".join(key).encode(errors="surrogatepass")
