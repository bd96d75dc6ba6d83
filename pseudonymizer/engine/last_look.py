"""The last look: is anything left in the output's header that names the patient or the staff?"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from pseudonymizer.engine.actions import PATIENT_AGE
from pseudonymizer.engine.collecting import Raw, collect, traces_in
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
    SERIES_INSTANCE_UID,
    SOP_INSTANCE_UID,
    STUDY_INSTANCE_UID,
    decode,
)
from pseudonymizer.engine.sharing import Shared
from pseudonymizer.engine.spellings import (
    LONGEST_BETWEEN,
    decoded,
    folded,
    old_ages,
    possible_readings,
    text_between,
    words,
)
from pseudonymizer.engine.traces import KnownPerson, Place, Traces, numbers_in

MOST_FINDINGS = 20  # told of one file; what is hidden behind them is told at its next run
LETTERS_SHOWN = 60  # before a finding, and twice as many from there on
MOST_BYTES_SHOWN = 1 << 16
MOST_NAMES = 2000  # of different names and numbers in one file; real ones have a few dozen

_FRAME_OF_REFERENCE_UID = 0x00200052
_UID_TAGS = (
    *(SOP_INSTANCE_UID, STUDY_INSTANCE_UID, SERIES_INSTANCE_UID),
    _FRAME_OF_REFERENCE_UID,
)
_FEWEST_UID_CHARACTERS = 16  # of UIDs that were made to be unique
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
    learned: "Learned | None" = None,
) -> None:
    """Hold the file back if its output still names the patient, or staff that was removed.

    Values are searched at every depth, by whole words, in every reading of their bytes and
    every spelling of the names, what is text between numbers or in base64 too; IDs and birth
    dates wherever no other digit touches them; telephone numbers in any grouping; words of the
    address beside their numbers; ages of 90 years and more, unless the patient's own age stays;
    the file's former UIDs anywhere in a text.

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
    learned : Learned, optional
        What is known of both already, from other files of the series.

    Raises
    ------
    IdentifierLeft
        If something else was found.
    HeldBack
        If an image is hidden in a sequence, where nothing looks at it, or the file names
        more people than can be searched for.
    """
    learned = learned or Learned(collect(original, terms_of(original, ())), shared_texts())
    kept = learned.texts.part(output)
    if len(learned.named) > MOST_NAMES:
        raise _too_many()
    found = frozenset(raw for raw in learned.named if not _is_kept(raw, output))
    names = frozenset(name for one in kept for name in one.names)
    uids = _replaced_uids(original, output)
    traces = traces_in(found, names, known)
    tells_age = not _is_age_kept(original, output) and any(one.says_old_age for one in kept)
    if tells_age or any(one.may_hold(traces, uids) for one in kept):
        sought = _Sought(traces, uids, tells_age)
        findings = tuple(islice(_findings(output, sought, false_alarms), MOST_FINDINGS))
        if findings:
            raise IdentifierLeft(findings)


@dataclass(frozen=True, repr=False)
class Learned:
    """What is known before a last look: whom the original names, and texts of other outputs."""

    named: frozenset[Raw]
    texts: Shared[Gathered]


def shared_texts() -> Shared[Gathered]:
    """Return what remembers the texts that the outputs of one series share."""
    return Shared(partial(gather, left_out=_OWN))


@dataclass(frozen=True, repr=False)
class _Sought:
    """What the output must not say."""

    traces: Traces
    uids: Collection[str]
    old_ages: bool


def _findings(output: Dataset, sought: _Sought, false_alarms: frozenset[str]) -> Iterator[Finding]:
    ordered = dict(sorted(output.items()))  # so that equal files have equal findings
    for path, element, terms in walk(ordered, terms_of(output, ()), (), _OWN):
        hits = chain(
            _hits(element, terms, sought.traces),
            _uid_hits(element, sought.uids),
            _age_hits(element, terms) if sought.old_ages else (),
        )
        texts = dict.fromkeys(" ".join(hit.split()) for hit in hits)
        for text in texts:
            if text not in false_alarms:
                yield Finding(path, text, _around(text, element, terms))


def _around(text: str, element: Element, terms: Terms) -> str:
    """Return the value in which `text` was found, or of a long one the stretch around it."""
    value = decode(Element(0, "LO", element.value[:MOST_BYTES_SHOWN]), list(terms) or [""])
    start = max(0, value.casefold().find(text.split(" ")[0]) - LETTERS_SHOWN)
    return value[start : start + 3 * LETTERS_SHOWN].strip(" \0")


def _is_kept(raw: Raw, output: Dataset) -> bool:
    """Tell whether the profile keeps a value in its own place, so that it may stand elsewhere."""
    element = output.get(raw.tag)
    return element is not None and element.value == raw.value


def _is_age_kept(original: Dataset, output: Dataset) -> bool:
    """Tell whether the file may say the patient's age; another's age is nothing of hers."""
    age, before = output.get(PATIENT_AGE), original.get(PATIENT_AGE)
    if age is None or before is None:  # a stored study gives its own to what joins it
        return False
    return not age.is_empty and age.value == before.value


def _hits(element: Element, terms: Terms, traces: Traces) -> Iterator[str]:
    """Yield what names somebody in a value, in an order that is the same at every run."""
    if element.vr in DECIMAL_VRS:
        yield from sorted(numbers_in(element.value) & traces.numbers)
    elif element.vr in BINARY_VRS and len(element.value) <= LONGEST_BETWEEN:
        for text in sorted(folded(text_between(element.value))):
            yield from _hits_in_text(text, element.vr, traces)
    elif element.vr in TEXT_VRS:
        vr = dictionary_vr(element.tag) if element.vr == "UN" else element.vr
        for reading in sorted(possible_readings(element.value, terms)):
            yield from _hits_in_reading(reading, vr or "UN", traces)


def _hits_in_reading(reading: str, vr: str, traces: Traces) -> Iterator[str]:
    for text in sorted(folded(reading)):
        for value in text.split("\\"):
            yield from _hits_in_text(value, vr, traces)
    for code, hidden in decoded(reading):
        if any(traces.tells(text) for text in folded(hidden)):
            yield code.lower()


def _age_hits(element: Element, terms: Terms) -> Iterator[str]:
    if element.vr in TEXT_VRS:
        for reading in sorted(possible_readings(element.value, terms)):
            for text in sorted(folded(reading)):
                yield from old_ages(text)


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
    yield from traces.contacts_in(text, found)
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
