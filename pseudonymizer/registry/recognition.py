"""Who of a registry may be a person: looked up by keyed digests, then compared in the clear."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.db import connection

from pacs_portal.projects.keys import ProjectKeys
from pseudonymizer.matching.agreement import Agreement
from pseudonymizer.matching.people import Person, person_of
from pseudonymizer.matching.weights import score
from pseudonymizer.matching.zones import Zone, zone_of
from pseudonymizer.registry.blocking_index import DigestsToFind, digests_to_find
from pseudonymizer.registry.identities import open_identity

# Who shares most digests comes first; more than these share one with a name that is everybody's.
MOST_COMPARED = 100
MOST_POSSIBLE = 10  # a steward looks at so many pairs for one newcomer
CLEAR_LEAD = 10.0  # bits; a second patient this close could be meant as well
ASKED_AT_ONCE = 100  # people in one question to the database

# One statement for many people, and no objects for rows that are compared once.
_CANDIDATES = """
    SELECT found.asker, p.id, p.sealed_identity, p.merged_into_id
    FROM (
        SELECT asker, patient_id,
               ROW_NUMBER() OVER (PARTITION BY asker ORDER BY shared DESC, patient_id) AS place
        FROM (
            SELECT asked.asker, b.patient_id, COUNT(*) AS shared
            FROM {asked} CROSS JOIN pseudonymizer_patientblock b
            WHERE b.digest = asked.digest
            GROUP BY asked.asker, b.patient_id
            HAVING SUM(asked.weight) > 1
        ) AS sharing
    ) AS found
    JOIN pseudonymizer_registrypatient p ON p.id = found.patient_id
    WHERE found.place <= {most} AND p.project_id = %s
"""
_ARRAYS = "unnest(%s::int[], %s::bytea[], %s::int[]) AS asked(asker, digest, weight)"
# SQLite has no arrays. One text for whoever asks is compiled once, and two values bind faster than
# thousands. A digest has 16 bytes (SHORT_BYTES).
_PIECES = """(
    SELECT value >> 1 AS asker, 1 + (value & 1) AS weight,
           substr(%s, 1 + 16 * key, 16) AS digest
    FROM json_each(%s)
) AS asked"""
_ON_POSTGRESQL = _CANDIDATES.format(asked=_ARRAYS, most=MOST_COMPARED)
_ON_SQLITE = _CANDIDATES.format(asked=_PIECES, most=MOST_COMPARED)

# Who asks, by place; who may be meant; her sealed identity; whom she was merged into.
Row = tuple[int, UUID, bytes, UUID | None]
Asker = tuple[Person, DigestsToFind]
_Asked = tuple[int, bytes, int]  # by place; one digest; whether it suffices (2) or takes another


@dataclass(frozen=True, slots=True)
class Candidate:
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
        other = person_of(open_identity(keys, patient_id, sealed))
        judged = judge(askers[place][0], other) if other else None
        if judged:
            found[place].append(Candidate(patient_id, *judged, merged_into))
    return found


def judge(person: Person, other: Person) -> tuple[float, Zone] | None:
    """Return how much says that `other` is `person`; None if they are two for sure."""
    agreement = _comparison()(person, other)
    zone = zone_of(agreement)
    return None if zone == Zone.NEW else (score(agreement), zone)


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
        asked = [
            (start + place, digest, weight)
            for place, (one, two) in enumerate(askers[start : start + ASKED_AT_ONCE])
            for weight, digests in ((2, one), (1, two))
            for digest in digests
        ]
        if asked:
            yield from _rows(project_id, asked)


def _rows(project_id: UUID, asked: Sequence[_Asked]) -> list[Row]:
    is_postgresql = connection.vendor == "postgresql"
    statement = _ON_POSTGRESQL if is_postgresql else _ON_SQLITE
    values = _arrays(asked) if is_postgresql else _pieces(asked)
    project = project_id if is_postgresql else project_id.hex
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, project])
        rows = cursor.fetchall()
    if is_postgresql:
        return rows
    return [
        (place, UUID(pk), sealed, UUID(merged_into) if merged_into else None)
        for place, pk, sealed, merged_into in rows
    ]


def _arrays(asked: Sequence[_Asked]) -> list[str]:
    """Return what is asked as three arrays: in one piece each, they cost next to nothing."""
    askers = ",".join([str(place) for place, _, _ in asked])
    digests = ",".join([f'"\\\\x{digest.hex()}"' for _, digest, _ in asked])
    weights = ",".join([str(weight) for _, _, weight in asked])
    return [f"{{{column}}}" for column in (askers, digests, weights)]


def _pieces(asked: Sequence[_Asked]) -> list[bytes | str]:
    """Return what is asked as all digests in one piece, and a list of askers and weights."""
    numbers = ",".join([str(2 * place + weight - 1) for place, _, weight in asked])
    return [b"".join([digest for _, digest, _ in asked]), f"[{numbers}]"]
