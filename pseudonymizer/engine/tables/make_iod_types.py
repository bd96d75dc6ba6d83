"""Write iod-types.json: the Type of each compound-action attribute in each IOD.

Run by a developer, never at run time, in an environment of its own that has highdicom:
    python make_iod_types.py
The facts come from highdicom's machine-readable copy of PS3.3; where modules disagree
about one attribute, the strictest Type stands.
"""

import json
from collections import defaultdict
from csv import DictReader
from importlib import import_module
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
STRICTEST_FIRST = ("1", "1C", "2", "2C", "3")


def compound_keywords() -> set[str]:
    """Return the keywords of Table E.1-1 whose action depends on the Type."""
    with (HERE / "ps3.15-e1-1.csv").open() as table:
        rows = DictReader(line for line in table if not line.startswith("#"))
        return {row["keyword"] for row in rows if "/" in row["basic"]}


def strictest_types(
    modules: dict[str, Any], iods: dict[str, Any], wanted: set[str]
) -> dict[str, dict[str, str]]:
    """Return the strictest Type by keyword path, then by IOD."""
    types: dict[str, dict[str, str]] = defaultdict(dict)
    for iod, used in iods.items():
        for module in used:
            for attribute in modules.get(module["key"], ()):
                if attribute["keyword"] not in wanted or attribute["type"] not in STRICTEST_FIRST:
                    continue
                path = "/".join([*attribute["path"], attribute["keyword"]])
                known = types[path].get(iod, "3")
                types[path][iod] = min(known, attribute["type"], key=STRICTEST_FIRST.index)
    return types


def main() -> None:
    standard = Path(import_module("highdicom").__file__ or "").parent / "_standard"
    modules, iods, sop_classes = (
        json.loads((standard / f"{name}.json").read_text())
        for name in ("module_attribute_map", "iod_module_map", "sop_class_iod_map")
    )
    types = strictest_types(modules, iods, compound_keywords())
    grouped: dict[str, dict[str, list[str]]] = {}
    for path, by_iod in sorted(types.items()):
        grouped[path] = defaultdict(list)
        for iod, strictest in sorted(by_iod.items()):
            if strictest != "3":
                grouped[path][strictest].append(iod)
    filled = {path: by_type for path, by_type in grouped.items() if by_type}
    table = {"sop_classes": sop_classes, "types": filled}
    (HERE / "iod-types.json").write_text(json.dumps(table, indent=0, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
