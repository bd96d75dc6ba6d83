"""Let a file join a stored study: its patient and study modules as they stand in the archive."""

from dataclasses import dataclass, field

from pseudonymizer.engine.elements import EXPLICIT_LITTLE, Dataset, text_of
from pseudonymizer.engine.identity import PATIENT_ID
from pseudonymizer.engine.reading import Reader, Span


@dataclass(frozen=True)
class StoredStudy:
    """What all instances of a stored study share.

    Attributes
    ----------
    modules : bytes
        Its patient, study and trial modules in Explicit VR Little Endian and UTF-8,
        pseudonymized before under the same project's keys.
    tags : frozenset of int
        The attributes of these modules (PS3.3 C.7.1.1, C.7.1.3, C.7.2.1 to C.7.2.3).
    """

    modules: bytes = field(repr=False)
    tags: frozenset[int]

    @property
    def patient_id(self) -> str:
        """The pseudonym that the study carries."""
        return text_of(self._elements().get(PATIENT_ID))

    def put_into(self, dataset: Dataset) -> None:
        """Let `dataset` say of patient and study exactly what the stored study says.

        Parameters
        ----------
        dataset : Dataset
            A pseudonymized header whose texts are ASCII or UTF-8; changed in place.
        """
        for tag in self.tags:
            dataset.pop(tag, None)
        stored = self._elements()
        dataset.update((tag, stored[tag]) for tag in stored.keys() & self.tags)

    def _elements(self) -> Dataset:
        span = Span(0, len(self.modules))
        return Reader(self.modules).read_dataset(span, EXPLICIT_LITTLE)[0]
