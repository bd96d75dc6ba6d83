"""Who of a registry is, or may be, each of some people."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple
from uuid import UUID

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import ProjectKeys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.people import person_of
from pseudonymizer.models import PatientState, PossibleMatch, RegistryPatient
from pseudonymizer.registry.blocking_index import digests_to_find
from pseudonymizer.registry.entries import current
from pseudonymizer.registry.newcomers import Newcomers
from pseudonymizer.registry.recognition import (
    MOST_POSSIBLE,
    Asker,
    Candidate,
    candidates_of_each,
    clear_winner,
    likeliest_first,
)


class Likeness(NamedTuple):
    """Who is a person beyond doubt, and all who may be, with the evidence, the likeliest first."""

    same: UUID | None = None  # the entry that agrees best, which may be an alias
    stands_for_same: UUID | None = None
    possible: tuple[tuple[UUID, float], ...] = ()  # who stands for them after merges


class Lookalikes:
    """Who is like each of some people: of the registry, and of those let in meanwhile."""

    def __init__(
        self, project: Project, identities: Iterable[GivenIdentity], keys: ProjectKeys
    ) -> None:
        persons = [person_of(identity) for identity in identities]
        askers = {
            place: (person, digests_to_find(person, keys))
            for place, person in enumerate(persons)
            if person
        }
        found = candidates_of_each(project.pk, list(askers.values()), keys)
        self._askers: dict[int, Asker] = askers
        self._found = dict(zip(askers, found, strict=True))
        self._stands_for = _ends_of(one.merged_into for of_one in found for one in of_one)
        self._newcomers = Newcomers()

    def of(self, place: int) -> Likeness:
        """Return who is, or may be, the person at `place`; nobody, for who is nobody herself."""
        if place not in self._askers:
            return Likeness()
        found = self._found[place] + self._newcomers.like(*self._askers[place])
        if not found:
            return Likeness()
        best: dict[UUID, Candidate] = {}  # each patient once, as the entry that agrees best
        for candidate in sorted(found, key=likeliest_first):
            best.setdefault(self._current(candidate), candidate)
        possible = tuple((pk, candidate.score) for pk, candidate in best.items())
        winner = clear_winner(list(best.values()))
        if winner is None:
            return Likeness(possible=possible)
        return Likeness(winner.patient_id, self._current(winner), possible)

    def add(self, place: int, patient_id: UUID, stored: Iterable[bytes]) -> None:
        """Let those who come after meet the person at `place`, who is a patient now."""
        if place in self._askers:
            self._newcomers.add(patient_id, self._askers[place][0], stored)

    def _current(self, candidate: Candidate) -> UUID:
        merged_into = candidate.merged_into
        return self._stands_for[merged_into] if merged_into else candidate.patient_id


def suspect(patient: RegistryPatient, others: Sequence[tuple[UUID, float]]) -> list[PossibleMatch]:
    """Let a new patient wait, who may be one of `others`: nothing leaves until that is settled.

    The caller saves the patient, then the pairs.
    """
    patient.state = PatientState.PROVISIONAL
    return [
        PossibleMatch(project_id=patient.project_id, patient=patient, candidate_id=pk, score=score)
        for pk, score in others[:MOST_POSSIBLE]
    ]


def _ends_of(aliases: Iterable[UUID | None]) -> dict[UUID, UUID]:
    """Return who stands for each of `aliases` after all merges."""
    wanted = set(filter(None, aliases))
    patients = RegistryPatient.objects.select_related("merged_into").in_bulk(wanted)
    return {pk: current(patient).pk for pk, patient in patients.items()}
