"""The Type of attributes in the IOD of a file, which decides compound actions."""

import json
from collections.abc import Mapping
from functools import cache

from pseudonymizer.engine.attributes import TABLES
from pseudonymizer.engine.dictionary import keyword_tags

Path = tuple[int, ...]


@cache
def types_in(sop_class_uid: str) -> Mapping[Path, str]:
    """Return the Type ("1", "1C", "2" or "2C") by path of tags; what is absent is Type 3."""
    table = _table()
    iod = iod_of(sop_class_uid)
    tags = _tags()
    return {
        tuple(tags[keyword] for keyword in path.split("/")): strictest
        for path, by_type in table["types"].items()
        for strictest, iods in by_type.items()
        if iod in iods and all(keyword in tags for keyword in path.split("/"))
    }


def iod_of(sop_class_uid: str) -> str | None:
    """Return the name of the IOD of a SOP class, or None for one that PS3.4 does not list."""
    return _table()["sop_classes"].get(sop_class_uid)


def resolve(basic: str, attribute_type: str) -> str:
    """Return the single action X, Z, D or U that a compound one means for a Type.

    Type 3 takes the first of the actions, which is also the safest and stands for
    attributes that the IOD does not know (PS3.15 Table E.1-1a). References (U*) are
    mapped wherever the IOD asks for the sequence: emptied, they would contradict the
    lists of references elsewhere in the file.
    """
    actions = basic.replace("*", "").split("/")
    if not attribute_type.startswith(("1", "2")):
        return actions[0]
    if attribute_type.startswith("2") and "Z" in actions and "U" not in actions:
        return "Z"
    return actions[-1]


@cache
def _table() -> dict[str, dict]:
    return json.loads((TABLES / "iod-types.json").read_text())


@cache
def _tags() -> dict[str, int]:
    return keyword_tags()
