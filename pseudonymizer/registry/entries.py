"""The entry of a patient in the registry: who she is, and what stands for her."""

import secrets

from pacs_portal.archive.services import Standing
from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, project_keys
from pacs_portal.projects.models import Project
from pseudonymizer.engine import Subject, new_pseudonym
from pseudonymizer.errors import RegistryError
from pseudonymizer.models import PatientState, RegistryPatient
from pseudonymizer.registry.identities import identity_place, open_identity, seal_identity

LEAST_SHIFT_DAYS, MOST_SHIFT_DAYS = 365, 3650
PREFIX_LETTERS = 8
RANDOM_BYTES = 5  # 8 symbols, about 10^12 pseudonyms per prefix
LONGEST_ALIAS_CHAIN = 50


def new_patient(
    project: Project, keys: SealingKeys, identity: GivenIdentity, job: Job | None
) -> RegistryPatient:
    """Return a patient under a new pseudonym, not saved."""
    pseudonym = new_pseudonym(pseudonym_prefix(project), secrets.token_bytes(RANDOM_BYTES))
    patient = RegistryPatient(project=project, first_job=job, pseudonym=pseudonym)
    seal_patient(patient, keys, identity, new_shift())
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


def _shift_place(patient: RegistryPatient) -> str:
    return f"{patient.pk} date-shift"
