"""Who of a registry may be a person: looked up by keyed digests, then compared in the clear."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from pacs_portal.projects.keys import ProjectKeys
from pseudonymizer.matching.agreement import Agreement
from pseudonymizer.matching.people import Person
from pseudonymizer.matching.weights import score
from pseudonymizer.matching.zones import Zone, zone_of
from pseudonymizer.registry.blocking_index import DigestsToFind, digests_to_find
from pseudonymizer.registry.identities import open_person

# Who shares most digests comes first; more than these share one with a name that is everybody's.
MOST_COMPARED = 100
MOST_POSSIBLE = 10  # a steward looks at so many pairs for one newcomer
CLEAR_LEAD = 10.0  # bits; a second patient this close could be meant as well
ASKED_AT_ONCE = 100  # people in one question to the database

# One statement for many people, and no objects for rows that are compared once. Two values bind
# faster than thousands, and one text for whoever asks is compiled once: all digests in one piece,
# 16 bytes each (SHORT_BYTES), and a number for each, made of asker and weight.
_CANDIDATES = """
    SELECT found.asker, p.id, p.sealed_identity, p.merged_into_id
    FROM (
        SELECT asker, patient_id,
               ROW_NUMBER() OVER (PARTITION BY asker ORDER BY shared DESC, patient_id) AS place
        FROM (
            SELECT asked.asker, b.patient_id, COUNT(*) AS shared
            FROM (
                SELECT number >> 1 AS asker, 1 + (number & 1) AS weight,
                       substr(%s, 1 + 16 * place, 16) AS digest
                FROM {numbers}
            ) AS asked CROSS JOIN pseudonymizer_patientblock b
            WHERE b.digest = asked.digest
            GROUP BY asked.asker, b.patient_id
            HAVING SUM(asked.weight) > 1
        ) AS sharing
    ) AS found
    {patients}
    WHERE found.place <= {most} AND p.project_id = %s
"""
_ON_POSTGRESQL = {
    "numbers": """(
        SELECT place::int - 1 AS place, number
        FROM unnest(%s::int[]) WITH ORDINALITY AS one(number, place)
    ) AS one""",
    # One by one (OFFSET 0 says so): else a registry of 20,000 is read as a whole for a hundred.
    "patients": """CROSS JOIN LATERAL (
        SELECT * FROM pseudonymizer_registrypatient WHERE id = found.patient_id OFFSET 0
    ) p""",
}
_ON_SQLITE = {
    "numbers": "(SELECT key AS place, value AS number FROM json_each(%s)) AS one",
    "patients": "JOIN pseudonymizer_registrypatient p ON p.id = found.patient_id",
}

# Who asks, by place; who may be meant; her sealed identity; whom she was merged into.
Row = tuple[int, UUID, bytes, UUID | None]
Asker = tuple[Person, DigestsToFind]


class Candidate(NamedTuple):
    """A patient who may be the person, and how much says so."""

    patient_id: UUID
    score: float
    zone: Zone
    merged_into: UUID | None = None


def candidates(project_id: UUID, person: Person, keys: ProjectKeys) -> list[Candidate]:
    """Return the patients of a project who are or may be `person`, the likeliest first."""
    found = candidates_of_each(project_id, [(person, digests_to_find(person, keys))], keys)[0]
    return sorted(found, key=likeliest_first)


def candidates_of_each(
    project_id: UUID, askers: Sequence[Asker], keys: ProjectKeys
) -> list[list[Candidate]]:
    """Do what `candidates` does for many people, with few questions to the database, unsorted."""
    found: list[list[Candidate]] = [[] for _ in askers]
    digests = [digests for _person, digests in askers]
    for place, patient_id, sealed, merged_into in sharing_blocks(project_id, digests):
        other = open_person(keys, patient_id, sealed)
        judged = judge(askers[place][0], other) if other else None
        if judged:
            found[place].append(Candidate(patient_id, *judged, merged_into))
    return found


def judge(person: Person, other: Person) -> tuple[float, Zone] | None:
    """Return how much says that `other` is `person`; None if they are two for sure."""
    agreement = _comparison()(person, other)
    bits = score(agreement)
    zone = zone_of(agreement, bits)
    return None if zone == Zone.NEW else (bits, zone)


@cache
def _comparison() -> Callable[[Person, Person], Agreement]:
    """Load rapidfuzz, which takes long, where somebody is compared: most runs compare nobody."""
    from pseudonymizer.matching.comparison import compare

    return compare


def likeliest_first(candidate: Candidate) -> float:
    """Return what to sort candidates by."""
    return -candidate.score


def clear_winner(found: Sequence[Candidate]) -> Candidate | None:
    """Return the first of different patients if it is the person beyond doubt."""
    if not found or found[0].zone != Zone.SAME:
        return None
    runner_up = found[1].score if len(found) > 1 else 0.0
    return found[0] if found[0].score - runner_up >= CLEAR_LEAD else None


def sharing_blocks(project_id: UUID, askers: Sequence[DigestsToFind]) -> Iterator[Row]:
    """Yield whom to compare with each of `askers`."""
    for start in range(0, len(askers), ASKED_AT_ONCE):
        asked = askers[start : start + ASKED_AT_ONCE]
        digests = b"".join([digest for both in asked for some in both for digest in some])
        if digests:
            yield from _rows(project_id, digests, _numbers(asked, start))


def _numbers(asked: Sequence[DigestsToFind], start: int) -> str:
    """Return for each digest who asks for it, and by the last bit whether it suffices alone."""
    texts = [
        len(one) * f",{2 * place + 1}" + len(two) * f",{2 * place}"
        for place, (one, two) in enumerate(asked, start)
    ]
    return "".join(texts)[1:]


def _rows(project_id: UUID, digests: bytes, numbers: str) -> list[Row]:
    is_postgresql = connection.vendor == "postgresql"
    project = project_id if is_postgresql else project_id.hex
    numbers = f"{{{numbers}}}" if is_postgresql else f"[{numbers}]"
    with connection.cursor() as cursor:
        cursor.execute(_statement(is_postgresql), [digests, numbers, project])
        rows = cursor.fetchall()
    if is_postgresql:
        return rows
    return [
        (place, UUID(pk), sealed, UUID(merged_into) if merged_into else None)
        for place, pk, sealed, merged_into in rows
    ]


@cache
def _statement(is_postgresql: bool) -> str:
    parts = _ON_POSTGRESQL if is_postgresql else _ON_SQLITE
    return _CANDIDATES.format(most=MOST_COMPARED, **parts)
