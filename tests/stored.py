"""Reads everything that the database holds, to look for what must not stand there."""

from uuid import UUID

from django.db import connection


def everything_stored() -> str:
    """Return every value of every table in small letters, bytes and UUIDs as hex."""
    texts: list[str] = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608
            texts += (_text(value) for row in cursor.fetchall() for value in row)
    return "\n".join(texts).lower()


def _text(value: object) -> str:
    if isinstance(value, UUID | bytes | memoryview):
        return value.hex if isinstance(value, UUID) else value.hex()
    return str(value)
