"""Statements that are run with every order: Django builds the SQL of each once for a connection, and values are bound.

Building it anew took Django longer than PostgreSQL took to answer. What a statement says stays Django's own (queries,
fields, converters), so that it is the same on both databases.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, UpdateQuery

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Given(Expression):
    """Stands in a query for what is known when it is run, and is passed to it by that name; None equals nothing."""

    def __init__(self, name: str, output_field: Field[Any, Any]) -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return "%s", [self]


class Prepared(ABC):
    """One statement; each connection has it as its own database writes it."""

    def built(self, connection: Any) -> Any:
        known: dict[Prepared, Any] = vars(connection).setdefault("prepared", {})
        found = known.get(self)
        if found is None:
            found = known[self] = self.build(connection)
        return found

    @abstractmethod
    def build(self, connection: Any) -> Any: ...


class Bound:
    """SQL with its parameters, of which some are given each time."""

    def __init__(self, sql: str, params: Iterable[Any], connection: Any) -> None:
        self.sql, self.connection, self.params = sql, connection, tuple(params)

    def values(self, given: dict[str, Any]) -> list[Any]:
        return [self.value(each, given) for each in self.params]

    def value(self, param: Any, given: dict[str, Any]) -> Any:
        if not isinstance(param, Given):
            return param
        return param.output_field.get_db_prep_value(given[param.name], self.connection)


class Rows(Bound):
    """What a query reads: instances of its model, with related ones it selects, or tuples where it names columns."""

    def __init__(self, query: QuerySet[Any, Any], connection: Any) -> None:
        compiler = query.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        super().__init__(sql, params, connection)
        columns = [column for column, *_ in compiler.select]
        self.converters, self.compiler = compiler.get_converters(columns), compiler
        self.model: type[Model] | None = None
        if query.query.default_cols:
            self.model, own = query.model, compiler.klass_info["select_fields"]
            self.names = [columns[place].target.attname for place in own]
            beside = compiler.klass_info, compiler.select, connection.alias
            self.related = get_related_populators(*beside)  # type: ignore[call-arg]

    def read(self, rows: Sequence[Any]) -> list[Any]:
        found = self.compiler.apply_converters(rows, self.converters) if self.converters else rows
        return [tuple(row) if self.model is None else self.instance(self.model, row) for row in found]

    def instance(self, model: type[Model], row: Sequence[Any]) -> Model:
        made = model.from_db(self.connection.alias, self.names, row[: len(self.names)])
        for each in self.related:
            each.populate(row, made)
        return made


class PreparedRead(Prepared, Generic[T]):
    """A query whose values are `Given`; it is made anew for each connection, so give what makes it."""

    def __init__(self, query: Callable[[], QuerySet[Any, T]]) -> None:
        self.query = query

    def build(self, connection: Any) -> Rows:
        return Rows(self.query(), connection)

    def all(self, **given: Any) -> list[T]:
        connection = connections[DEFAULT_DB_ALIAS]
        rows: Rows = self.built(connection)
        with connection.cursor() as cursor:
            cursor.execute(rows.sql, rows.values(given))
            return rows.read(cursor.fetchall())

    def first(self, **given: Any) -> T | None:
        return next(iter(self.all(**given)), None)


class PreparedUpdate(Prepared):
    """Sets columns of the rows of a query."""

    def __init__(self, query: Callable[[], QuerySet[Any, Any]], **columns: Given) -> None:
        self.query, self.columns = query, columns

    def build(self, connection: Any) -> Bound:
        update: Any = self.query().query.chain(UpdateQuery)
        update.add_update_values(self.columns)
        sql, params = update.get_compiler(connection=connection).as_sql()
        return Bound(sql, params, connection)

    def run(self, **given: Any) -> int:
        """How many rows there were."""
        connection = connections[DEFAULT_DB_ALIAS]
        bound: Bound = self.built(connection)
        with connection.cursor() as cursor:
            cursor.execute(bound.sql, bound.values(given))
            count: int = cursor.rowcount
        return count


class PreparedInsert(Prepared, Generic[M]):
    """A new row of a model, all of it: as `save(force_insert=True)`, but without its signals."""

    def __init__(self, model: type[M]) -> None:
        self.model = model
        auto = model._meta.auto_field
        self.fields = [field for field in model._meta.local_concrete_fields if field is not auto]

    def build(self, connection: Any) -> str:
        insert = InsertQuery(self.model)
        insert.insert_values(self.fields, [self.model()])
        ((sql, _),) = insert.get_compiler(connection=connection).as_sql()
        return str(sql)

    def save(self, row: M) -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in self.fields]
        with connection.cursor() as cursor:
            cursor.execute(self.built(connection), values)
        row._state.adding, row._state.db = False, connection.alias
