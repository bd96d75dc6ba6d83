"""Names in parts, as they can be compared: family and given names, without titles."""

from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

from pseudonymizer.matching.exact import folded
from pseudonymizer.matching.nobody import WORD, is_nameless, is_shared

TABLES = Path(__file__).parent / "tables"
GIVEN_NAMES, ONE_NAME = TABLES / "given_names.txt", TABLES / "one_name.txt"
_APOSTROPHES = str.maketrans("", "", "'`´’ʼ\0")
_PARTICLES = frozenset(
    [
        *("abu", "af", "al", "av", "ben", "bin", "d", "da", "das", "de", "degli", "dei", "del"),
        *("della", "dem", "den", "der", "di", "do", "dos", "du", "el", "ibn", "la", "le", "los"),
        *("och", "of", "op", "ten", "ter", "und", "van", "vom", "von", "y", "zu", "zum", "zur"),
    ]
)
_CACHED = 1 << 13  # the usual names of a clinic's patients
_TITLES = frozenset(["dipl", "dr", "frau", "herr", "ing", "med", "mr", "mrs", "ms", "prof"])
_GENERATIONS = {
    **{"jr": "jr", "jun": "jr", "junior": "jr", "sr": "sr", "sen": "sr", "senior": "sr"},
    **{"i": "sr", "ii": "jr", "iii": "iii", "iv": "iv"},
}


class Name(NamedTuple):
    """One group of a person name: folded words, and which generation it names ("jr", "sr")."""

    family: tuple[str, ...]
    given: tuple[str, ...]
    generation: str = ""

    @property
    def words(self) -> tuple[str, ...]:
        return self.family + self.given

    def __repr__(self) -> str:
        return "Name(…)"  # nothing that identifies whose it is


def parse_name(text: str) -> tuple[Name, ...]:
    """Return the groups of a person name that name somebody (PS3.5 6.2.1).

    Parameters
    ----------
    text : str
        Up to three groups (alphabetic, ideographic, phonetic) between equals signs, each of
        family, given and middle name, prefix and suffix between carets. "Family, Given" and
        "Given Family" are understood too.

    Returns
    -------
    tuple of Name
        Without repeats; empty where nothing names a person.
    """
    if "=" not in text:  # as nearly always
        name = _parse_group(text)
        return (name,) if _names_somebody(name) else ()
    names = map(_parse_group, text.split("=")[:3])
    return tuple(dict.fromkeys(filter(_names_somebody, names)))


def _names_somebody(name: Name) -> bool:
    words = name.family + name.given
    return not (is_nameless(words) or is_shared("".join(words)))


@cache
def known_given_names() -> frozenset[str]:
    """Return the given names that are known to be names of their own."""
    return frozenset(word for line in _lines(GIVEN_NAMES) for word in line)


def are_one_name(one: str, other: str) -> bool:
    """Tell whether two given names are known to be spellings of one."""
    return one in _spellings() and _spellings()[one] == _spellings().get(other)


def differ_by_particle(one: str, other: str) -> bool:
    """Tell whether a joined family name is the other with a particle before it: elsayed, sayed."""
    shorter, longer = sorted((one, other), key=len)
    return longer.endswith(shorter) and longer.removesuffix(shorter) in _PARTICLES


@cache
def _spellings() -> Mapping[str, int]:
    return {word: number for number, line in enumerate(_lines(ONE_NAME)) for word in line}


def _lines(table: Path) -> list[list[str]]:
    lines = table.read_text(encoding="ascii").splitlines()
    return [line.split() for line in lines if not line.startswith("#")]


def _parse_group(group: str) -> Name:
    if "^" not in group and group.count(",") == 1:
        group = group.replace(",", "^")
    parts = group.split("^")
    family = _words(parts[0])
    given = _words(parts[1]) if len(parts) > 1 else ()
    if len(parts) > 2:
        given += _words(parts[2])
    generation = _generation(parts[4]) if len(parts) > 4 else ""
    if len(parts) == 1 and len(family) > 1:
        family, given = family[-1:], family[:-1]
    if len(family) > 1 and family[-1] in _GENERATIONS:
        family, generation = family[:-1], _GENERATIONS[family[-1]]
    if len(given) > 1 and given[-1] in _GENERATIONS:
        given, generation = given[:-1], _GENERATIONS[given[-1]]
    if len(family) < 2 and len(given) < 2:  # as nearly always: a single word counts
        return Name(family, given, generation)
    return Name(
        _without(_without(family, _TITLES), _PARTICLES), _without(given, _TITLES), generation
    )


def _generation(suffix: str) -> str:
    return next((_GENERATIONS[word] for word in _words(suffix) if word in _GENERATIONS), "")


@lru_cache(_CACHED)
def _words(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(folded(text.translate(_APOSTROPHES))))


def _without(words: tuple[str, ...], unwanted: frozenset[str]) -> tuple[str, ...]:
    """Return the words that count; all of them where none would."""
    if unwanted.isdisjoint(words):
        return words
    return tuple(word for word in words if word not in unwanted) or words
