"""The table of attributes that a command is given: which patient and study a file belongs to.

It is read as tables beside the files are, but a wrong row stops the command. `path` names a file
or a folder, with or without the source's own name; the row that names the longest path counts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path, PurePosixPath

from converter.cells import MODALITY, PATH, SERIES, STUDY
from converter.engine import Attributes
from converter.errors import MetadataError
from converter.tables import TABLE_KIND, Key, keys_naming, path_parts, read_table
from pacs_portal.jobs.steps import StepFile

COLUMNS = tuple(attribute.name for attribute in fields(Attributes))
MORE_COLUMNS = (STUDY, SERIES, MODALITY)  # which images belong together, and how they were made
Row = dict[str, str]


def read_metadata(path: Path) -> list[Row]:
    """Return the rows of a table, empty cells left out.

    Raises
    ------
    MetadataError
        If the file cannot be read as such a table, or a row is wrong.
    """
    table = read_table(StepFile(path, (0,), TABLE_KIND, PurePosixPath(path.name)))
    if table.refusal:
        raise MetadataError(table.refusal)
    if table.problems:
        raise MetadataError(" ".join(table.told_problems()))
    if table.unknown_columns:
        known = ", ".join((PATH, *COLUMNS, *MORE_COLUMNS))
        raise MetadataError(f"The table has a column that is not known. Known are: {known}.")
    return [{PATH: "/".join(key), **row.values} for key, row in table.rows.items()]


def by_path(rows: Iterable[Row]) -> dict[Key, Row]:
    """Return the rows by the path that each names."""
    return {PurePosixPath(row.get(PATH, "")).parts: row for row in rows}


def row_for(name: PurePosixPath, rows: Mapping[Key, Row]) -> Row:
    """Return the attributes that the table, its rows by path, gives to the file `name`."""
    parts = path_parts(name)
    is_alone = len(parts) == 1  # and in no folder whose name may be left out
    best = Row()
    for key in keys_naming(parts, ()) if is_alone else keys_naming(parts[1:], parts[:1]):
        best = rows.get(key, best)
    return {column: value for column, value in best.items() if column != PATH}
