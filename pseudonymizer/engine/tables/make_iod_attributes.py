"""Write iod-attributes.json: which attributes an IOD has, and what the items of a sequence hold.

Run by a developer, never at run time, in an environment of its own that has highdicom:
    python make_iod_attributes.py
The facts come from highdicom's machine-readable copy of PS3.3. Items are listed by their sequence
alone, wherever it stands, since content trees nest without end.
"""

import json
from collections import defaultdict
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent


def main() -> None:
    standard = Path(import_module("highdicom").__file__ or "").parent / "_standard"
    maps = ("module_attribute_map", "iod_module_map")
    modules, iods = (json.loads((standard / f"{name}.json").read_text()) for name in maps)
    tops: dict[str, set[str]] = defaultdict(set)
    items: dict[str, set[str]] = defaultdict(set)
    for module, attributes in modules.items():
        for attribute in attributes:
            holder = items[attribute["path"][-1]] if attribute["path"] else tops[module]
            holder.add(attribute["keyword"])
    table = {
        "iods": {iod: " ".join(each["key"] for each in used) for iod, used in iods.items()},
        "modules": {module: " ".join(sorted(found)) for module, found in tops.items()},
        "items": {sequence: " ".join(sorted(found)) for sequence, found in items.items()},
    }
    content = json.dumps(table, indent=0, sort_keys=True)
    (HERE / "iod-attributes.json").write_text(content + "\n")


if __name__ == "__main__":
    main()
