"""Locks that end with their transaction: many share one, or a single transaction has it alone.

SQLite needs none: there, a transaction that may write is the only one.
"""

from uuid import UUID

from django.db import connection
from django.db.transaction import TransactionManagementError

MASTER_KEYS = 0x7061_6373_3267_6F  # the installation's; no project's UUID starts like this


def key_versions(project_id: UUID) -> int:
    """Return the lock over which versions of a project's keys there are."""
    return int.from_bytes(project_id.bytes[:8], signed=True)


def share(lock: int) -> None:
    """Wait for who has the lock alone, and keep others from having it."""
    _lock("SELECT pg_advisory_xact_lock_shared(%s)", lock)


def take_alone(lock: int) -> None:
    """Wait for all who have or share the lock, and keep it."""
    _lock("SELECT pg_advisory_xact_lock(%s)", lock)


def _lock(statement: str, lock: int) -> None:
    if not connection.in_atomic_block:
        raise TransactionManagementError("This lock ends with a transaction; open one first.")
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(statement, [lock])
