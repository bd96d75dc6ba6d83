"""Whom to compare with whom: people who share one of these keys, and nobody else.

Each key joins several fields, never a name or a date alone, so that its keyed digest tells little
even by how often it occurs. A key over an ID or a whole birth date is enough for a comparison; of
those over a part of the date, which many share, it takes two. Together they find every pair of
entries of one person that differ in two places, as long as an ID or a part of the birth date is
left.
"""

from collections.abc import Iterator
from enum import StrEnum

from pseudonymizer.matching.ids import look_alike
from pseudonymizer.matching.names import Name
from pseudonymizer.matching.people import Person
from pseudonymizer.matching.phonetics import cologne

VERSION = 1  # raise it when keys change: patients are indexed again
MOST_WORDS = 2  # of a family name and of the given names


class BlockKind(StrEnum):
    __hash__ = str.__hash__  # Enum's is many times slower

    ID = "id"
    DATE_NAME = "date-name"  # birth date, sound of one name
    DATE_INITIALS = "date-initials"  # birth date, both first letters
    YEAR_NAME = "year-name"  # birth year, sound of one name, first letter of the other
    DAY_NAME = "day-name"  # day and month in either order, then the same


STRONG = frozenset({BlockKind.ID, BlockKind.DATE_NAME, BlockKind.DATE_INITIALS})


def block_keys(person: Person) -> set[tuple[str, ...]]:
    """Return the keys of a person, each a kind and its parts.

    Parameters
    ----------
    person : Person

    Returns
    -------
    set of tuple of str
        Empty where too little is known to compare anybody with.
    """
    keys: set[tuple[str, ...]] = set()
    if person.birth_date:
        for name in person.names:
            keys.update(_date_keys(person.birth_date, name))
    if person.patient_id:
        keys.add((BlockKind.ID, look_alike(person.patient_id)))
    return keys


def _date_keys(date: str, name: Name) -> Iterator[tuple[str, ...]]:
    year, month, day = date[:4], date[4:6], date[6:8]
    either_way = month + day if month <= day else day + month
    families, givens = name.family[:MOST_WORDS], name.given[:MOST_WORDS]
    sounds = {word: cologne(word) for word in families + givens if len(word) > 1}
    for sound in sounds.values():
        yield (BlockKind.DATE_NAME, date, sound)
    for family in families:
        for given in givens:
            first, second = family[0], given[0]
            initials = first + second if first <= second else second + first
            yield (BlockKind.DATE_INITIALS, date, initials)
            for heard, begin in ((family, second), (given, first)):
                if heard in sounds:
                    yield (BlockKind.YEAR_NAME, year, sounds[heard], begin)
                    yield (BlockKind.DAY_NAME, either_way, sounds[heard], begin)
