"""What the labels of a volume are called and how they are colored, from a table beside it.

Tables of BIDS (`_dseg.tsv`), ITK-SNAP (label descriptions), 3D Slicer (`.ctbl`) and a JSON object.
"""

import csv
import html
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from converter.engine.errors import ConversionError
from converter.engine.errors import gettext_noop as _

Color = tuple[int, int, int]

_LARGEST_BYTES = 4 << 20
_LONGEST_NAME = 64  # of VR LO
_JSON_KEYS = ("Labels", "labels", "LabelMap", "labelmap", "Levels")
_HEX = re.compile(r"#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?")
_XML_LABEL = re.compile(
    rb"<Label\s([^<>]{0,500})>([^<>]{0,500}|<!\[CDATA\[[^<>]{0,500}\]\]>)</Label>"
)
_XML_VALUE = re.compile(rb'(\w{1,20})="([^"]{0,100})"')
_QUOTED = re.compile(r'^\s*(-?\d{1,18})((?:\s+[\d.]+){6})\s+"([^"]*)"')


@dataclass(frozen=True)
class LabelName:
    """How people call a label, "" if nobody said, and its color as red, green, blue to 255."""

    name: str = ""
    color: Color | None = None


@dataclass(frozen=True)
class LabelNames:
    """Names by voxel value; `is_manual` says who drew them, where a sidecar knows."""

    by_value: Mapping[int, LabelName] = field(default_factory=dict, repr=False)
    is_manual: bool | None = None


def read_label_names(
    table: Path | None, sidecar: Path | None, extension: bytes = b""
) -> LabelNames:
    """Read what is beside a label map, and in its header.

    Parameters
    ----------
    table : Path or None
        Text: tab-separated with the columns index and name (color where given) as in BIDS, a label
        description of ITK-SNAP, or a color table of 3D Slicer.
    sidecar : Path or None
        A JSON object: `Labels` maps a value to its name, or to an object with `name` and `color`,
        or a name to its value; `Manual` (BIDS) says whether a person drew them.
    extension : bytes
        The header's extensions: the label table of Connectome Workbench (XML) is looked for.

    Returns
    -------
    LabelNames
        Names in one line of at most 64 characters; the table counts more than the sidecar, and
        this more than the header.

    Raises
    ------
    ConversionError
        Code "damaged", if one of the files cannot be read as such.

    References
    ----------
    Brain Imaging Data Structure, Imaging derivatives, Segmentations.
    """
    given = _json_object(_content(sidecar)) if sidecar else {}
    names = dict(_extension_names(extension)) | dict(_json_names(given))
    if table:
        names |= dict(_table_names(_content(table)))
    manual = given.get("Manual")
    return LabelNames(names, manual if isinstance(manual, bool) else None)


def _content(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(_LARGEST_BYTES + 1)
    try:
        if len(content) <= _LARGEST_BYTES:
            return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    raise _unreadable()


def _unreadable() -> ConversionError:
    return ConversionError(
        _(
            "The names of labels beside this volume cannot be read. "
            "Correct their file, or leave it out."
        ),
        "damaged",
    )


def _json_object(content: str) -> dict[str, Any]:
    try:
        given = json.loads(content)
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, dict):
        raise _unreadable()
    return given


def _json_names(given: Mapping[str, Any]) -> Iterator[tuple[int, LabelName]]:
    """Yield names from any of the usual shapes; what has none is passed over."""
    tables = [given[key] for key in _JSON_KEYS if isinstance(given.get(key), dict)]
    for key, said in (tables[0] if tables else {}).items():
        value = _whole(key)
        if value is None:  # the name comes first
            value, said = _whole(said), key
        entry = said if isinstance(said, dict) else {"name": said}
        if value is not None:
            yield value, LabelName(_name(entry.get("name")), _color(entry.get("color")))


def _extension_names(extension: bytes) -> Iterator[tuple[int, LabelName]]:
    """Yield the labels of a GIFTI label table; as text, since an XML parser can be led astray."""
    for match in _XML_LABEL.finditer(extension):
        said = {
            key.decode(): value.decode("utf-8", "replace")
            for key, value in _XML_VALUE.findall(match[1])
        }
        value = _whole(said.get("Key"))
        if value is not None:
            text = match[2].removeprefix(b"<![CDATA[").removesuffix(b"]]>")
            name = html.unescape(text.decode("utf-8", "replace"))
            yield value, LabelName(_name(name), _shares(said))


def _shares(said: Mapping[str, str]) -> Color | None:
    """Read a color given as shares from 0 to 1."""
    try:
        return _triple([round(float(said[part]) * 255) for part in ("Red", "Green", "Blue")])
    except (KeyError, ValueError, OverflowError):
        return None


def _table_names(content: str) -> Iterator[tuple[int, LabelName]]:
    lines = content.splitlines()
    heading = next((line for line in lines if line.strip()), "")
    columns = [name.strip().lower() for name in heading.split("\t")]
    if {"index", "name"} <= set(columns):
        yield from _tab_separated(lines)
        return
    read: Callable[[str], tuple[int, LabelName] | None]
    read = _described if any(_QUOTED.match(line) for line in lines) else _color_entry
    found = [entry for line in lines if not line.lstrip().startswith("#") if (entry := read(line))]
    if not found:
        raise _unreadable()
    yield from found


def _tab_separated(lines: list[str]) -> Iterator[tuple[int, LabelName]]:
    """BIDS: the columns index and name, and a color in hexadecimal digits."""
    reader = csv.reader((line for line in lines if line.strip()), delimiter="\t", quoting=3)
    columns = [name.strip().lower() for name in next(reader)]
    for cells in reader:
        row = dict(zip(columns, cells, strict=False))
        value = _whole(row.get("index"))
        if value is not None:
            yield value, LabelName(_name(row.get("name")), _color(row.get("color")))


def _described(line: str) -> tuple[int, LabelName] | None:
    """ITK-SNAP: index, red, green, blue, three numbers of the display, "name"."""
    match = _QUOTED.match(line)
    if match is None:
        return None
    return int(match[1]), LabelName(_name(match[3]), _color(match[2].split()[:3]))


def _color_entry(line: str) -> tuple[int, LabelName] | None:
    """3D Slicer: index, name without blanks, red, green, blue, opacity."""
    cells = line.split()
    value = _whole(cells[0]) if len(cells) >= 5 else None
    if value is None:
        return None
    return value, LabelName(_name(cells[1].replace("_", " ")), _color(cells[2:5]))


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    text = str(value).strip() if isinstance(value, int | str) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None


def _name(value: object) -> str:
    if not isinstance(value, str):
        return ""
    plain = "".join(c if c.isprintable() and c != "\\" else " " for c in value)
    return " ".join(plain.split())[:_LONGEST_NAME].strip()


def _color(value: object) -> Color | None:
    """Read #rrggbb, or three numbers to 255."""
    if isinstance(value, str):
        match = _HEX.fullmatch(value.strip())
        return _triple(bytes.fromhex(match[1])) if match else None
    if not isinstance(value, list) or len(value) < 3:
        return None
    try:
        return _triple([round(float(part)) for part in value[:3]])
    except (TypeError, ValueError, OverflowError):
        return None


def _triple(parts: list[int] | bytes) -> Color | None:
    red, green, blue = parts[:3]
    return (red, green, blue) if max(red, green, blue) <= 255 and min(parts[:3]) >= 0 else None
