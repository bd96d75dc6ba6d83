"""A table of attributes beside the images: which patient and study a file or folder belongs to.

CSV with a heading: `path` names a file or a folder (with or without the source's own name; empty
for all), the other columns are attributes. The row that names the longest path counts.
"""

import csv
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path, PurePosixPath

from converter.cells import MODALITY, SERIES, STUDY
from converter.engine import Attributes
from converter.errors import MetadataError

PATH = "path"
COLUMNS = tuple(attribute.name for attribute in fields(Attributes))
MORE_COLUMNS = (STUDY, SERIES, MODALITY)  # which images belong together, and how they were made
Row = dict[str, str]


def read_metadata(path: Path) -> list[Row]:
    """Return the rows of a table, empty cells left out.

    Raises
    ------
    MetadataError
        If the file cannot be read as such a table.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            _check_heading(reader.fieldnames)
            return [_row(row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error):
        raise MetadataError("The metadata file cannot be read. Save it as CSV in UTF-8.") from None


def row_for(name: PurePosixPath, rows: Sequence[Row]) -> Row:
    """Return the attributes that the table gives to the file `name`."""
    names = {name, PurePosixPath(*name.parts[1:])}
    best, depth = Row(), -1
    for row in rows:
        wanted = PurePosixPath(row.get(PATH, ""))
        fits = any(candidate.is_relative_to(wanted) for candidate in names)
        if fits and len(wanted.parts) > depth:
            best, depth = row, len(wanted.parts)
    return {column: value for column, value in best.items() if column != PATH}


def _check_heading(heading: Sequence[str] | None) -> None:
    unknown = set(heading or ()) - {PATH, *COLUMNS, *MORE_COLUMNS}
    if PATH not in (heading or ()) or unknown:
        known = ", ".join(COLUMNS + MORE_COLUMNS)
        raise MetadataError(f"The metadata file needs a heading with {PATH} and any of: {known}.")


def _row(row: dict[str, str | None]) -> Row:
    """Take dates also as people write them in tables, 1956-02-28."""
    return {
        column: value.strip().replace("-", "") if column.endswith("_date") else value.strip()
        for column, value in row.items()
        if isinstance(value, str) and value.strip()
    }
