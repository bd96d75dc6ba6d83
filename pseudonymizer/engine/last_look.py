"""The last look: is anything left in the output's header that names the patient or the staff?"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain, islice

from pseudonymizer.engine.dictionary import dictionary_vr
from pseudonymizer.engine.elements import Dataset, Element, text_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.finding import Finding, IdentifierLeft
from pseudonymizer.engine.gathering import (
    BINARY_VRS,
    DECIMAL_VRS,
    TEXT_VRS,
    Gathered,
    Terms,
    gather,
    terms_of,
    walk,
)
from pseudonymizer.engine.identity import (
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    SERIES_INSTANCE_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    decode,
)
from pseudonymizer.engine.spellings import LONGEST_BETWEEN, folded, readings, text_between, words
from pseudonymizer.engine.traces import KnownPerson, Place, Traces, numbers_in, traces_of

MOST_FINDINGS = 20  # told of one file; what is hidden behind them is told at its next run
LETTERS_SHOWN = 60  # before a finding, and twice as many from there on
MOST_BYTES_SHOWN = 1 << 16
MOST_NAMES = 2000  # of different names and numbers in one file; real ones have a few dozen

_WORD_IDS = frozenset({PATIENT_ID, 0x00101000})  # may be words; the others have digits
_IDS = _WORD_IDS | {
    *(0x00080050, 0x00101090, 0x00102154, 0x00200010),  # accession, record, telephone, study
    *(0x00380010, 0x00380060, 0x00402016, 0x00402017),  # admission, service episode, orders
    *(0x00400009, 0x00400253, 0x00401001),  # steps and requested procedure: often the accession
}
_FRAME_OF_REFERENCE_UID = 0x00200052
_UID_TAGS = (
    *(SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID),
    _FRAME_OF_REFERENCE_UID,
)
_FEWEST_UID_CHARACTERS = 16  # of UIDs that were made to be unique
_INSTITUTION_NAME = 0x00080080
_KINDS = {**dict.fromkeys(_IDS, "id"), PATIENT_BIRTH_DATE: "date", _INSTITUTION_NAME: "place"}
_TELLING_VRS = frozenset({"PN", "SQ", "UN"})  # a sequence may be stored as UN
# What the engine writes itself, from pseudonym and project key.
_OWN = frozenset(
    {
        *(0x00100010, 0x00100020, PATIENT_BIRTH_DATE, 0x00120010, 0x00120020, 0x00120040),
        *(0x00120062, 0x00120063, 0x00120064, 0x00280303),
    }
)


def last_look(
    original: Dataset,
    output: Dataset,
    known: KnownPerson,
    false_alarms: frozenset[str] = frozenset(),
) -> None:
    """Hold the file back if its output still names the patient, or staff that was removed.

    Values are searched at every depth, by whole words, in every reading of their bytes and
    every spelling of the names, what is text between numbers too; IDs and birth dates wherever
    no other digit touches them; the file's former UIDs anywhere in a text.

    Parameters
    ----------
    original : dict of int to Element
        The header as it was read.
    output : dict of int to Element
        The header as it will be written.
    known : KnownPerson
        What is known of the patient beside the file.
    false_alarms : frozenset of str
        Texts of findings that a data steward has called harmless in this file.

    Raises
    ------
    IdentifierLeft
        If something else was found.
    HeldBack
        If an image is hidden in a sequence, where nothing looks at it, or the file names
        more people than can be searched for.
    """
    found: set[_Raw] = set()
    _collect(original, terms_of(original, ()), found)
    kept = Gathered()
    gather(output, terms_of(output, ()), kept, _OWN)
    if len(found) > MOST_NAMES:
        raise _too_many()
    found -= {raw for raw in found if _is_kept(raw, output)}
    uids = _replaced_uids(original, output)
    traces = _traces(frozenset(found), frozenset(kept.names), known)
    if kept.may_hold(traces, uids):
        findings = tuple(islice(_findings(output, traces, uids, false_alarms), MOST_FINDINGS))
        if findings:
            raise IdentifierLeft(findings)


def _findings(
    output: Dataset, traces: Traces, uids: Collection[str], false_alarms: frozenset[str]
) -> Iterator[Finding]:
    ordered = dict(sorted(output.items()))  # so that equal files have equal findings
    for path, element, terms in walk(ordered, terms_of(output, ()), (), _OWN):
        hits = chain(_hits(element, terms, traces), _uid_hits(element, uids))
        texts = dict.fromkeys(" ".join(hit.split()) for hit in hits)
        for text in texts:
            if text not in false_alarms:
                yield Finding(path, text, _around(text, element, terms))


def _around(text: str, element: Element, terms: Terms) -> str:
    """Return the value in which `text` was found, or of a long one the stretch around it."""
    value = decode(Element(0, "LO", element.value[:MOST_BYTES_SHOWN]), list(terms) or [""])
    start = max(0, value.casefold().find(text.split(" ")[0]) - LETTERS_SHOWN)
    return value[start : start + 3 * LETTERS_SHOWN].strip(" \0")


@dataclass(frozen=True, slots=True)
class _Raw:
    """A value of the original that names somebody."""

    tag: int
    kind: str
    value: bytes = field(repr=False)
    terms: Terms
    is_word: bool = True  # of an ID: whether it counts without a digit, too


def _is_kept(raw: _Raw, output: Dataset) -> bool:
    """Tell whether the profile keeps a value in its own place, so that it may stand elsewhere."""
    element = output.get(raw.tag)
    return element is not None and element.value == raw.value


def _telling(dataset: Dataset) -> list[Element]:
    """Return what may name somebody; most of every file does not."""
    elements = dataset.items()
    return [e for tag, e in elements if e.vr in _TELLING_VRS or tag in _KINDS]


def _collect(dataset: Dataset, terms: Terms, found: set[_Raw]) -> None:
    """Gather names, IDs, birth dates and institutions at every depth."""
    for element in _telling(dataset):
        tag = element.tag
        if element.items is not None:
            for item in element.items:
                _collect(item, terms_of(item, terms), found)
        elif not element.value:
            continue
        elif tag in _KINDS:
            found.add(_Raw(tag, _KINDS[tag], element.value, terms, tag in _WORD_IDS))
        elif element.vr == "PN" or (element.vr == "UN" and dictionary_vr(tag) == "PN"):
            found.add(_Raw(tag, "name", element.value, terms))


@lru_cache(maxsize=32)
def _traces(found: frozenset[_Raw], kept_names: frozenset[bytes], known: KnownPerson) -> Traces:
    """Return what to search for; names that a profile keeps may stand elsewhere, too."""
    persons = [known]
    for raw in found:
        if raw.kind == "name" and raw.value in kept_names:
            continue
        texts = tuple(readings(raw.value, raw.terms))
        if raw.kind == "name":
            persons.append(KnownPerson(names=texts))
        elif raw.kind == "place":
            persons.append(KnownPerson(places=texts))
        elif raw.kind == "date":
            persons.append(KnownPerson(birth_dates=texts))
        elif raw.is_word or any(48 <= byte <= 57 for byte in raw.value):
            values = (value for text in texts for value in text.split("\\"))
            persons.append(KnownPerson(ids=tuple(values)))
    return traces_of(persons)


def _hits(element: Element, terms: Terms, traces: Traces) -> Iterator[str]:
    """Yield what names somebody in a value, in an order that is the same at every run."""
    if element.vr in DECIMAL_VRS:
        yield from sorted(numbers_in(element.value) & traces.numbers)
    elif element.vr in BINARY_VRS and len(element.value) <= LONGEST_BETWEEN:
        for text in sorted(folded(text_between(element.value))):
            yield from _hits_in_text(text, element.vr, traces)
    elif element.vr in TEXT_VRS:
        for reading in sorted(readings(element.value, terms)):
            for text in sorted(folded(reading)):
                for value in text.split("\\"):
                    yield from _hits_in_text(value, element.vr, traces)


def _uid_hits(element: Element, uids: Collection[str]) -> Iterator[str]:
    if element.vr in TEXT_VRS:
        text = element.value.replace(b"\0", b"").decode("latin-1")
        yield from (uid for uid in uids if uid in text)


def _replaced_uids(original: Dataset, output: Dataset) -> list[str]:
    """Return the UIDs by which others know the file and that the output has no more."""
    uids = [(text_of(original.get(tag)), text_of(output.get(tag))) for tag in _UID_TAGS]
    return [old for old, new in uids if old != new and len(old) >= _FEWEST_UID_CHARACTERS]


def _hits_in_text(text: str, vr: str, traces: Traces) -> Iterator[str]:
    found = words(text)
    yield from (word for word in found if word in traces.strong)
    if (
        len(found) == 1
        and vr != "CS"
        and found[0] in traces.whole
        and text.strip(" \0") == found[0]
    ):
        yield found[0]
    yield from sorted(part for part in traces.inside if part in text)
    yield from traces.numerals_in(text)
    yield from _pairs(found, traces)


def _pairs(found: list[str], traces: Traces) -> Iterator[str]:
    """Yield two weak words of one name side by side, or around an initial."""
    for number, word in enumerate(found):
        places = traces.weak.get(word)
        if not places:
            continue
        following = found[number + 1 : number + 3]
        if len(following) == 2 and len(following[0]) > 1:
            following.pop()
        for other in following:
            if _are_apart(places, traces.weak.get(other, set())):
                yield f"{word} {other}"


def _are_apart(places: set[Place], others: set[Place]) -> bool:
    """Tell whether two words are different parts of one name."""
    return any(a[0] == b[0] and a[1] != b[1] for a in places for b in others)


def _too_many() -> HeldBack:
    return HeldBack(
        "many-identifiers",
        _("The file names too many people to look for. A data steward has to look at it."),
    )
