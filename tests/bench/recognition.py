"""Prints how well and how fast patients are recognized: python -m tests.bench.recognition.

The people do not exist (people.py), their ways of being written differently are listed with their
shares (variants.py). Everything goes through the portal's own lookup, on a database of its own.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from statistics import mean, median
from uuid import UUID

from django.db import transaction

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import ProjectKeys, project_keys, sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer import recognition
from pseudonymizer.identities import seal_identity
from pseudonymizer.indexes import blocks_of
from pseudonymizer.matching.people import person_of
from pseudonymizer.models import PatientBlock, RegistryPatient
from tests.bench.people import Population, Someone
from tests.bench.variants import variants_of

BATCH = 2000
OUTCOMES = ("automatic", "queue", "missed", "wrong")


@dataclass
class Tally:
    """What became of the questions, and how long each took."""

    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    qualified: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    lookup_seconds: list[float] = field(default_factory=list)

    @property
    def total(self) -> Counter[str]:
        return sum(self.by_kind.values(), Counter())

    @property
    def automatic_share(self) -> float:
        """Of the people whose ID names its issuer, the share that nobody had to look at."""
        return self.qualified["automatic"] / self.qualified.total()


def fill(project: Project, people: Iterable[Someone]) -> dict[Someone, UUID]:
    """Write people into the registry as they are, without asking who is whom."""
    ids: dict[Someone, UUID] = {}
    numbers = iter(range(10**9))
    people = iter(people)
    while batch := list(islice(people, BATCH)):
        with transaction.atomic():
            keys = sealing_keys(project.pk)
            patients = [RegistryPatient(project=project, blocking_version=99) for _ in batch]
            for patient, person in zip(patients, batch, strict=True):
                patient.pseudonym = f"BENCH-{next(numbers):08d}"
                patient.sealed_identity = seal_identity(keys, patient.pk, person.identity)
                patient.sealed_date_shift = b""
            RegistryPatient.objects.bulk_create(patients)
            pairs = zip(patients, batch, strict=True)
            PatientBlock.objects.bulk_create(
                block
                for patient, person in pairs
                for block in blocks_of(patient, person_of(person.identity), keys)
            )
        ids |= {person: patient.pk for patient, person in zip(patients, batch, strict=True)}
    return ids


def ask(project: Project, people: Sequence[Someone], ids: dict[Someone, UUID], count: int) -> Tally:
    """Ask for `count` people in other spellings, and for as many strangers."""
    keys, tally = project_keys(project.pk), Tally()
    for variant in variants_of(people, count, Random(7)):  # noqa: S311 (nothing here is secret)
        outcome = _outcome(_timed(tally, project, keys, variant.identity), ids[variant.person])
        tally.by_kind[variant.kind][outcome] += 1
        if variant.identity.issuer and variant.identity.patient_id:
            tally.qualified[outcome] += 1
    for identity in Population(8).strangers(people, count):
        tally.strangers[_outcome(_timed(tally, project, keys, identity), None)] += 1
    return tally


def _timed(
    tally: Tally, project: Project, keys: ProjectKeys, identity: GivenIdentity
) -> list[recognition.Candidate]:
    start = time.perf_counter()
    person = person_of(identity)
    found = recognition.candidates(project.pk, person, keys) if person else []
    tally.seconds.append(time.perf_counter() - start)
    return found


def _outcome(found: Sequence[recognition.Candidate], truth: UUID | None) -> str:
    """Name what the portal would do: join, ask a steward about the right one, or take for new."""
    winner = recognition.clear_winner(found)
    if winner:
        return "automatic" if winner.patient_id == truth else "wrong"
    asked = [candidate.patient_id for candidate in found[: recognition.MOST_POSSIBLE]]
    if truth is None:
        return "queue" if asked else "new"
    return "queue" if truth in asked else "missed"
