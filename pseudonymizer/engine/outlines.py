"""Which attributes the IOD of a file has: what stands elsewhere is misplaced."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pseudonymizer.engine.attributes import TABLES
from pseudonymizer.engine.dictionary import keyword_tags
from pseudonymizer.engine.iod_types import iod_of

IOD_ATTRIBUTES = "iod-attributes.json"


@dataclass(frozen=True)
class Outline:
    """The attributes of one IOD, and those of the items of each sequence, by tag."""

    tags: frozenset[int]
    items: Mapping[int, frozenset[int]]

    def holds(self, path: tuple[int, ...], tag: int) -> bool:
        """Tell whether an attribute belongs where it stands: `path` leads to it."""
        if not path:
            return tag in self.tags
        return path[-1] not in self.items or tag in self.items[path[-1]]


@cache
def outline_of(sop_class_uid: str) -> Outline | None:
    """Return what a SOP class may hold, or None for one that PS3.3 does not describe.

    References
    ----------
    DICOM PS3.3 Annex A; PS3.4 B.5, Standard SOP Classes.
    """
    iod = iod_of(sop_class_uid)
    modules = _table()["iods"].get(iod or "", "").split()
    if not modules:
        return None
    keywords = (each for module in modules for each in _table()["modules"].get(module, "").split())
    return Outline(_tags_of(keywords), _items())


@cache
def _items() -> Mapping[int, frozenset[int]]:
    tags = keyword_tags()
    return {
        tags[sequence]: _tags_of(keywords.split())
        for sequence, keywords in _table()["items"].items()
        if sequence in tags
    }


def _tags_of(keywords: Iterable[str]) -> frozenset[int]:
    tags = keyword_tags()
    return frozenset(tags[keyword] for keyword in keywords if keyword in tags)


@cache
def _table() -> dict[str, dict[str, str]]:
    return json.loads((TABLES / IOD_ATTRIBUTES).read_text())
