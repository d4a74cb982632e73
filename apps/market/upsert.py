"""Many rows of one table by one statement: what a desk keeps each second of every symbol, and each minute of every
account."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections, models, transaction

ROWS_AT_ONCE = 500


def upsert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    unique: Sequence[str],
    update: Sequence[str] = (),
) -> None:
    """Inserts `rows`, which have a value for each of `columns`, all or none of them. Of a row that is there by its
    `unique` columns those of `update` are written; without any it stays as it is.

    It is `bulk_create` with conflicts, which makes an object of each row and an expression of each value: that costs
    several times the rest of it. No signal is sent.
    """
    connection = connections[DEFAULT_DB_ALIAS]  # asked for once: each value is written as its database does
    fields = {field.name: field for field in model._meta.concrete_fields}
    prepared = [fields[column].get_db_prep_save for column in columns]
    most = (connection.features.max_query_params or ROWS_AT_ONCE * len(columns)) // len(columns)
    left = iter(rows)
    with transaction.atomic(savepoint=False), connection.cursor() as cursor:
        while some := list(islice(left, most)):
            values = [prepare(value, connection) for row in some for prepare, value in zip(prepared, row, strict=True)]
            cursor.execute(statement(model, columns, len(some), unique, update), values)


def statement(
    model: type[models.Model], columns: Sequence[str], rows: int, unique: Sequence[str], update: Sequence[str]
) -> str:
    """In the words that SQLite and PostgreSQL share."""

    quote = connections[DEFAULT_DB_ALIAS].ops.quote_name
    quoted = {field.name: quote(str(field.column)) for field in model._meta.concrete_fields}

    def named(names: Sequence[str]) -> list[str]:
        return [quoted[name] for name in names]

    row = f"({', '.join(['%s'] * len(columns))})"
    written = ", ".join(f"{name} = EXCLUDED.{name}" for name in named(update))
    return (  # nothing but names of the model's own
        f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(named(columns))})"  # noqa: S608
        f" VALUES {', '.join([row] * rows)}"
        f" ON CONFLICT ({', '.join(named(unique))}) DO {f'UPDATE SET {written}' if update else 'NOTHING'}"
    )
