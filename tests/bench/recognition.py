"""Measures how well and how fast patients are recognized, on the database of the settings.

The people do not exist (people.py), their ways of being written differently are listed with their
shares (variants.py). Everything goes through the portal's own lookup, on a database of its own.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from uuid import UUID

from django.db import connection, transaction

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import ProjectKeys, project_keys, sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.blocks import VERSION
from pseudonymizer.matching.people import person_of
from pseudonymizer.models import PatientBlock, RegistryPatient
from pseudonymizer.registry import recognition
from pseudonymizer.registry.blocking_index import digests_to_find, digests_to_store
from pseudonymizer.registry.identities import seal_identity
from pseudonymizer.registry.likeness import Lookalikes
from pseudonymizer.registry.patients import ADMITTED_AT_ONCE
from tests.bench.people import Population, Someone
from tests.bench.variants import variants_of

BATCH = 2000
BLOCKS = "pseudonymizer_patientblock (project_id, patient_id, kind, key_version, digest)"
STRANGERS_FROM = 50_000_000  # their clinics' numbers: nobody of the registry has one by chance
OUTCOMES = ("automatic", "queue", "missed", "wrong")


@dataclass
class Tally:
    """What became of the questions, and how long each took."""

    by_kind: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    qualified: Counter[str] = field(default_factory=Counter)
    strangers: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    cpu_seconds: list[float] = field(default_factory=list)
    lookup_seconds: list[float] = field(default_factory=list)  # of the index alone, once more
    together_seconds: float = 0.0  # a question, where many are asked at once
    together_cpu_seconds: float = 0.0
    compared: list[int] = field(default_factory=list)

    @property
    def total(self) -> Counter[str]:
        return sum(self.by_kind.values(), Counter())

    @property
    def automatic_share(self) -> float:
        """Of the people whose ID names its issuer, the share that nobody had to look at."""
        return self.qualified["automatic"] / self.qualified.total()


def fill(project: Project, people: Iterable[Someone]) -> Iterator[dict[Someone, UUID]]:
    """Write people into the registry as they are, in batches, without asking who is whom."""
    people = iter(people)
    while batch := list(islice(people, BATCH)):
        with transaction.atomic():
            yield _write(project, batch)


def ask(project: Project, ids: Mapping[Someone, UUID], count: int) -> Tally:
    """Ask for `count` people in other spellings, and for as many strangers."""
    keys, tally, people = project_keys(project.pk), Tally(), list(ids)
    identities: list[GivenIdentity] = []
    for variant in variants_of(people, count, Random(7)):  # noqa: S311 (nothing here is secret)
        identities.append(variant.identity)
        outcome = _outcome(_timed(tally, project, keys, variant.identity), ids[variant.person])
        tally.by_kind[variant.kind][outcome] += 1
        if variant.identity.issuer and variant.identity.patient_id:
            tally.qualified[outcome] += 1
    for identity in Population(8, STRANGERS_FROM).strangers(people, count):
        identities.append(identity)
        tally.strangers[_outcome(_timed(tally, project, keys, identity), None)] += 1
    ask_together(project, keys, identities, tally)
    return tally


def ask_together(
    project: Project, keys: ProjectKeys, identities: Sequence[GivenIdentity], tally: Tally
) -> None:
    """Ask for all once more, as many at once as the plan of a job does."""
    start, cpu_start = time.perf_counter(), time.thread_time()
    for first in range(0, len(identities), ADMITTED_AT_ONCE):
        asked = identities[first : first + ADMITTED_AT_ONCE]
        lookalikes = Lookalikes(project, asked, keys)
        for place in range(len(asked)):
            lookalikes.of(place)
    tally.together_cpu_seconds = (time.thread_time() - cpu_start) / len(identities)
    tally.together_seconds = (time.perf_counter() - start) / len(identities)


def _timed(
    tally: Tally, project: Project, keys: ProjectKeys, identity: GivenIdentity
) -> list[recognition.Candidate]:
    start, cpu_start = time.perf_counter(), time.thread_time()
    person = person_of(identity)
    found = recognition.candidates(project.pk, person, keys) if person else []
    tally.seconds.append(time.perf_counter() - start)
    tally.cpu_seconds.append(time.thread_time() - cpu_start)
    if person:
        start = time.perf_counter()
        asked = [digests_to_find(person, keys)]
        tally.compared.append(len(list(recognition.sharing_blocks(project.pk, asked))))
        tally.lookup_seconds.append(time.perf_counter() - start)
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


def _write(project: Project, people: Sequence[Someone]) -> dict[Someone, UUID]:
    keys = sealing_keys(project.pk)
    patients = {person: RegistryPatient(project=project) for person in people}
    for person, patient in patients.items():
        patient.blocking_version = VERSION
        patient.pseudonym = f"BENCH-{patient.pk.hex}"
        patient.sealed_identity = seal_identity(keys, patient.pk, person.identity)
        patient.sealed_date_shift = b""
    RegistryPatient.objects.bulk_create(patients.values())
    _write_blocks(
        (project.pk, patient.pk, kind, keys.version, digest)
        for person, patient in patients.items()
        for kind, digest in digests_to_store(person_of(person.identity), keys)
    )
    return {person: patient.pk for person, patient in patients.items()}


def _write_blocks(rows: Iterable[tuple[UUID, UUID, str, int, bytes]]) -> None:
    """Write blocks as fast as the database takes them: there are nine for each patient."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {BLOCKS} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            statement = f"INSERT INTO {BLOCKS} VALUES (%s, %s, %s, %s, %s)"  # noqa: S608 (a constant)
            cursor.executemany(
                statement, [(project.hex, pk.hex, *others) for project, pk, *others in rows]
            )


@contextmanager
def without_index() -> Iterator[None]:
    """Make the index anew afterwards: quicker than to keep it while a million people come."""
    (index,) = [one for one in PatientBlock._meta.indexes if one.name == "patient_block_lookup"]
    with connection.schema_editor() as editor:
        editor.remove_index(PatientBlock, index)
    yield
    with connection.schema_editor() as editor:
        editor.add_index(PatientBlock, index)
