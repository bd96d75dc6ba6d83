"""People whom the registry lets in together: each meets those let in before her."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from uuid import UUID

from pseudonymizer.matching.people import Person
from pseudonymizer.registry.blocking_index import DigestsToFind
from pseudonymizer.registry.recognition import MOST_COMPARED, Candidate, judge


class Newcomers:
    """Does for who is not in the database yet what recognition.py does for who is."""

    def __init__(self) -> None:
        self._people: dict[UUID, Person] = {}
        self._by_digest: dict[bytes, list[UUID]] = defaultdict(list)

    def add(self, patient_id: UUID, person: Person, stored: Iterable[bytes]) -> None:
        """Let a patient be found by the digests that are stored of her."""
        self._people[patient_id] = person
        for digest in stored:
            self._by_digest[digest].append(patient_id)

    def like(self, person: Person, asked: DigestsToFind) -> list[Candidate]:
        """Return who of them is or may be `person`."""
        if not self._people:
            return []
        known = self._by_digest.keys()
        if known.isdisjoint(asked[0]) and known.isdisjoint(asked[1]):  # as nearly always
            return []
        shared: Counter[UUID] = Counter()
        weights: Counter[UUID] = Counter()
        for weight, digests in ((2, asked[0]), (1, asked[1])):
            for patient_id in (pk for one in digests for pk in self._by_digest.get(one, ())):
                shared[patient_id] += 1
                weights[patient_id] += weight
        met = [pk for pk, _ in shared.most_common() if weights[pk] > 1][:MOST_COMPARED]
        judged = [(pk, judge(person, self._people[pk])) for pk in met]
        return [Candidate(pk, *verdict) for pk, verdict in judged if verdict]
