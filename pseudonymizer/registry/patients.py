"""The registry of a project: who is recognized, and which pseudonym a new patient gets.

A patient is found by keyed digests alone; the registry itself is never searched in clear. What
agrees exactly is the same patient. Else whoever is like her is compared (recognition.py): beyond
doubt the same, possibly the same, which a steward decides (matches/), or somebody new. A wrong
merge is worse than a hundred splits.
"""

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction

from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import project_keys, sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer.errors import RegistryError
from pseudonymizer.matching.exact import plain_identity
from pseudonymizer.models import RegistryPatient
from pseudonymizer.registry.admitting import Admission
from pseudonymizer.registry.blocking_index import index_missing
from pseudonymizer.registry.entries import (
    current,
    date_shift_of,
    identity_of,
    lock_registry,
    new_shift,
    pseudonym_prefix,
    renew_identity,
    seal_patient,
    standing_of,
    subject_of,
)
from pseudonymizer.registry.exact_index import Digests, ExactIndex, digests_of, index_parts

__all__ = [
    "current",
    "date_shift_of",
    "find",
    "find_each",
    "identity_of",
    "lock_registry",
    "new_shift",
    "pseudonym_prefix",
    "renew_identity",
    "resolve",
    "resolve_each",
    "seal_patient",
    "standing_of",
    "subject_of",
]
TRIES = 20
ADMITTED_AT_ONCE = 100  # others wait meanwhile, on SQLite with whatever they write


def resolve(project: Project, identity: GivenIdentity, job: Job | None) -> RegistryPatient:
    """Return the patient of the project's registry for `identity`, a new one if unknown.

    However many processes ask for one new patient at once, in one spelling or in several, they
    all get the same: one after the other is let in. A patient who may be somebody known comes
    back provisional, and her files wait for a steward. One who was merged with another comes back
    as herself, so that a plan says whose files would have to go back; `subject_of` knows the rest.

    Raises
    ------
    RegistryError
        If the database keeps refusing, which only a defect can cause.
    """
    return resolve_each(project, [identity], job)[0]


def resolve_each(
    project: Project, identities: Sequence[GivenIdentity], job: Job | None
) -> list[RegistryPatient]:
    """Do what `resolve` does for many, one after the other, with few questions to the database.

    Raises
    ------
    RegistryError
        As `resolve`; some of them may be in the registry then, as if they had been asked for
        one by one.
    """
    wanted = _digests_of_each(project, identities)
    index = ExactIndex(project, wanted)
    found = {
        place: patient
        for place, digests in enumerate(wanted)
        # The usual case: nothing to write, so nobody waits.
        if index.has_all(digests) and (patient := index.patient_of(digests))
    }
    others = [place for place in range(len(identities)) if place not in found]
    if others:
        index_missing(project)
    for start in range(0, len(others), ADMITTED_AT_ONCE):
        places = others[start : start + ADMITTED_AT_ONCE]
        admitted = _admitted(project, [identities[place] for place in places], job)
        found |= zip(places, admitted, strict=True)
    return [found[place] for place in range(len(identities))]


def find(project: Project, identity: GivenIdentity) -> RegistryPatient | None:
    """Return the patient with exactly this ID, name and birth date, if the registry has one."""
    return find_each(project, [identity])[0]


def find_each(
    project: Project, identities: Iterable[GivenIdentity]
) -> list[RegistryPatient | None]:
    """Do what `find` does for many, with few questions to the database."""
    wanted = _digests_of_each(project, identities)
    index = ExactIndex(project, wanted)
    found = map(index.patient_of, wanted)
    return [current(patient) if patient else None for patient in found]


def _digests_of_each(project: Project, identities: Iterable[GivenIdentity]) -> list[Digests]:
    keys = project_keys(project.pk)
    return [digests_of(keys, index_parts(plain_identity(one))) for one in identities]


def _admitted(
    project: Project, identities: Sequence[GivenIdentity], job: Job | None
) -> list[RegistryPatient]:
    for _ in range(TRIES):
        try:
            with transaction.atomic(durable=True):
                keys = sealing_keys(project.pk)
                # Two spellings of one new patient must not pass each other unseen.
                lock_registry(project)
                return Admission(project, keys, identities, job).admit()
        except IntegrityError:
            continue  # a pseudonym that exists
    raise RegistryError("The registry did not accept a new patient. Try again.")
