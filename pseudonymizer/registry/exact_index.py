"""The exact index: keyed digests by which a patient is known again without opening the registry."""

import json
from collections.abc import Iterable, Mapping

from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import Label, ProjectKeys, SealingKeys, project_keys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.exact import PlainIdentity, plain_identity
from pseudonymizer.models import IndexKind, PatientIndex, RegistryPatient

DIGESTS_AT_ONCE = 500
RENEWED = ("digest", "sealed_parts", "key_version")  # columns of a row under newer keys
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


class ExactIndex:
    """The part of a project's index that some digests point into, read with few questions."""

    def __init__(self, project: Project, wanted: Iterable[Digests]) -> None:
        self._rows: dict[tuple[str, bytes], PatientIndex] = {}
        self._new: list[PatientIndex] = []
        self._renewed: list[PatientIndex] = []
        everything = [digest for digests in wanted for some in digests.values() for digest in some]
        for start in range(0, len(everything), DIGESTS_AT_ONCE):
            rows = PatientIndex.objects.filter(
                project=project, digest__in=everything[start : start + DIGESTS_AT_ONCE]
            ).select_related("patient__merged_into")
            self._rows |= {(row.kind, bytes(row.digest)): row for row in rows}

    def patient_of(self, digests: Digests) -> RegistryPatient | None:
        """Return who is known by one of the digests; the study first, so that none is split."""
        for kind in KINDS:
            if row := self._row(kind, digests.get(kind, ())):
                return row.patient
        return None

    def has_all(self, digests: Digests) -> bool:
        """Tell whether all are there, and under the newest version of the keys."""
        return all((kind, newest_first[0]) in self._rows for kind, newest_first in digests.items())

    def add(self, patient: RegistryPatient, keys: SealingKeys, parts: Parts) -> None:
        """Let `patient` be known by what nobody else is known by; `write` saves it."""
        for kind, texts in parts.items():
            digests = _digests_of_kind(keys, kind, texts)
            row = self._row(kind, digests)
            if row is None:
                row = PatientIndex(project_id=patient.project_id, patient=patient, kind=kind)
                self._new.append(row)
            elif row.key_version < keys.version:
                self._renewed.append(row)
            else:
                continue
            _fill(row, keys, texts)
            self._rows[kind, digests[0]] = row

    def write(self) -> None:
        """Save what was added, in the transaction of its keys, which has the registry alone."""
        PatientIndex.objects.bulk_create(self._new)
        if self._renewed:
            PatientIndex.objects.bulk_update(self._renewed, RENEWED)

    def _row(self, kind: IndexKind, digests: Iterable[bytes]) -> PatientIndex | None:
        return next((self._rows[kind, one] for one in digests if (kind, one) in self._rows), None)


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
