"""What a file must not say any more: names, numbers and birth dates, ready to be searched for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import permutations, product

from pseudonymizer.engine import vocabulary
from pseudonymizer.engine.contacts import (
    address_patterns,
    telephone_digits,
    telephone_pattern,
    without_grouping,
)
from pseudonymizer.engine.numerals import (
    Needle,
    date_needles,
    date_parts,
    id_needles,
    month_needles,
)
from pseudonymizer.engine.spellings import (
    FEWEST_LETTERS,
    common_words,
    folded,
    inflected,
    is_east_asian,
    short_umlauts,
    words,
)

FEWEST_NUMBER_DIGITS = 6  # of an ID that is the whole value of a number
_FEWEST_JOINED = 5
_MOST_JOINED = 32  # words of one part of a name: more do not fit into its 64 letters (PS3.5 6.2)
_MOST_TELEPHONES = 20  # of one person; any more are searched for as they are written
_COUNTING = ("01234567890123456789", "98765432109876543210")
_SIGNS = re.compile(r"[\W_]+")
# Words that stand in the name or ID of whoever has none.
_NOBODY = frozenset(
    [
        *("anon", "anonym", "anonymisiert", "anonymised", "anonymized", "anonymous"),
        *("deidentified", "demo", "dummy", "johndoe", "janedoe", "mrn", "nobody", "noid"),
        *("noname", "none", "null", "patient", "patientid", "patientname", "phantom", "qa", "qc"),
        *("removed", "subject", "test", "tester", "testpatient", "unbekannt", "unidentified"),
        *("unknown", "unnamed", "xnat"),
    ]
)
_NUMBERED = re.compile(rf"({'|'.join(sorted(_NOBODY))})\d{{1,3}}")

Place = tuple[int, int]  # which name, and which of its parts


@dataclass(frozen=True, repr=False)
class KnownPerson:
    """What is known of a patient beside the file itself; never printed.

    Attributes
    ----------
    names : tuple of str
        As DICOM writes them, "Family^Given=…".
    ids : tuple of str
        Patient IDs and other numbers.
    birth_dates : tuple of str
        YYYYMMDD, or with signs between.
    """

    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    birth_dates: tuple[str, ...] = ()
    places: tuple[str, ...] = ()  # names of institutions
    addresses: tuple[str, ...] = ()
    telephones: tuple[str, ...] = ()


@dataclass(repr=False)
class Traces:
    """Spellings to search for, all of them folded.

    A strong word tells by itself; a weak one (short, or common) only beside another part of the
    same name, or where the whole value is a name that consists of it.
    """

    strong: set[str] = field(default_factory=set)
    weak: dict[str, set[Place]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    inside: set[str] = field(default_factory=set)  # where words are not parted by spaces
    numerals: dict[str, set[str]] = field(default_factory=dict)  # patterns around a part
    numbers: set[str] = field(default_factory=set)  # whole values of DS and IS
    beside: dict[str, set[str]] = field(default_factory=dict)  # patterns around a word
    telephones: set[str] = field(default_factory=set)

    @cached_property
    def words(self) -> frozenset[str]:
        """The words that make a value worth a closer look."""
        return frozenset(self.strong | self.weak.keys() | self.whole | self.beside.keys())

    def numerals_in(self, text: str) -> Iterator[str]:
        """Yield IDs and dates where no other digit touches them; an ID may have zeros before."""
        found = {
            one for part, patterns in self.numerals.items() if part in text for one in patterns
        }
        if found:
            yield from (match[0] for match in re.finditer("|".join(sorted(found)), text))

    def tells(self, text: str) -> bool:
        """Tell whether folded text names somebody, by a word or number that tells by itself."""
        return not self.strong.isdisjoint(words(text)) or any(self.numerals_in(text))

    def contacts_in(self, text: str, found: Iterable[str]) -> Iterator[str]:
        """Yield addresses and days with a month's name, by words of a text, and telephones."""
        patterns = {one for word in found for one in self.beside.get(word, ())}
        if self._has_telephone(text):
            patterns |= set(map(telephone_pattern, self.telephones))
        for pattern in sorted(patterns):
            yield from (match[0] for match in re.finditer(pattern, text))

    def may_stand_in(self, text: str) -> bool:
        """Tell whether folded text has a word or number that is searched for."""
        if not self.words.isdisjoint(words(text)) or self._has_telephone(text):
            return True
        return any(part in text for part in self.inside) or any(self.numerals_in(text))

    def _has_telephone(self, text: str) -> bool:
        if not self.telephones:
            return False
        digits = without_grouping(text)
        return any(telephone in digits for telephone in self.telephones)

    def number_stands_in(self, value: bytes) -> bool:
        """Tell whether a number that is searched for is one of the values of DS or IS."""
        return bool(self.numbers) and not self.numbers.isdisjoint(numbers_in(value))


def numbers_in(value: bytes) -> set[str]:
    """Return the values of a DS or IS element without padding."""
    return set(value.translate(None, b" \0").decode("latin-1").split("\\"))


def traces_of(persons: Iterable[KnownPerson]) -> Traces:
    """Return what to search for.

    Parameters
    ----------
    persons : iterable of KnownPerson
        Patient and staff, from the file and from the registry.

    Returns
    -------
    Traces
    """
    traces = Traces()
    number = 0
    for person in persons:
        for name in person.names:
            for group in _groups(name):
                number += 1
                _add_name(traces, group, number)
        for patient_id in person.ids:
            _add_id(traces, patient_id, number)
        for place, telephone in enumerate(person.telephones):
            _add_telephone(traces, telephone, number, in_any_grouping=place < _MOST_TELEPHONES)
        _add_days_and_places(traces, person)
    return traces


def _add_days_and_places(traces: Traces, person: KnownPerson) -> None:
    for birth_date in person.birth_dates:
        _add_needles(traces.numerals, date_needles(birth_date))
        _add_needles(traces.beside, month_needles(birth_date))
        if parts := date_parts(birth_date):
            traces.numbers |= {"".join(parts), "".join(reversed(parts))}
    for place in person.places:
        traces.inside |= {phrase for text in folded(place) for phrase in _phrases(text)}
    for word, pattern in (pair for one in person.addresses for pair in address_patterns(one)):
        if is_strong(word):
            traces.beside.setdefault(word, set()).add(pattern)


def _add_telephone(traces: Traces, telephone: str, number: int, *, in_any_grouping: bool) -> None:
    digits = telephone_digits(telephone)
    if in_any_grouping and digits and not _is_nobody(digits):
        traces.telephones.add(digits)
    else:
        _add_id(traces, telephone, number)


def _phrases(text: str) -> Iterator[str]:
    """Yield the name of an institution if nothing else is called so: whole, of several words."""
    found = words(text)
    if len(found) > 1 and any(is_strong(word) for word in found):
        yield text.strip(" \0")


def _groups(name: str) -> Iterator[list[set[str]]]:
    """Yield family, given and middle name of each group and value, each in its spellings."""
    for value in name.split("\\"):
        for group in value.split("="):
            if "^" not in group and group.count(",") == 1:
                group = group.replace(",", "^")
            parts = [folded(part) for part in group.split("^")[:3] if part.strip(" \0")]
            if parts:
                yield parts


def _add_name(traces: Traces, parts: list[set[str]], number: int) -> None:
    """Add the words of one name, each by itself and with the others."""
    split = [[words(text) for text in sorted(part)] for part in parts]
    everything = {word for part in split for spelling in part for word in spelling}
    if everything <= _NOBODY:
        return
    place = 0
    for part in split:
        for spelling in part:
            for offset, word in enumerate(spelling):
                _add_word(traces, word, (number, place + offset))
                if is_strong(word) and word not in _NOBODY:
                    traces.strong |= set(filter(is_strong, inflected(word)))
        place += max(map(len, part), default=0)
    for joined in _joined(split):
        _add_joined(traces, joined)
    if len(parts) == 1:
        # A body part beside a number or another word, as in PANCREAS_0001, is not the whole name.
        listed = vocabulary.words() - {text.strip(" \0") for text in parts[0]}
        traces.whole |= {text for text in everything - listed if len(text) > 1}


def _add_word(traces: Traces, word: str, place: Place) -> None:
    if word in _NOBODY:
        return
    if is_strong(word):
        traces.strong |= {word} | {short for short in [short_umlauts(word)] if is_strong(short)}
    else:
        traces.weak.setdefault(word, set()).add(place)


def is_strong(word: str) -> bool:
    """Tell whether a word says by itself whose file it is."""
    return len(word) >= FEWEST_LETTERS and word not in common_words()


def _joined(split: list[list[list[str]]]) -> Iterator[str]:
    """Yield the parts of a name without what is between them, also with one as an initial."""
    for spelling in (0, -1):
        parts = [{"".join(part[spelling]), *part[spelling][:_MOST_JOINED]} for part in split]
        yield "".join("".join(part[spelling]) for part in split)
        yield from (text for part in parts for text in part)
        for one, other in permutations(parts, 2):
            for first, second in product(one, other):
                yield first + second
                if is_strong(first):
                    yield from (first + second[:1], second[:1] + first)


def _add_joined(traces: Traces, joined: str) -> None:
    if is_east_asian(joined):
        if len(joined) > 1:
            traces.inside.add(joined)
    elif len(joined) >= _FEWEST_JOINED and is_strong(joined) and joined not in _NOBODY:
        traces.strong.add(joined)


def _add_id(traces: Traces, patient_id: str, number: int) -> None:
    for text in folded(patient_id):
        _add_spelling_of_id(traces, text.strip(" \0"), number)


def _add_spelling_of_id(traces: Traces, text: str, number: int) -> None:
    compact = _SIGNS.sub("", text)
    if _is_nobody(compact):
        return
    if not any(map(str.isdigit, compact)):
        for word in words(text):
            _add_word(traces, word, (number, -1))
        return
    if not _is_nobody(compact.lstrip("0")):
        _add_needles(traces.numerals, id_needles(text))
    if compact.isdigit() and len(compact.lstrip("0")) >= FEWEST_NUMBER_DIGITS:
        traces.numbers |= {compact, compact.lstrip("0")}


def _add_needles(patterns: dict[str, set[str]], needles: Iterable[Needle]) -> None:
    for part, pattern in needles:
        patterns.setdefault(part, set()).add(pattern)


def _is_nobody(letters: str) -> bool:
    """Tell whether these letters and digits name nobody: 0000, TEST, ANON, 12345, …"""
    if len(set(letters)) < 2:
        return True
    if len(letters) >= 3 and any(letters in digits for digits in _COUNTING):
        return True
    return letters in _NOBODY or bool(_NUMBERED.fullmatch(letters))
