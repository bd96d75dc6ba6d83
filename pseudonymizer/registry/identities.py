"""Identities as they lie in the database: sealed for the row of their patient."""

import json
from dataclasses import asdict
from uuid import UUID

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys
from pseudonymizer.matching.people import Person, read_person

_JSON = json.JSONDecoder()


def seal_identity(keys: SealingKeys, patient_id: UUID, identity: GivenIdentity) -> bytes:
    """Return who a patient is, sealed; her studies are no part of it."""
    known = {name: value for name, value in asdict(identity).items() if value}
    known.pop("study_instance_uid", None)
    return keys.seal(Label.FIELDS, json.dumps(known).encode(), context=identity_place(patient_id))


def open_identity(keys: ProjectKeys, patient_id: UUID, sealed: bytes | memoryview) -> GivenIdentity:
    """Return who a patient is; the caller records the look."""
    return GivenIdentity(**_opened(keys, patient_id, sealed))


def open_person(keys: ProjectKeys, patient_id: UUID, sealed: bytes | memoryview) -> Person | None:
    """Return who a patient is as the matching sees her, to compare her with; nobody looks."""
    return read_person(**_opened(keys, patient_id, sealed))


def identity_place(patient_id: UUID) -> str:
    """Return which field of which row an identity is sealed for."""
    return f"{patient_id} identity"


def _opened(keys: ProjectKeys, patient_id: UUID, sealed: bytes | memoryview) -> dict[str, str]:
    known = keys.unseal(Label.FIELDS, sealed, context=identity_place(patient_id))
    opened: dict[str, str]
    opened, _end = _JSON.raw_decode(known.decode())  # as `loads`, without looking for spaces
    return opened
