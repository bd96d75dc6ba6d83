"""Identities as they lie in the database: sealed for the row of their patient."""

import json
from dataclasses import asdict
from uuid import UUID

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys


def seal_identity(keys: SealingKeys, patient_id: UUID, identity: GivenIdentity) -> bytes:
    """Return who a patient is, sealed; her studies are no part of it."""
    known = {name: value for name, value in asdict(identity).items() if value}
    known.pop("study_instance_uid", None)
    return keys.seal(Label.FIELDS, json.dumps(known).encode(), context=identity_place(patient_id))


def open_identity(keys: ProjectKeys, patient_id: UUID, sealed: bytes | memoryview) -> GivenIdentity:
    """Return who a patient is; the caller records the look."""
    known = keys.unseal(Label.FIELDS, sealed, context=identity_place(patient_id))
    # As text: of bytes, json would look for the encoding first.
    return GivenIdentity(**json.loads(known.decode()))


def identity_place(patient_id: UUID) -> str:
    """Return which field of which row an identity is sealed for."""
    return f"{patient_id} identity"
