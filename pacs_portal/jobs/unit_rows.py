"""The rows of a part's units, and which files are theirs, written many at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection

from pacs_portal.inserting import insert_rows
from pacs_portal.jobs.models import FileReceipt, JobPart, JobUnit
from pacs_portal.jobs.private_values import seal_private_values
from pacs_portal.jobs.steps import PrivateValues
from pacs_portal.projects.keys import SealingKeys


@dataclass(frozen=True)
class NewUnit:
    """A unit that is to be, and the receipts of its files."""

    number: int
    plan: Mapping[str, object]
    private: PrivateValues = field(repr=False)
    receipt_ids: Sequence[int]


class UnitRow(NamedTuple):
    """The row of a unit; the names are those of `JobUnit`."""

    part_id: int
    number: int
    plan: Mapping[str, object]
    sealed_values: bytes | None


def write_units(part: JobPart, units: Sequence[NewUnit], keys: SealingKeys) -> None:
    """Write the units of a new part; their files belong to no other unit afterwards."""
    insert_rows(JobUnit, UnitRow._fields, (_row(part.pk, unit, keys) for unit in units))
    ids = dict(JobUnit.objects.filter(part=part).values_list("number", "pk"))
    _give([(ids[unit.number], receipt_id) for unit in units for receipt_id in unit.receipt_ids])


def _row(part_id: int, unit: NewUnit, keys: SealingKeys) -> UnitRow:
    sealed = seal_private_values(part_id, unit.number, unit.private, keys)
    return UnitRow(part_id, unit.number, dict(unit.plan), sealed)


def _give(pairs: Sequence[tuple[int, int]]) -> None:
    """Set units of receipts: one prepared statement, since a job may have 100,000 of them."""
    quote = connection.ops.quote_name
    table, unit, key = (quote(name) for name in (FileReceipt._meta.db_table, "unit_id", "id"))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {unit} = %s WHERE {key} = %s", pairs)  # noqa: S608
