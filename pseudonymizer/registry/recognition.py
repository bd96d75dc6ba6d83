"""Who of a registry may be a person: looked up by keyed digests, then compared in the clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from pacs_portal.projects.keys import ProjectKeys
from pseudonymizer.matching.people import Person, person_of
from pseudonymizer.matching.weights import score
from pseudonymizer.matching.zones import Zone, zone_of
from pseudonymizer.registry.blocking_index import digests_to_find
from pseudonymizer.registry.identities import open_identity

# Who shares most digests comes first; more than these share one with a name that is everybody's.
MOST_COMPARED = 100
MOST_POSSIBLE = 10  # a steward looks at so many pairs for one newcomer
CLEAR_LEAD = 10.0  # bits; a second patient this close could be meant as well

# One statement, and no objects for rows that are compared once.
_CANDIDATES = """
    SELECT p.id, p.sealed_identity
    FROM (
        SELECT patient_id
        FROM pseudonymizer_patientblock
        WHERE digest IN ({any})
        GROUP BY patient_id
        HAVING SUM(CASE WHEN digest IN ({one}) THEN 2 ELSE 1 END) > 1
        ORDER BY COUNT(*) DESC
        LIMIT {most}
    ) AS b
    JOIN pseudonymizer_registrypatient p ON p.id = b.patient_id
    WHERE p.project_id = %s
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient who may be the person, and how much says so."""

    patient_id: UUID
    score: float
    zone: Zone


def candidates(project_id: UUID, person: Person, keys: ProjectKeys) -> list[Candidate]:
    """Return the patients of a project who are or may be `person`, the likeliest first."""
    rows = sharing_a_block(project_id, person, keys)
    if not rows:
        return []
    # Not above: rapidfuzz takes long to load, and most runs of a command compare nobody.
    from pseudonymizer.matching.comparison import compare

    found = []
    for patient_id, sealed in rows:
        other = person_of(open_identity(keys, patient_id, sealed))
        if other is None:
            continue
        agreement = compare(person, other)
        zone = zone_of(agreement)
        if zone != Zone.NEW:
            found.append(Candidate(patient_id, score(agreement), zone))
    return sorted(found, key=lambda candidate: -candidate.score)


def clear_winner(found: Sequence[Candidate]) -> Candidate | None:
    """Return the first of different patients if it is the person beyond doubt."""
    if not found or found[0].zone != Zone.SAME:
        return None
    runner_up = found[1].score if len(found) > 1 else 0.0
    return found[0] if found[0].score - runner_up >= CLEAR_LEAD else None


def sharing_a_block(
    project_id: UUID, person: Person, keys: ProjectKeys
) -> list[tuple[UUID, bytes]]:
    """Return key and sealed identity of each patient to compare `person` with."""
    one, two = digests_to_find(person, keys)
    if not one:
        return []
    is_native = connection.features.has_native_uuid_field
    statement = _CANDIDATES.format(any=_places([*one, *two]), one=_places(one), most=MOST_COMPARED)
    project = project_id if is_native else project_id.hex
    with connection.cursor() as cursor:
        cursor.execute(statement, [*one, *two, *one, project])
        rows = cursor.fetchall()
    return rows if is_native else [(UUID(pk), sealed) for pk, sealed in rows]


def _places(values: Sequence[bytes]) -> str:
    return ", ".join(["%s"] * len(values))
