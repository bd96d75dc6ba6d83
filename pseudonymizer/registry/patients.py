"""The registry of a project: who is recognized, and which pseudonym a new patient gets.

A patient is found by keyed digests alone; the registry itself is never searched in clear. What
agrees exactly is the same patient. Else whoever is like her is compared (recognition.py): beyond
doubt the same, possibly the same, which a steward decides (matches/), or somebody new. A wrong
merge is worse than a hundred splits.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from pacs_portal.archive.services import Standing
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, project_keys, sealing_keys
from pacs_portal.projects.models import Project
from pseudonymizer.engine import Subject, new_pseudonym
from pseudonymizer.errors import RegistryError
from pseudonymizer.matching.exact import plain_identity
from pseudonymizer.matching.people import person_of
from pseudonymizer.models import (
    PatientIndex,
    PatientState,
    PossibleMatch,
    RegistryPatient,
)
from pseudonymizer.registry.blocking_index import index_missing, index_person
from pseudonymizer.registry.exact_index import (
    KINDS,
    Digests,
    add_indexes,
    are_indexed,
    digests_of,
    index_parts,
)
from pseudonymizer.registry.identities import identity_place, open_identity, seal_identity
from pseudonymizer.registry.recognition import MOST_POSSIBLE, Candidate, candidates, clear_winner

LEAST_SHIFT_DAYS, MOST_SHIFT_DAYS = 365, 3650
PREFIX_LETTERS = 8
RANDOM_BYTES = 5  # 8 symbols, about 10^12 pseudonyms per prefix
TRIES = 20
LONGEST_ALIAS_CHAIN = 50
DIGESTS_AT_ONCE = 500


@dataclass(frozen=True)
class Likeness:
    """Who is a person beyond doubt, and all who may be, with the evidence, the likeliest first."""

    same: RegistryPatient | None
    possible: tuple[tuple[RegistryPatient, float], ...]


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
    parts = index_parts(plain_identity(identity))
    digests = digests_of(project_keys(project.pk), parts)
    if digests and are_indexed(project, digests) and (known := _recognize(project, digests)):
        return known  # the usual case: nothing to write, so nobody waits
    index_missing(project)
    for _ in range(TRIES):
        try:
            with transaction.atomic(durable=True):
                keys = sealing_keys(project.pk)
                # Two spellings of one new patient must not pass each other unseen.
                lock_registry(project)
                patient = _recognize(project, digests_of(keys, parts))
                if patient is None:
                    patient = _admit(project, keys, identity, job)
                add_indexes(patient, keys, parts)
                return patient
        except IntegrityError:
            continue  # a pseudonym that exists
    raise RegistryError("The registry did not accept a new patient. Try again.")


def find(project: Project, identity: GivenIdentity) -> RegistryPatient | None:
    """Return the patient with exactly this ID, name and birth date, if the registry has one."""
    return find_each(project, [identity])[0]


def find_each(
    project: Project, identities: Iterable[GivenIdentity]
) -> list[RegistryPatient | None]:
    """Do what `find` does for many, with few questions to the database."""
    keys = project_keys(project.pk)
    wanted = [digests_of(keys, index_parts(plain_identity(one))) for one in identities]
    everything = [digest for digests in wanted for some in digests.values() for digest in some]
    known: dict[tuple[str, bytes], RegistryPatient] = {}
    for start in range(0, len(everything), DIGESTS_AT_ONCE):
        rows = PatientIndex.objects.filter(
            project=project, digest__in=everything[start : start + DIGESTS_AT_ONCE]
        ).select_related("patient__merged_into")
        known |= {(row.kind, bytes(row.digest)): current(row.patient) for row in rows}
    return [
        next((known[k, d] for k in KINDS for d in digests.get(k, ()) if (k, d) in known), None)
        for digests in wanted
    ]


def standing_of(project: Project, text: str) -> Standing:
    """Tell whether `text` stands for a patient of this project, settled and not merged away."""
    settled = RegistryPatient.objects.filter(project=project, state=PatientState.CONFIRMED)
    found = settled.filter(pseudonym=text).values_list("merged_into", flat=True)[:1]
    if not found:
        return Standing.UNKNOWN
    return Standing.CURRENT if found[0] is None else Standing.MERGED


def lock_registry(project: Project) -> None:
    """Let one change of who is who follow the other, until the transaction ends.

    On SQLite every transaction that may write waits for the one before it anyway.
    """
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)


def pseudonym_prefix(project: Project) -> str:
    """Return what every pseudonym of the project starts with: its key's first letters."""
    return project.key.replace("-", "")[:PREFIX_LETTERS].upper()


def current(patient: RegistryPatient) -> RegistryPatient:
    """Return the patient that stands for `patient` after merges."""
    for _ in range(LONGEST_ALIAS_CHAIN):
        if patient.merged_into is None:
            return patient
        patient = patient.merged_into
    raise RegistryError("Two patients were merged into each other. Ask the administrator.")


def identity_of(patient: RegistryPatient, keys: ProjectKeys | None = None) -> GivenIdentity:
    """Return who the patient is; the caller records the look.

    With many patients, or some time between reading them and this, the caller reads the keys
    before: these open what they find, whatever a rotation drops meanwhile.
    """
    keys = keys or project_keys(patient.project_id)
    return open_identity(keys, patient.pk, patient.sealed_identity)


def date_shift_of(patient: RegistryPatient) -> int:
    """Return the days, below 0, by which the patient's dates are shifted."""
    sealed = bytes(patient.sealed_date_shift)
    text = project_keys(patient.project_id).unseal(
        Label.FIELDS, sealed, context=_shift_place(patient)
    )
    return int(text)


def subject_of(patient: RegistryPatient) -> Subject:
    """Return what the engine writes in the patient's place."""
    patient = current(patient)
    return Subject(
        pseudonym=patient.pseudonym,
        protocol_id=patient.project.key,
        date_shift_days=date_shift_of(patient),
    )


def renew_identity(patient: RegistryPatient, keys: SealingKeys) -> None:
    """Seal identity and date shift anew; the caller saves them."""
    for column, place in (
        ("sealed_identity", identity_place(patient.pk)),
        ("sealed_date_shift", _shift_place(patient)),
    ):
        plain = keys.unseal(Label.FIELDS, bytes(getattr(patient, column)), context=place)
        setattr(patient, column, keys.seal(Label.FIELDS, plain, context=place))


def _recognize(project: Project, digests: Digests) -> RegistryPatient | None:
    """Return who is known by one of the digests; the study counts first, so that none is split."""
    for kind in KINDS:
        if kind in digests:
            found = RegistryPatient.objects.filter(
                project=project, indexes__kind=kind, indexes__digest__in=digests[kind]
            ).first()
            if found:
                return found
    return None


def _admit(
    project: Project, keys: SealingKeys, identity: GivenIdentity, job: Job | None
) -> RegistryPatient:
    """Return who is the person beyond doubt, or a new patient; the caller has the registry."""
    likeness = likeness_of(project, identity, keys)
    if likeness.same:
        return likeness.same
    patient = _create(project, keys, identity, job)
    index_person(patient, person_of(identity), keys)
    if likeness.possible:
        suspect(patient, likeness.possible)
    return patient


def likeness_of(project: Project, identity: GivenIdentity, keys: ProjectKeys) -> Likeness:
    """Return who of the registry is, or may be, the person of this identity."""
    person = person_of(identity)
    found = _different_patients(candidates(project.pk, person, keys)) if person else []
    winner = clear_winner([candidate for candidate, _ in found])
    same = None
    if winner:  # as the entry that agrees best, which may be an alias
        same = RegistryPatient.objects.select_related("merged_into").get(pk=winner.patient_id)
    return Likeness(same, tuple((other, candidate.score) for candidate, other in found))


def _different_patients(
    found: Sequence[Candidate],
) -> list[tuple[Candidate, RegistryPatient]]:
    """Return each patient once, with the entry that agrees best, the likeliest first."""
    patients = RegistryPatient.objects.select_related("merged_into").in_bulk(
        [candidate.patient_id for candidate in found]
    )
    best: dict[RegistryPatient, Candidate] = {}
    for candidate in found:
        best.setdefault(current(patients[candidate.patient_id]), candidate)
    return [(candidate, patient) for patient, candidate in best.items()]


def suspect(patient: RegistryPatient, others: Sequence[tuple[RegistryPatient, float]]) -> None:
    """Note that a new patient may be one of `others`; nothing leaves until that is settled."""
    patient.state = PatientState.PROVISIONAL
    patient.save(update_fields=["state"])
    PossibleMatch.objects.bulk_create(
        PossibleMatch(project_id=patient.project_id, patient=patient, candidate=other, score=score)
        for other, score in others[:MOST_POSSIBLE]
    )


def _create(
    project: Project, keys: SealingKeys, identity: GivenIdentity, job: Job | None
) -> RegistryPatient:
    pseudonym = new_pseudonym(pseudonym_prefix(project), secrets.token_bytes(RANDOM_BYTES))
    patient = RegistryPatient(project=project, first_job=job, pseudonym=pseudonym)
    seal_patient(patient, keys, identity, new_shift())
    patient.save(force_insert=True)
    return patient


def seal_patient(
    patient: RegistryPatient, keys: SealingKeys, identity: GivenIdentity, shift_days: int
) -> None:
    """Put in who the patient is, and by how many days her dates are shifted."""
    patient.sealed_identity = seal_identity(keys, patient.pk, identity)
    patient.sealed_date_shift = keys.seal(
        Label.FIELDS, str(shift_days).encode(), context=_shift_place(patient)
    )


def new_shift() -> int:
    """Return a random number of days, derived from nothing."""
    return -(LEAST_SHIFT_DAYS + secrets.randbelow(MOST_SHIFT_DAYS - LEAST_SHIFT_DAYS + 1))


def _shift_place(patient: RegistryPatient) -> str:
    return f"{patient.pk} date-shift"
