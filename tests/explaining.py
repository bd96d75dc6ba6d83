"""How the database answers what is asked of it."""

from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext


def explained(ask: Callable[[], object]) -> str:
    """Return the plan of the last statement of `ask`."""
    with CaptureQueriesContext(connection) as queries:
        ask()
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if not is_sqlite:  # PostgreSQL reads a table of few rows from end to end
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        cursor.execute(f"{explain} {queries[-1]['sql']}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())
