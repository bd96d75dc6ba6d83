"""The exact index: keyed digests by which a patient is known again without opening the registry."""

import json
from collections.abc import Mapping

from django.db.models import Q

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, project_keys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.exact import PlainIdentity, plain_identity
from pseudonymizer.models import IndexKind, PatientIndex, RegistryPatient

KINDS = (IndexKind.STUDY, IndexKind.PERSON)  # the first that is known counts

Parts = Mapping[IndexKind, tuple[str, ...]]  # what a digest is made of: patient data
Digests = Mapping[IndexKind, list[bytes]]  # under every version of the keys, the newest first


def index_parts(plain: PlainIdentity) -> Parts:
    """Return what recognizes this identity; nothing is over a name or a date alone."""
    parts: dict[IndexKind, tuple[str, ...]] = {}
    if plain.study_instance_uid:
        # The same ID in the same study is the same patient, whatever else was typed differently;
        # an ID that many share tells nothing, so there everything has to agree.
        in_study = (plain.study_instance_uid, plain.issuer, plain.patient_id)
        all_else = () if plain.has_own_id else (plain.name, plain.birth_date)
        parts[IndexKind.STUDY] = in_study + all_else
    if plain.is_person:
        parts[IndexKind.PERSON] = (plain.issuer, plain.patient_id, plain.birth_date, plain.name)
    return parts


def digests_of(keys: ProjectKeys, parts: Parts) -> Digests:
    """Return what to look for, of each kind."""
    return {kind: _digests_of_kind(keys, kind, texts) for kind, texts in parts.items()}


def _digests_of_kind(keys: ProjectKeys, kind: IndexKind, texts: tuple[str, ...]) -> list[bytes]:
    return keys.digests(
        Label.INDEX, kind.encode(), *(text.encode(errors="surrogatepass") for text in texts)
    )


def are_indexed(project: Project, digests: Digests) -> bool:
    """Tell whether all are there, and under the newest version of the keys."""
    wanted = Q()
    for kind, newest_first in digests.items():
        wanted |= Q(kind=kind, digest=newest_first[0])
    return PatientIndex.objects.filter(wanted, project=project).count() == len(digests)


def add_indexes(patient: RegistryPatient, keys: SealingKeys, parts: Parts) -> None:
    """Remember the digests, in one order, so that two writers never wait for each other."""
    for kind, texts in sorted(parts.items()):
        digests = _digests_of_kind(keys, kind, texts)
        row = PatientIndex.objects.filter(
            project_id=patient.project_id, kind=kind, digest__in=digests
        ).first()
        if row is None:
            row = PatientIndex(project_id=patient.project_id, patient=patient, kind=kind)
        if row.pk is None or row.key_version < keys.version:
            _fill(row, keys, texts)
            row.save()


def _fill(row: PatientIndex, keys: SealingKeys, texts: tuple[str, ...]) -> None:
    """Note the digest of `texts`, and sealed what it was made of, to make it anew one day."""
    row.digest = _digests_of_kind(keys, IndexKind(row.kind), texts)[0]
    row.sealed_parts = keys.seal(
        Label.FIELDS, json.dumps(texts).encode(), context=_parts_place(row)
    )
    row.key_version = keys.version


def _parts_of(row: PatientIndex) -> tuple[str, ...]:
    keys = project_keys(row.project_id)
    plain = keys.unseal(Label.FIELDS, bytes(row.sealed_parts or b""), context=_parts_place(row))
    return tuple(json.loads(plain))


def new_indexes(
    patient: RegistryPatient, keys: SealingKeys, identity: GivenIdentity
) -> list[PatientIndex]:
    """Return the rows, not saved yet, by which a patient of this identity is recognized."""
    rows = []
    for kind, texts in index_parts(plain_identity(identity)).items():
        row = PatientIndex(project_id=patient.project_id, patient=patient, kind=kind)
        _fill(row, keys, texts)
        rows.append(row)
    return rows


def renew_index(row: PatientIndex, keys: SealingKeys) -> None:
    """Compute and seal the row anew; the caller saves it in the same transaction."""
    _fill(row, keys, _parts_of(row))


def _parts_place(row: PatientIndex) -> str:
    return f"{row.patient_id} {row.kind}"
