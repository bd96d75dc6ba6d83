"""The rows of a part's units, and which files are theirs, written many at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from pacs_portal.jobs.models import FileReceipt, JobPart, JobUnit
from pacs_portal.jobs.private_values import set_private_values
from pacs_portal.jobs.steps import PrivateValues
from pacs_portal.projects.keys import SealingKeys

BATCH_ROWS = 500


@dataclass(frozen=True)
class NewUnit:
    """A unit that is to be, and the receipts of its files."""

    number: int
    plan: Mapping[str, object]
    private: PrivateValues = field(repr=False)
    receipt_ids: Sequence[int]


def write_units(part: JobPart, units: Sequence[NewUnit], keys: SealingKeys) -> None:
    """Write the units of `part`; their files belong to no other unit afterwards."""
    rows = [JobUnit(part=part, number=unit.number, plan=dict(unit.plan)) for unit in units]
    for row, unit in zip(rows, units, strict=True):
        set_private_values(row, unit.private, keys)
    JobUnit.objects.bulk_create(rows, batch_size=BATCH_ROWS)
    _give(
        [
            (row.pk, receipt_id)
            for row, unit in zip(rows, units, strict=True)
            for receipt_id in unit.receipt_ids
        ]
    )


def _give(pairs: Sequence[tuple[int, int]]) -> None:
    """Set units of receipts: one prepared statement, since a job may have 100,000 of them."""
    quote = connection.ops.quote_name
    table, unit, key = (quote(name) for name in (FileReceipt._meta.db_table, "unit_id", "id"))
    with connection.cursor() as cursor:
        cursor.executemany(f"UPDATE {table} SET {unit} = %s WHERE {key} = %s", pairs)  # noqa: S608
