"""The registry of a project: who is recognized, and which pseudonym a new patient gets.

A patient is recognized by keyed digests alone; the registry itself is never searched in clear.
What does not agree exactly becomes a new patient: a wrong merge is worse than a hundred splits.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict

from django.db import IntegrityError, transaction
from django.db.models import Q

from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, project_keys
from pacs_portal.projects.models import Project
from pseudonymizer.engine import Subject, new_pseudonym
from pseudonymizer.errors import RegistryError
from pseudonymizer.models import IndexKind, PatientIndex, PatientState, RegistryPatient
from pseudonymizer.normalization import PlainIdentity, plain_identity

LEAST_SHIFT_DAYS, MOST_SHIFT_DAYS = 365, 3650
PREFIX_LETTERS = 8
RANDOM_BYTES = 5  # 8 symbols, about 10^12 pseudonyms per prefix
TRIES = 20
LONGEST_ALIAS_CHAIN = 50

Digests = Mapping[IndexKind, bytes]


def resolve(project: Project, identity: GivenIdentity, job: Job | None) -> RegistryPatient:
    """Return the patient of the project's registry for `identity`, a new one if unknown.

    However many processes ask for one new patient at once, they all get the same: the database
    accepts each digest once, and who comes second reads what the first one wrote.

    Raises
    ------
    RegistryError
        If the database keeps refusing, which only a defect can cause.
    """
    keys = project_keys(project.pk)
    digests = _digests(keys, plain_identity(identity))
    if digests and _are_indexed(project, digests) and (known := _recognize(project, digests)):
        return known  # the usual case: nothing to write, so nobody waits
    for _ in range(TRIES):
        try:
            with transaction.atomic(durable=True):
                patient = _recognize(project, digests)
                if patient is None:
                    patient = _create(project, keys, identity, job)
                _index(patient, keys, digests)
                return patient
        except IntegrityError:
            continue  # another process was first; its patient is found now
    raise RegistryError("The registry did not accept a new patient. Try again.")


def find(project: Project, identity: GivenIdentity) -> RegistryPatient | None:
    """Return the patient with exactly this ID, name and birth date, if the registry has one."""
    digests = _digests(project_keys(project.pk), plain_identity(identity))
    return _recognize(project, digests)


def is_pseudonym_of(project: Project, text: str) -> bool:
    """Tell whether `text` stands for a patient of this project, and it is settled for whom."""
    settled = RegistryPatient.objects.filter(project=project, state=PatientState.CONFIRMED)
    return settled.filter(pseudonym=text).exists()


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


def identity_of(patient: RegistryPatient) -> GivenIdentity:
    """Return who the patient is; the caller records the look."""
    sealed = bytes(patient.sealed_identity)
    text = project_keys(patient.project_id).unseal(
        Label.FIELDS, sealed, context=_identity_place(patient)
    )
    return GivenIdentity(**json.loads(text))


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


def _digests(keys: ProjectKeys, plain: PlainIdentity) -> Digests:
    """Return the digests that recognize this identity; none is over a name or a date alone."""
    digests = {}
    if plain.study_instance_uid:
        # The same ID in the same study is the same patient, whatever else was typed differently;
        # an ID that many share tells nothing, so there everything has to agree.
        in_study = [plain.study_instance_uid, plain.issuer, plain.patient_id]
        if not plain.has_own_id:
            in_study += [plain.name, plain.birth_date]
        digests[IndexKind.STUDY] = _digest(keys, IndexKind.STUDY, in_study)
    if plain.is_person:
        person = [plain.issuer, plain.patient_id, plain.birth_date, plain.name]
        digests[IndexKind.PERSON] = _digest(keys, IndexKind.PERSON, person)
    return digests


def _digest(keys: ProjectKeys, kind: IndexKind, parts: list[str]) -> bytes:
    return keys.digest(
        Label.INDEX, kind.encode(), *(part.encode(errors="surrogatepass") for part in parts)
    )


def _recognize(project: Project, digests: Digests) -> RegistryPatient | None:
    """Return who is known by one of the digests; the study counts first, so that none is split."""
    for kind in (IndexKind.STUDY, IndexKind.PERSON):
        if kind in digests:
            found = RegistryPatient.objects.filter(
                project=project, indexes__kind=kind, indexes__digest=digests[kind]
            ).first()
            if found:
                return current(found)
    return None


def _create(
    project: Project, keys: ProjectKeys, identity: GivenIdentity, job: Job | None
) -> RegistryPatient:
    patient = RegistryPatient(project=project, first_job=job)
    known = {name: value for name, value in asdict(identity).items() if value}
    known.pop("study_instance_uid", None)
    shift = -(LEAST_SHIFT_DAYS + secrets.randbelow(MOST_SHIFT_DAYS - LEAST_SHIFT_DAYS + 1))
    patient.pseudonym = new_pseudonym(pseudonym_prefix(project), secrets.token_bytes(RANDOM_BYTES))
    patient.sealed_identity = keys.seal(
        Label.FIELDS, json.dumps(known).encode(), context=_identity_place(patient)
    )
    patient.sealed_date_shift = keys.seal(
        Label.FIELDS, str(shift).encode(), context=_shift_place(patient)
    )
    patient.save(force_insert=True)
    return patient


def _index(patient: RegistryPatient, keys: ProjectKeys, digests: Digests) -> None:
    """Remember the digests, in one order, so that two writers never wait for each other."""
    for kind, digest in sorted(digests.items()):
        is_known = PatientIndex.objects.filter(
            project_id=patient.project_id, kind=kind, digest=digest
        ).exists()
        if not is_known:
            PatientIndex.objects.create(
                project_id=patient.project_id,
                patient=patient,
                kind=kind,
                digest=digest,
                key_version=keys.version,
            )


def _are_indexed(project: Project, digests: Digests) -> bool:
    wanted = Q()
    for kind, digest in digests.items():
        wanted |= Q(kind=kind, digest=digest)
    return PatientIndex.objects.filter(wanted, project=project).count() == len(digests)


def _identity_place(patient: RegistryPatient) -> str:
    return f"{patient.pk} identity"


def _shift_place(patient: RegistryPatient) -> str:
    return f"{patient.pk} date-shift"
