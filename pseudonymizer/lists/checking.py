"""What would become of each row of a list: by itself, beside the others, beside the registry."""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import combinations
from uuid import UUID

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import project_keys
from pacs_portal.projects.models import Project
from pseudonymizer.lists.reading import PatientList
from pseudonymizer.lists.rows import ListedPatient, Problem, listed_patient
from pseudonymizer.matching.exact import PlainIdentity, letters, plain_identity
from pseudonymizer.models import RegistryPatient
from pseudonymizer.registry.blocking_index import index_missing
from pseudonymizer.registry.enrolling import registered_alike
from pseudonymizer.registry.likeness import Likeness, Lookalikes
from pseudonymizer.registry.patients import current, find_each, identity_of

MOST_OF_ONE_ID = 20  # rows with one ID that are compared with each other


class RowState(StrEnum):
    READY = "ready"  # can be imported
    KNOWN = "known"  # the registry has it as it is
    REPEATED = "repeated"  # says what an earlier row said
    CONFLICT = "conflict"


@dataclass(frozen=True, repr=False)
class Verdict:
    """What would become of one row; `other_line` is the row it contradicts or repeats."""

    patient: ListedPatient
    state: RowState
    problem: Problem | None = None
    other_line: int = 0
    # Patients of the registry who may be this one; a data steward compares them afterwards.
    may_be: tuple[tuple[UUID, float], ...] = ()

    @property
    def line(self) -> int:
        return self.patient.line

    @property
    def sentence(self) -> str:
        """Why the row cannot be imported, for people."""
        label = str(self.problem.label) if self.problem else ""
        return label % self.other_line if self.other_line else label


@dataclass(frozen=True, repr=False)
class Report:
    """What would become of a list."""

    verdicts: tuple[Verdict, ...]

    @property
    def counts(self) -> Counter[RowState]:
        return Counter(verdict.state for verdict in self.verdicts)

    @property
    def conflicts(self) -> list[Verdict]:
        return [one for one in self.verdicts if one.state == RowState.CONFLICT]

    @property
    def ready(self) -> list[Verdict]:
        return [one for one in self.verdicts if one.state == RowState.READY]

    @property
    def to_compare(self) -> list[Verdict]:
        """The rows that can be imported but wait among the possible matches then."""
        return [one for one in self.ready if one.may_be]

    @property
    def fingerprint(self) -> bytes:
        """Equal for two reports that say the same of every row."""
        said = (
            f"{one.line} {one.state} {one.problem} {one.other_line} {len(one.may_be)}"
            for one in self.verdicts
        )
        return hashlib.sha256("\n".join(said).encode()).digest()


def check_rows(project: Project, patients: PatientList, today: date) -> Report:
    """Return what would become of each row; nothing is written."""
    listed = [listed_patient(row, today) for row in patients.rows]
    plain = {one.line: plain_identity(one.identity) for one in listed}
    found = _beside_each_other(listed, plain)
    alike = registered_alike(project, (one.pseudonym for one in listed))
    taken = {patient.pseudonym: patient for patient in alike}
    used = {pseudonym.lower() for pseudonym in taken}
    known = find_each(project, (one.identity for one in listed))
    verdicts = [
        _verdict(one, taken.get(one.pseudonym), there, found.get(one.line), used)
        for one, there in zip(listed, known, strict=True)
    ]
    if RegistryPatient.objects.filter(project=project).exists():
        verdicts = _compared(project, verdicts, taken)
    return Report(tuple(verdicts))


def _compared(
    project: Project, verdicts: Iterable[Verdict], taken: Mapping[str, RegistryPatient]
) -> list[Verdict]:
    """Return the verdicts after a look at who is only like the patients of the list."""
    index_missing(project)
    verdicts = list(verdicts)
    places = [
        place
        for place, one in enumerate(verdicts)
        if one.state == RowState.READY or one.problem == Problem.TAKEN
    ]
    identities = [verdicts[place].patient.identity for place in places]
    lookalikes = Lookalikes(project, identities, project_keys(project.pk))
    for number, place in enumerate(places):
        verdicts[place] = _liked(verdicts[place], lookalikes.of(number), taken)
    return verdicts


def _liked(verdict: Verdict, likeness: Likeness, taken: Mapping[str, RegistryPatient]) -> Verdict:
    """Judge a row again by who of the registry is the patient, or may be."""
    listed = verdict.patient
    if verdict.problem == Problem.TAKEN:
        is_holder = likeness.stands_for_same == current(taken[listed.pseudonym]).pk
        return Verdict(listed, RowState.KNOWN) if is_holder else verdict
    if likeness.same:
        return Verdict(listed, RowState.CONFLICT, Problem.HAS_ANOTHER)
    return replace(verdict, may_be=likeness.possible)


def _verdict(
    listed: ListedPatient,
    holder: RegistryPatient | None,
    known: RegistryPatient | None,
    beside: Verdict | None,
    used: AbstractSet[str],
) -> Verdict:
    """Judge a row by who has its pseudonym, who the registry says it is, and the other rows.

    What the registry has already is no conflict, whatever else is wrong with it.
    """
    if holder and (known == current(holder) or _is_same(identity_of(holder), listed.identity)):
        return Verdict(listed, RowState.KNOWN)
    if listed.problem:
        return Verdict(listed, RowState.CONFLICT, listed.problem)
    if beside:
        return beside
    if holder:
        return Verdict(listed, RowState.CONFLICT, Problem.TAKEN)
    if listed.pseudonym.lower() in used:
        return Verdict(listed, RowState.CONFLICT, Problem.ALIKE_KNOWN)
    if known:
        return Verdict(listed, RowState.CONFLICT, Problem.HAS_ANOTHER)
    return Verdict(listed, RowState.READY)


def _is_same(one: GivenIdentity, other: GivenIdentity) -> bool:
    return _person(plain_identity(one)) == _person(plain_identity(other))


def _person(plain: PlainIdentity) -> tuple[str, str, str, str]:
    return plain.issuer, plain.patient_id, plain.name, plain.birth_date


Plain = Mapping[int, PlainIdentity]


def _beside_each_other(listed: Sequence[ListedPatient], plain: Plain) -> dict[int, Verdict]:
    """Return the rows that repeat or contradict another row, by line."""
    found: dict[int, Verdict] = {}
    for verdict in (
        *_two_patients(listed, plain),
        *_alike(listed),
        *_two_pseudonyms(listed, plain),
        *_others_ids(listed),
        *_repeated(listed, plain),
    ):
        found.setdefault(verdict.line, verdict)
    return found


def _two_patients(listed: Sequence[ListedPatient], plain: Plain) -> Iterator[Verdict]:
    """Find one pseudonym for several patients, or with several date shifts."""
    for rows in _groups((one.pseudonym, one) for one in listed if one.pseudonym):
        persons = _first_of_each((_person(plain[one.line]), one) for one in rows)
        shifts = _first_of_each((one.shift_days, one) for one in rows)
        for one in rows:
            if other := _another(persons, _person(plain[one.line])):
                yield _conflict(one, Problem.TWO_PATIENTS, other)
            elif other := _another(shifts, one.shift_days):
                yield _conflict(one, Problem.TWO_SHIFTS, other)


def _alike(listed: Sequence[ListedPatient]) -> Iterator[Verdict]:
    """Find pseudonyms that many people, and folders, would take for one another."""
    for rows in _groups((one.pseudonym.lower(), one) for one in listed if one.pseudonym):
        first = _first_of_each((one.pseudonym, one) for one in rows)
        for one in rows:
            if other := _another(first, one.pseudonym):
                yield _conflict(one, Problem.ALIKE, other)


def _two_pseudonyms(listed: Sequence[ListedPatient], plain: Plain) -> Iterator[Verdict]:
    """Find one patient under several pseudonyms; what is missing tells nobody apart."""
    same_id = (
        ((plain[one.line].issuer, plain[one.line].patient_id), one)
        for one in listed
        if plain[one.line].has_own_id
    )
    for rows in _groups(same_id):
        if len(rows) > MOST_OF_ONE_ID:
            yield from (Verdict(one, RowState.CONFLICT, Problem.SHARED_ID) for one in rows)
            continue
        for one, other in combinations(rows, 2):
            if one.pseudonym != other.pseudonym and _may_be_one(plain[one.line], plain[other.line]):
                yield _conflict(one, Problem.TWO_PSEUDONYMS, other)
                yield _conflict(other, Problem.TWO_PSEUDONYMS, one)


def _others_ids(listed: Sequence[ListedPatient]) -> Iterator[Verdict]:
    """Find pseudonyms that are somebody's patient ID: a file with that ID would look clean."""
    lines = {_bare(one.identity.patient_id): one for one in listed}
    for one in listed:
        other = lines.get(_bare(one.pseudonym))
        if other and _bare(one.pseudonym):
            yield _conflict(one, Problem.OTHERS_ID, other)


def _bare(number: str) -> str:
    return letters(number).lstrip("0")


def _repeated(listed: Sequence[ListedPatient], plain: Plain) -> Iterator[Verdict]:
    said = (((one.pseudonym, *_person(plain[one.line])), one) for one in listed)
    for rows in _groups(said):
        first, *again = rows
        yield from (Verdict(one, RowState.REPEATED, other_line=first.line) for one in again)


def _groups(
    keyed: Iterable[tuple[object, ListedPatient]],
) -> Iterator[list[ListedPatient]]:
    """Yield the rows that share a key, where there are several."""
    groups: dict[object, list[ListedPatient]] = defaultdict(list)
    for key, one in keyed:
        groups[key].append(one)
    return (rows for rows in groups.values() if len(rows) > 1)


def _first_of_each(keyed: Iterable[tuple[object, ListedPatient]]) -> dict[object, ListedPatient]:
    first: dict[object, ListedPatient] = {}
    for key, one in keyed:
        first.setdefault(key, one)
    return first


def _another(first: Mapping[object, ListedPatient], key: object) -> ListedPatient | None:
    return next((one for other, one in first.items() if other != key), None)


def _may_be_one(one: PlainIdentity, other: PlainIdentity) -> bool:
    pairs = ((one.name, other.name), (one.birth_date, other.birth_date))
    return all(not mine or not yours or mine == yours for mine, yours in pairs)


def _conflict(one: ListedPatient, problem: Problem, other: ListedPatient) -> Verdict:
    return Verdict(one, RowState.CONFLICT, problem, other.line)
