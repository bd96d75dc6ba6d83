"""Whom to compare with whom: people who share one of these keys, and nobody else.

Each key joins several fields, never a name or a date alone, so that its keyed digest tells little
even by how often it occurs. A key over an ID or a whole birth date is enough for a comparison; of
those over a part of the date, which many share, it takes two. Together they find every pair of
entries of one person that differ in two places, as long as an ID or a part of the birth date is
left.
"""

from enum import StrEnum
from typing import NamedTuple

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


# Plain texts: an Enum's members take longer to put into a text than all else of a key.
_ID, _DATE_NAME, _DATE_INITIALS, _YEAR_NAME, _DAY_NAME = (f"{kind.value}\0" for kind in BlockKind)


class BlockKeys(NamedTuple):
    """The keys of a person, each a kind and its parts, joined by NUL."""

    strong: set[str]  # one of them is enough for a comparison
    weak: set[str]  # it takes two


def block_keys(person: Person) -> BlockKeys:
    """Return the keys of a person.

    Parameters
    ----------
    person : Person

    Returns
    -------
    BlockKeys
        Empty where too little is known to compare anybody with.
    """
    keys = BlockKeys(set(), set())
    if person.birth_date:
        for name in person.names:
            _add_date_keys(keys, person.birth_date, name)
    if person.patient_id:
        keys.strong.add(f"{_ID}{look_alike(person.patient_id)}")
    return keys


def _add_date_keys(keys: BlockKeys, date: str, name: Name) -> None:
    strong, weak = keys
    year, month, day = date[:4], date[4:6], date[6:8]
    either_way = month + day if month <= day else day + month
    families, givens = name.family[:MOST_WORDS], name.given[:MOST_WORDS]
    sounds = {word: cologne(word) for word in families + givens if len(word) > 1}
    for sound in sounds.values():
        strong.add(f"{_DATE_NAME}{date}\0{sound}")
    for family in families:
        for given in givens:
            first, second = family[0], given[0]
            initials = first + second if first <= second else second + first
            strong.add(f"{_DATE_INITIALS}{date}\0{initials}")
            for heard, begin in ((family, second), (given, first)):
                if heard in sounds:
                    name_part = f"{sounds[heard]}\0{begin}"
                    weak.add(f"{_YEAR_NAME}{year}\0{name_part}")
                    weak.add(f"{_DAY_NAME}{either_way}\0{name_part}")
