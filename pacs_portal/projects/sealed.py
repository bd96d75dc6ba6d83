"""What is sealed where: each app registers its tables, so that a rotation reaches all of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Func, Q, QuerySet

from pacs_portal.projects.keys import VERSION, SealingKeys


def _nothing_stays(_project_id: UUID, _version: int) -> int:
    return 0


@dataclass(frozen=True)
class SealedTable:
    """Rows that depend on a version of a project's keys."""

    name: str  # for people
    # Rows that depend on another version than the one given, of the project given.
    outdated: Callable[[UUID, int], QuerySet[Any]]
    # Seals these rows anew and saves them, inside the caller's transaction.
    renew: Callable[[Sequence[Any], SealingKeys], None]
    # Counts rows of the project that depend on an older version and cannot be made anew.
    staying: Callable[[UUID, int], int] = _nothing_stays


_sources: list[Callable[[], Iterable[SealedTable]]] = []


def register_sealed(tables: Callable[[], Iterable[SealedTable]]) -> None:
    """Make the tables of an app known; apps call this in AppConfig.ready()."""
    _sources.append(tables)


def sealed_tables() -> tuple[SealedTable, ...]:
    """Return the tables of all apps."""
    return tuple(table for tables in _sources for table in tables())


def sealed_otherwise(rows: QuerySet[Any], version: int, *columns: str) -> QuerySet[Any]:
    """Return the rows with a value in `columns` that is sealed under another version."""
    is_outdated = Q()
    for column in columns:
        rows = rows.alias(**{f"{column}_version": _version_of(column)})
        is_current = Q(**{f"{column}_version": VERSION.pack(version)})
        is_outdated |= Q(**{f"{column}__isnull": False}) & ~is_current
    return rows.filter(is_outdated)


def _version_of(column: str) -> Func:
    """Return the first bytes of a sealed value, as the database sees them."""
    return Func(F(column), 1, VERSION.size, function="SUBSTR", output_field=models.BinaryField())
