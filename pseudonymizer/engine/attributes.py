"""The attributes that a rule can name: those of the dictionary and of Table E.1-1."""

import re
from collections.abc import Mapping
from csv import DictReader
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydicom.datadict import DicomDictionary

TABLES = Path(__file__).parent / "tables"
E1_1 = "ps3.15-e1-1.csv"
_NUMBER = re.compile(r"\(?([0-9A-Fa-f]{4}),? ?([0-9A-Fa-f]{4})\)?")
_PART_OF_NUMBER = re.compile(r"\(?[0-9A-Fa-f]{4},? ?[0-9A-Fa-f]{0,4}\)?")


@dataclass(frozen=True)
class Attribute:
    """A standard attribute; `vr` is empty where only its name is known."""

    tag: int
    keyword: str
    name: str
    vr: str

    @property
    def number(self) -> str:
        """The tag as people write it, without parentheses."""
        return tag_text(self.tag)


def tag_text(tag: int) -> str:
    """Return a tag as in 0008,103E."""
    return f"{tag >> 16:04X},{tag & 0xFFFF:04X}"


@cache
def known_attributes() -> Mapping[int, Attribute]:
    """Return every attribute that has a name, by tag."""
    attributes = {
        tag: Attribute(tag, keyword, name, vr.split(" or ")[0])
        for tag, (vr, _, name, _, keyword) in DicomDictionary.items()
        if keyword and tag >> 16 >= 0x0008
    }
    for tag, row in concrete_rows():
        attributes.setdefault(tag, Attribute(tag, row["keyword"], row["name"], row["vr"]))
    return attributes


def attribute_of(tag: int) -> Attribute:
    """Return what is known of a tag; an unknown one has only its number."""
    return known_attributes().get(tag) or Attribute(tag, "", "", "")


def tag_named(text: str) -> int | None:
    """Return the tag that a number such as 0008,103E or a keyword names, or None."""
    number = _NUMBER.fullmatch(text.strip())
    if number:
        return int(number[1] + number[2], 16)
    return _tags_by_keyword().get(text.strip())


def find_attributes(term: str, limit: int) -> list[Attribute]:
    """Return attributes by number, keyword or words of the name, best first."""
    term = term.strip()
    attributes = known_attributes().values()
    if _PART_OF_NUMBER.fullmatch(term):
        digits = re.sub(r"[(), ]", "", term).upper()
        by_number = [each for each in attributes if f"{each.tag:08X}".startswith(digits)]
        if by_number:
            return sorted(by_number, key=lambda each: each.tag)[:limit]
    term = _folded(term)
    words = term.split()
    hits = [each for each in attributes if words and _matches(each, words)]
    return sorted(hits, key=lambda each: (_rank(each, term), each.tag))[:limit]


def rows_of(name: str) -> list[dict[str, str]]:
    """Return the rows of one of the engine's tables; lines that start with # are comments."""
    with (TABLES / name).open(encoding="utf-8", newline="") as table:
        return list(DictReader(line for line in table if not line.startswith("#")))


@cache
def concrete_rows() -> tuple[tuple[int, dict[str, str]], ...]:
    """Return the rows of Table E.1-1 that name one attribute, with its tag."""
    numbered = ((row["tag"].strip("()").replace(",", ""), row) for row in rows_of(E1_1))
    return tuple(
        (int(number, 16), row) for number, row in numbered if re.fullmatch("[0-9A-F]{8}", number)
    )


@cache
def _tags_by_keyword() -> dict[str, int]:
    return {each.keyword: tag for tag, each in known_attributes().items()}


def _matches(attribute: Attribute, words: list[str]) -> bool:
    text = _folded(f"{attribute.keyword} {attribute.name}")
    return all(word in text for word in words)


def _rank(attribute: Attribute, term: str) -> tuple[int, int]:
    name, keyword = _folded(attribute.name), _folded(attribute.keyword)
    if term in (name, keyword):
        return 0, 0
    return 1 if name.startswith(term) or keyword.startswith(term) else 2, len(name)


def _folded(text: str) -> str:
    """Return small letters without apostrophes, which people write in two ways or leave out."""
    return text.casefold().replace("'", "").replace("\u2019", "")
