"""What the last look searches for: values of an original that name somebody."""

from dataclasses import dataclass, field
from functools import lru_cache

from pseudonymizer.engine.dictionary import dictionary_vr
from pseudonymizer.engine.elements import Dataset, Element
from pseudonymizer.engine.gathering import Terms, terms_of
from pseudonymizer.engine.identity import PATIENT_BIRTH_DATE, PATIENT_ID
from pseudonymizer.engine.spellings import readings
from pseudonymizer.engine.traces import KnownPerson, Traces, traces_of

_WORD_IDS = frozenset({PATIENT_ID, 0x00101000})  # may be words; the others have digits
_IDS = _WORD_IDS | {
    *(0x00080050, 0x00101090, 0x00200010),  # accession, record, study
    *(0x00380010, 0x00380060, 0x00402016, 0x00402017),  # admission, service episode, orders
    *(0x00400009, 0x00400253, 0x00401001),  # steps and requested procedure: often the accession
    *(0x00120040, 0x00120042, 0x00101050),  # of the subject of an earlier trial, and the insured
    *(0x00400512, 0x0040050A, 0x00400551, 0x004006FA),  # container, specimen and slide
}
_INSTITUTION_NAME, _PATIENT_ADDRESS, _TELEPHONES = 0x00080080, 0x00101040, 0x00102154
# As which attribute of KnownPerson a value counts, beside person names.
_KINDS = {
    **dict.fromkeys(_IDS, "ids"),
    PATIENT_BIRTH_DATE: "birth_dates",
    _INSTITUTION_NAME: "places",
    _PATIENT_ADDRESS: "addresses",
    _TELEPHONES: "telephones",
}
_TELLING_VRS = frozenset({"PN", "SQ", "UN"})  # a sequence may be stored as UN


@dataclass(frozen=True, slots=True)
class Raw:
    """A value of the original that names somebody."""

    tag: int
    kind: str
    value: bytes = field(repr=False)
    terms: Terms

    @property
    def tells(self) -> bool:
        """Whether the value says anything: most IDs do not without a digit."""
        if self.kind != "ids" or self.tag in _WORD_IDS:
            return True
        return any(48 <= byte <= 57 for byte in self.value)


def collect(dataset: Dataset, terms: Terms) -> frozenset[Raw]:
    """Return names, numbers, birth dates, addresses and institutions at every depth."""
    found: set[Raw] = set()
    _collect(dataset, terms, found)
    return frozenset(found)


def _collect(dataset: Dataset, terms: Terms, found: set[Raw]) -> None:
    for element in _telling(dataset):
        tag = element.tag
        if element.items is not None:
            for item in element.items:
                _collect(item, terms_of(item, terms), found)
        elif not element.value:
            continue
        elif tag in _KINDS:
            found.add(Raw(tag, _KINDS[tag], element.value, terms))
        elif element.vr == "PN" or (element.vr == "UN" and dictionary_vr(tag) == "PN"):
            found.add(Raw(tag, "names", element.value, terms))


def _telling(dataset: Dataset) -> list[Element]:
    """Return what may name somebody; most of every file does not."""
    elements = dataset.items()
    return [e for tag, e in elements if e.vr in _TELLING_VRS or tag in _KINDS]


@lru_cache(maxsize=32)
def traces_in(found: frozenset[Raw], kept_names: frozenset[bytes], known: KnownPerson) -> Traces:
    """Return what to search for; names that a profile keeps may stand elsewhere, too."""
    persons = [known]
    for raw in found:
        if raw.tells and not (raw.kind == "names" and raw.value in kept_names):
            texts = readings(raw.value, raw.terms)
            values = tuple(value for text in texts for value in text.split("\\"))
            persons.append(KnownPerson(**{raw.kind: values}))
    return traces_of(persons)
