"""Releases nobody notices: a migration only adds, so that the release before it runs on the new schema.

Expand, deploy, then contract in a later release: what takes away is named here, with the release that last used it.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models import Field

CONTRACTS: dict[str, str] = {}
"""`app.0007_name` of what takes away: which release was the last to use it."""
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)


def own_migrations() -> Iterator[migrations.Migration]:
    loader = MigrationLoader(None)
    labels = {each.label for each in apps.get_app_configs() if each.name.startswith("apps.")}
    for (label, _), migration in sorted(loader.disk_migrations.items()):
        if label in labels:
            yield migration


def fails_an_old_insert(field: Field) -> bool:
    """The release before does not know the column, and leaves it out."""
    return not (field.null or field.has_db_default() or field.many_to_many)


def faults_of(operation: Operation, made: set[str]) -> Iterator[str]:
    """What the release before would trip over; a table that the same migration makes is new to everybody.

    A default that only a later migration gives comes too late: orders are placed between the two.
    """
    if isinstance(operation, TAKES_AWAY):
        yield type(operation).__name__
    is_new = isinstance(operation, migrations.AddField) and operation.model_name_lower not in made
    if is_new and fails_an_old_insert(operation.field):
        yield f"AddField {operation.model_name}.{operation.name} without null or db_default"


def test_migrations_only_add() -> None:
    faults = []
    for migration in own_migrations():
        made = {each.name_lower for each in migration.operations if isinstance(each, migrations.CreateModel)}
        name = f"{migration.app_label}.{migration.name}"
        if name not in CONTRACTS:
            faults += [f"{name}: {fault}" for each in migration.operations for fault in faults_of(each, made)]

    assert faults == []


def test_the_rule_sees_what_takes_away_and_what_would_refuse_an_old_insert() -> None:
    added = migrations.AddField("order", "never_there", models.IntegerField(default=0))
    kept = migrations.AddField("order", "never_there", models.IntegerField(db_default=0))

    assert list(faults_of(migrations.RemoveField("order", "seed"), set())) == ["RemoveField"]
    assert list(faults_of(added, set())) == ["AddField order.never_there without null or db_default"]
    assert list(faults_of(added, {"order"})) == []
    assert list(faults_of(kept, set())) == []
