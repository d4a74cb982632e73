"""How the database is emptied after a test whose transactions are real."""

from __future__ import annotations

from django.core.management.color import no_style
from django.db import connections
from django.test import TransactionTestCase

KEPT = {"auth_permission", "django_content_type"}
"""Django's own way makes both again after each test as `migrate` made them, by some hundred statements."""


def empty_tables(case: TransactionTestCase) -> None:
    for name in case._databases_names(include_mirrors=False):
        connection = connections[name]
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        flush = connection.ops.sql_flush(no_style(), [table for table in tables if table not in KEPT])
        connection.ops.execute_sql_flush(flush)
