"""The database itself refuses to change a version of a profile, whoever asks."""

from django.db.backends.base.base import BaseDatabaseWrapper

TABLE = "pseudonymizer_profileversion"
SENTENCE = "Versions of a profile are never changed."

STATEMENTS = {
    "sqlite": (
        f"CREATE TRIGGER profile_version_no_update BEFORE UPDATE ON {TABLE} "
        f"BEGIN SELECT RAISE(ABORT, '{SENTENCE}'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION profile_version_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{SENTENCE}'; END $$",
        f"CREATE TRIGGER profile_version_no_update BEFORE UPDATE ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION profile_version_refuse()",
    ),
}
UNDO = {
    "sqlite": ("DROP TRIGGER IF EXISTS profile_version_no_update",),
    "postgresql": (
        f"DROP TRIGGER IF EXISTS profile_version_no_update ON {TABLE}",
        "DROP FUNCTION IF EXISTS profile_version_refuse()",
    ),
}


def create_triggers(connection: BaseDatabaseWrapper) -> None:
    """Make the rows of the table unchangeable."""
    _execute(connection, STATEMENTS[connection.vendor])


def drop_triggers(connection: BaseDatabaseWrapper) -> None:
    """Undo it."""
    _execute(connection, UNDO[connection.vendor])


def _execute(connection: BaseDatabaseWrapper, statements: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
