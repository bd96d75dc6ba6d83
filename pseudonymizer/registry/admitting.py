"""Let people into a registry: known ones as who they are, others under new pseudonyms."""

from collections.abc import Sequence

from pacs_portal.jobs.models import Job
from pacs_portal.jobs.steps import GivenIdentity
from pacs_portal.projects.keys import SealingKeys
from pacs_portal.projects.models import Project
from pseudonymizer.matching.blocks import VERSION
from pseudonymizer.matching.exact import plain_identity
from pseudonymizer.matching.people import person_of
from pseudonymizer.models import PossibleMatch, RegistryPatient
from pseudonymizer.registry.blocking_index import Block, blocks_of, write_blocks
from pseudonymizer.registry.entries import new_patient
from pseudonymizer.registry.exact_index import ExactIndex, Parts, digests_of, index_parts
from pseudonymizer.registry.likeness import Lookalikes, suspect


class Admission:
    """Lets people in one after the other, in a transaction that has the registry alone."""

    def __init__(
        self,
        project: Project,
        keys: SealingKeys,
        identities: Sequence[GivenIdentity],
        job: Job | None,
    ) -> None:
        self._project, self._keys, self._job = project, keys, job
        self._identities = identities
        self._parts: list[Parts] = [index_parts(plain_identity(one)) for one in identities]
        self._digests = [digests_of(keys, parts) for parts in self._parts]
        self._index = ExactIndex(project, self._digests)
        self._patients: dict[object, RegistryPatient] = {}  # of this admission
        self._new: list[RegistryPatient] = []
        self._blocks: list[Block] = []
        self._pairs: list[PossibleMatch] = []

    def admit(self) -> list[RegistryPatient]:
        """Return the patient of each identity; all who are new are in the registry then."""
        strangers = [
            place
            for place, digests in enumerate(self._digests)
            if self._index.patient_of(digests) is None
        ]
        places = {place: number for number, place in enumerate(strangers)}
        lookalikes = Lookalikes(
            self._project, [self._identities[place] for place in strangers], self._keys
        )
        admitted = []
        for place, digests in enumerate(self._digests):
            # Known since the last question, perhaps, by who came in just before.
            patient = self._index.patient_of(digests)
            if patient is None:
                patient = self._meet(self._identities[place], lookalikes, places[place])
            self._index.add(patient, self._keys, self._parts[place])
            admitted.append(patient)
        self._write()
        return admitted

    def _meet(self, identity: GivenIdentity, lookalikes: Lookalikes, place: int) -> RegistryPatient:
        """Return who is the person beyond doubt, or a new patient."""
        likeness = lookalikes.of(place)
        if likeness.same in self._patients:
            return self._patients[likeness.same]
        if likeness.same:
            patients = RegistryPatient.objects.select_related("merged_into")
            return self._patients.setdefault(likeness.same, patients.get(pk=likeness.same))
        patient = new_patient(self._project, self._keys, identity, self._job)
        patient.blocking_version = VERSION
        blocks = blocks_of(patient, person_of(identity), self._keys)
        lookalikes.add(place, patient.pk, (block.digest for block in blocks))
        if likeness.possible:
            self._pairs += suspect(patient, likeness.possible)
        self._patients[patient.pk] = patient
        self._new.append(patient)
        self._blocks += blocks
        return patient

    def _write(self) -> None:
        RegistryPatient.objects.bulk_create(self._new)
        self._index.write()
        write_blocks(self._project.pk, self._blocks)
        PossibleMatch.objects.bulk_create(self._pairs)
