"""Put patients into the registry under pseudonyms that others gave them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer.errors import RegistryError
from pseudonymizer.matching.blocks import VERSION
from pseudonymizer.matching.people import person_of
from pseudonymizer.models import PatientIndex, PossibleMatch, RegistryPatient
from pseudonymizer.registry.blocking_index import Block, blocks_of, write_blocks
from pseudonymizer.registry.entries import lock_registry, new_shift, seal_patient
from pseudonymizer.registry.exact_index import new_indexes
from pseudonymizer.registry.likeness import suspect
from pseudonymizer.registry.patients import find_each

ROWS_AT_ONCE = 500


@dataclass(frozen=True, repr=False)
class Enrollment:
    """A patient who comes with a pseudonym, and perhaps with a date shift."""

    identity: GivenIdentity
    pseudonym: str
    shift_days: int | None = None
    may_be: tuple[tuple[UUID, float], ...] = ()  # to be compared by a data steward


def registered_alike(project: Project, pseudonyms: Iterable[str]) -> list[RegistryPatient]:
    """Return the patients whose pseudonyms these are, in whatever case."""
    wanted = sorted({pseudonym.lower() for pseudonym in pseudonyms})
    ours = RegistryPatient.objects.filter(project=project).select_related("merged_into")
    ours = ours.annotate(in_small_letters=Lower("pseudonym"))
    return [
        patient
        for start in range(0, len(wanted), ROWS_AT_ONCE)
        for patient in ours.filter(in_small_letters__in=wanted[start : start + ROWS_AT_ONCE])
    ]


def enroll(project: Project, enrollments: Sequence[Enrollment]) -> None:
    """Add patients whom the registry does not know, in the caller's transaction.

    Raises
    ------
    RegistryError
        If it knows one of them, or one of the pseudonyms is in use, in whatever case.
    """
    lock_registry(project)
    keys = sealing_keys(project.pk)
    patients: list[RegistryPatient] = []
    indexes: list[PatientIndex] = []
    blocks: list[Block] = []
    pairs: list[PossibleMatch] = []
    # Not left to the database: while keys are rotated, one patient has two digests.
    if any(find_each(project, (one.identity for one in enrollments))):
        raise RegistryError(_("A patient is in the registry already."))
    if registered_alike(project, (one.pseudonym for one in enrollments)):
        raise RegistryError(_("A pseudonym is in the registry already."))
    for one in enrollments:
        patient = RegistryPatient(
            project=project, pseudonym=one.pseudonym, blocking_version=VERSION
        )
        seal_patient(patient, keys, one.identity, one.shift_days or new_shift())
        patients.append(patient)
        indexes += new_indexes(patient, keys, one.identity)
        blocks += blocks_of(patient, person_of(one.identity), keys)
        if one.may_be:
            pairs += suspect(patient, one.may_be)
    RegistryPatient.objects.bulk_create(patients, batch_size=ROWS_AT_ONCE)
    PatientIndex.objects.bulk_create(indexes, batch_size=ROWS_AT_ONCE)
    write_blocks(project.pk, blocks)
    PossibleMatch.objects.bulk_create(pairs, batch_size=ROWS_AT_ONCE)
