"""Which attributes the IOD of a file has: what stands elsewhere is misplaced."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pseudonymizer.engine.attributes import TABLES
from pseudonymizer.engine.dictionary import keyword_tags
from pseudonymizer.engine.iod_types import iod_of

IOD_ATTRIBUTES = "iod-attributes.json"
# Numbers without which pixels are read wrongly, or mean something else. Devices write them where
# the standard has no place for them: frames and slopes in plain MR images, for example.
_DESCRIBE_PIXELS = frozenset(
    0x00280000 | number
    for number in (
        *(0x0002, 0x0004, 0x0006, 0x0008, 0x0010, 0x0011, 0x0030, 0x0034),
        *(0x0100, 0x0101, 0x0102, 0x0103, 0x0120, 0x0121, 0x1050, 0x1051, 0x1052, 0x1053),
        *(0x1101, 0x1102, 0x1103, 0x1201, 0x1202, 0x1203, 0x1221, 0x1222, 0x1223),
    )
)


@dataclass(frozen=True)
class Outline:
    """The attributes of one IOD, and those of the items of each sequence, by tag."""

    tags: frozenset[int]
    items: Mapping[int, frozenset[int]]

    def holds(self, path: tuple[int, ...], tag: int) -> bool:
        """Tell whether an attribute belongs where it stands: `path` leads to it."""
        if not path:
            return tag in self.tags or tag in _DESCRIBE_PIXELS
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
