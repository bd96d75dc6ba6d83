"""The last look: is anything left in the output's header that names the patient or the staff?"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice

from pseudonymizer.engine.dictionary import dictionary_vr
from pseudonymizer.engine.elements import Dataset, Element, text_of
from pseudonymizer.engine.errors import HeldBack
from pseudonymizer.engine.errors import gettext_noop as _
from pseudonymizer.engine.finding import Finding, IdentifierLeft, TagPath
from pseudonymizer.engine.identity import (
    PATIENT_BIRTH_DATE,
    PATIENT_ID,
    SPECIFIC_CHARACTER_SET,
    decode,
)
from pseudonymizer.engine.spellings import ESCAPE, folded, readings, words
from pseudonymizer.engine.traces import KnownPerson, Place, Traces, traces_of

MOST_FINDINGS = 20  # told of one file; what is hidden behind them is told at its next run
LETTERS_SHOWN = 60  # before a finding, and twice as many from there on
MOST_BYTES_SHOWN = 1 << 16
MOST_NAMES = 2000  # of different names and numbers in one file; real ones have a few dozen
Terms = tuple[str, ...]

_TEXT_VRS = frozenset({"AE", "CS", "LO", "LT", "OB", "PN", "SH", "ST", "UC", "UN", "UR", "UT"})
_NUMBER_VRS = frozenset({"DS", "IS"})
_WORD_IDS = frozenset({PATIENT_ID, 0x00101000})  # may be words; the others have digits
_IDS = _WORD_IDS | {
    *(0x00080050, 0x00101090, 0x00102154, 0x00200010),  # accession, record, telephone, study
    *(0x00380010, 0x00380060, 0x00402016, 0x00402017),  # admission, service episode, orders
}
_TELLING = _IDS | {PATIENT_BIRTH_DATE}
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

    Text values are searched at every depth, by whole words, in every reading of their bytes
    and every spelling of the names; IDs and birth dates wherever no other digit touches them.

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
        If frames are hidden in a sequence, where nothing cleans them, or the file names
        more people than can be searched for.
    """
    found: set[_Raw] = set()
    _collect(original, _terms(original, ()), found)
    kept = _Gathered()
    _gather(output, _terms(output, ()), kept, _OWN)
    if len(found) > MOST_NAMES:
        raise _too_many()
    found -= {raw for raw in found if _is_kept(raw, output)}
    traces = _traces(frozenset(found), frozenset(kept.names), known)
    if _may_hold(kept, traces):
        findings = tuple(islice(_findings(output, traces, false_alarms), MOST_FINDINGS))
        if findings:
            raise IdentifierLeft(findings)


def _findings(output: Dataset, traces: Traces, false_alarms: frozenset[str]) -> Iterator[Finding]:
    ordered = dict(sorted(output.items()))  # so that equal files have equal findings
    for path, element, terms in _walk(ordered, _terms(output, ()), (), _OWN):
        texts = dict.fromkeys(" ".join(hit.split()) for hit in _hits(element, terms, traces))
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
    is_word: bool = True


def _is_kept(raw: _Raw, output: Dataset) -> bool:
    """Tell whether the profile keeps a value in its own place, so that it may stand elsewhere."""
    element = output.get(raw.tag)
    return element is not None and element.value == raw.value


def _telling(dataset: Dataset) -> list[Element]:
    """Return what may name somebody; most of every file does not."""
    elements = dataset.items()
    return [e for tag, e in elements if e.vr in _TELLING_VRS or tag in _TELLING]


def _collect(dataset: Dataset, terms: Terms, found: set[_Raw]) -> None:
    """Gather names, IDs and birth dates at every depth."""
    for element in _telling(dataset):
        tag = element.tag
        if element.items is not None:
            for item in element.items:
                _collect(item, _terms(item, terms), found)
        elif not element.value:
            continue
        elif tag in _IDS:
            found.add(_Raw(tag, "id", element.value, terms, tag in _WORD_IDS))
        elif tag == PATIENT_BIRTH_DATE:
            found.add(_Raw(tag, "date", element.value, terms))
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
        elif raw.kind == "date":
            persons.append(KnownPerson(birth_dates=texts))
        elif raw.is_word or any(48 <= byte <= 57 for byte in raw.value):
            values = (value for text in texts for value in text.split("\\"))
            persons.append(KnownPerson(ids=tuple(values)))
    return traces_of(persons)


@dataclass
class _Gathered:
    """The output's values, by how they are searched."""

    plain: list[bytes] = field(default_factory=list)
    others: list[tuple[bytes, Terms]] = field(default_factory=list)
    numbers: list[bytes] = field(default_factory=list)
    names: set[bytes] = field(default_factory=set)


def _gather(
    dataset: Dataset, terms: Terms, kept: _Gathered, own: frozenset[int] = frozenset()
) -> None:
    for tag, element in dataset.items():
        if tag in own:
            continue
        for item in element.items or ():
            _gather(item, _terms(item, terms), kept)
        if element.is_encapsulated:
            raise _hidden_frames()
        if element.value and element.vr in _NUMBER_VRS:
            kept.numbers.append(element.value)
        elif element.value and element.vr in _TEXT_VRS:
            _gather_text(element, terms, kept)


def _gather_text(element: Element, terms: Terms, kept: _Gathered) -> None:
    value = element.value
    if value.isascii() and ESCAPE not in value and b"\0" not in value[:-1]:
        kept.plain.append(value)
    else:
        kept.others.append((value, terms))
    if element.vr == "PN":
        kept.names.add(value)


def _may_hold(kept: _Gathered, traces: Traces) -> bool:
    """Tell whether a closer look is worth it; nothing that it would find is missed."""
    if _has_any(b"\n".join(kept.plain).decode("ascii").lower(), traces):
        return True
    if traces.numbers and not traces.numbers.isdisjoint(_numbers(b"\\".join(kept.numbers))):
        return True
    return any(
        _has_any(text, traces)
        for value, terms in kept.others
        for reading in readings(value, terms)
        for text in folded(reading)
    )


def _has_any(text: str, traces: Traces) -> bool:
    if not traces.words.isdisjoint(words(text)):
        return True
    return any(part in text for part in traces.parts)


def _numbers(value: bytes) -> set[str]:
    return set(value.translate(None, b" \0").decode("latin-1").split("\\"))


def _walk(
    dataset: Dataset, terms: Terms, path: TagPath, own: frozenset[int] = frozenset()
) -> Iterator[tuple[TagPath, Element, Terms]]:
    """Yield each element that is searched, with where it stands."""
    for tag, element in dataset.items():
        if tag in own:
            continue
        if element.items is None:
            yield (*path, tag), element, terms
            continue
        for number, item in enumerate(element.items, start=1):
            yield from _walk(item, _terms(item, terms), (*path, tag, number))


def _hits(element: Element, terms: Terms, traces: Traces) -> Iterator[str]:
    """Yield what names somebody in a value, in an order that is the same at every run."""
    if element.vr in _NUMBER_VRS:
        yield from sorted(_numbers(element.value) & traces.numbers)
    elif element.vr in _TEXT_VRS:
        for reading in sorted(readings(element.value, terms)):
            for text in sorted(folded(reading)):
                for value in text.split("\\"):
                    yield from _hits_in_text(value, element.vr, traces)


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
    yield from (match[0] for match in traces.numerals.finditer(text))
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


def _terms(dataset: Dataset, outer: Terms) -> Terms:
    element = dataset.get(SPECIFIC_CHARACTER_SET)
    return tuple(text_of(element).split("\\")) if element else outer


def _hidden_frames() -> HeldBack:
    return HeldBack(
        "nested-frames",
        _("A sequence holds compressed frames. A data steward has to look at the file."),
    )


def _too_many() -> HeldBack:
    return HeldBack(
        "many-identifiers",
        _("The file names too many people to look for. A data steward has to look at it."),
    )
