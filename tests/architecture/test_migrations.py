"""Releases nobody notices: a migration only adds, so that the release before it runs on the new schema.

Expand, deploy, then contract in a later release. What takes away, demands more than before, or what nobody can tell of
(SQL, Python) is named in `EXCEPTIONS` with the reason why the release before does not trip over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.models import Field

RULES_ADDED = "adds rows to the rules, a table of the same release"
NULL_PASSES = "the release before leaves the column null, which passes"
EXCEPTIONS = {
    "alerts.0002_default_rules: RunPython": RULES_ADDED,
    "alerts.0005_seal_channels: RunPython": "empties columns of a table that no release before 0.2.0 has",
    "alerts.0007_canary_rules: RunPython": RULES_ADDED,
    "live.0003_stream_time_and_retention: RunPython": "fills a column that the release before does not know",
    "portfolio.0005_long_and_short: AddConstraint cash_not_borrowed": "looser than cash_not_negative, now gone",
    "portfolio.0005_long_and_short: AddConstraint held_back_not_negative": "half of reserved_within_held, now gone",
    "portfolio.0005_long_and_short: AddConstraint reserved_not_negative": "half of reserved_within_cash, now gone",
    "portfolio.0005_long_and_short: AddConstraint reserved_within_own_cash": "looser than the other half of that",
    "portfolio.0005_long_and_short: AddConstraint reserved_within_position": "looser than the other half of that",
    "risk.0002_exposure_drawdown_and_own_limits: AddConstraint drawdown_pct_not_negative": NULL_PASSES,
    "risk.0002_exposure_drawdown_and_own_limits: AddConstraint exposure_pct_not_negative": NULL_PASSES,
    "risk.0002_exposure_drawdown_and_own_limits: AddConstraint exposure_usd_not_negative": NULL_PASSES,
}
"""Why the release before does not trip over it, or which release was the last to use what is taken away."""
TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
)
CANNOT_BE_TOLD = (migrations.RunSQL, migrations.RunPython, migrations.SeparateDatabaseAndState)


def faults() -> list[str]:
    """Of every migration of our own, in the order in which they are applied."""
    loader, state, seen, found = MigrationLoader(None), ProjectState(), set(), []
    own = {each.label for each in apps.get_app_configs() if each.name.startswith("apps.")}
    for leaf in sorted(loader.graph.leaf_nodes()):
        for key in loader.graph.forwards_plan(leaf):
            if key not in seen:
                seen.add(key)
                told = faults_of(loader.graph.nodes[key], state)
                found += [f"{key[0]}.{key[1]}: {fault}" for fault in told if key[0] in own]
    return found


def faults_of(migration: migrations.Migration, state: ProjectState) -> list[str]:
    """What the release before would trip over; a table that the same migration makes is new to everybody."""
    made: set[str] = set()
    found = []
    for operation in migration.operations:
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        elif getattr(operation, "model_name_lower", None) not in made:
            model = getattr(operation, "model_name_lower", "")
            found += demands_of(operation, state.models.get((migration.app_label, model)))
        operation.state_forwards(migration.app_label, state)
    return found


def demands_of(operation: Operation, model: ModelState | None) -> Iterator[str]:
    """A default that only a later migration gives comes too late: orders are placed between the two."""
    name = type(operation).__name__
    if isinstance(operation, (*TAKES_AWAY, *CANNOT_BE_TOLD)):
        yield name
    elif isinstance(operation, migrations.AddField) and fails_an_old_insert(operation.field):
        yield f"AddField {operation.model_name}.{operation.name} without null or db_default"
    elif isinstance(operation, migrations.AddConstraint):
        yield f"AddConstraint {operation.constraint.name}"
    elif isinstance(operation, migrations.AlterUniqueTogether):
        yield f"AlterUniqueTogether {operation.name}"
    elif isinstance(operation, migrations.AlterField) and model is not None:
        for demand in narrower(model.fields[operation.name], operation.field):
            yield f"AlterField {operation.model_name}.{operation.name} {demand}"


def fails_an_old_insert(field: Field) -> bool:
    """The release before does not know the column, and leaves it out."""
    return not (field.null or field.has_db_default() or field.many_to_many)


def narrower(old: Field, new: Field) -> Iterator[str]:
    """What the column no longer takes."""
    if old.null and not new.null:
        yield "is NOT NULL"
    if old.has_db_default() and not new.has_db_default():
        yield "has no db_default"
    if new.unique and not old.unique:
        yield "is unique"
    if (old.get_internal_type(), old.db_column) != (new.get_internal_type(), new.db_column):
        yield "is another column"
    elif any(less(ours, theirs) for ours, theirs in zip(sizes(new), sizes(old), strict=True)):
        yield "holds less"


def sizes(field: Field) -> tuple[int | None, int | None, int | None]:
    """Letters, digits before the point and after it."""
    places, digits = getattr(field, "decimal_places", None), getattr(field, "max_digits", None)
    return field.max_length, None if digits is None else digits - (places or 0), places


def less(ours: int | None, theirs: int | None) -> bool:
    return ours is not None and (theirs is None or ours < theirs)


def test_migrations_only_add() -> None:
    """And no exception is left over for what is no longer there."""
    found = faults()

    assert [each for each in found if each not in EXCEPTIONS] == []
    assert [each for each in EXCEPTIONS if each not in found] == []


def test_every_exception_says_why() -> None:
    assert [name for name, why in EXCEPTIONS.items() if len(why.split()) < 3] == []


def told(*operations: Operation) -> list[str]:
    """Faults of a migration on a table that is there already."""
    state = ProjectState()
    held: list[tuple[str, Any]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("words", models.CharField(max_length=20, null=True, db_default="")),
        ("price", models.DecimalField(max_digits=12, decimal_places=4)),
    ]
    state.add_model(ModelState("trades", "order", held))
    return faults_of(changed(*operations), state)


def changed(*operations: Operation) -> migrations.Migration:
    migration = migrations.Migration("0099_tried", "trades")
    migration.operations = list(operations)
    return migration


def test_the_rule_sees_what_takes_away_and_what_would_refuse_an_old_insert() -> None:
    made = migrations.CreateModel("order", [("id", models.BigAutoField(primary_key=True))])
    added = migrations.AddField("order", "never_there", models.IntegerField(default=0))
    kept = migrations.AddField("order", "never_there", models.IntegerField(db_default=0))

    assert told(migrations.RemoveField("order", "words")) == ["RemoveField"]
    assert told(added) == ["AddField order.never_there without null or db_default"]
    assert told(kept) == []
    assert faults_of(changed(made, added), ProjectState()) == []


WORDS: dict[str, Any] = {"max_length": 20, "null": True, "db_default": ""}


@pytest.mark.parametrize(
    ("name", "field", "demands"),
    [
        ("words", models.CharField(**{**WORDS, "null": False}), ["is NOT NULL"]),
        ("words", models.CharField(**{**WORDS, "max_length": 19}), ["holds less"]),
        ("words", models.CharField(**WORDS, unique=True), ["is unique"]),
        ("words", models.CharField(max_length=20, null=True), ["has no db_default"]),
        ("words", models.CharField(**WORDS, db_column="text"), ["is another column"]),
        ("words", models.IntegerField(null=True, db_default=0), ["is another column"]),
        ("words", models.CharField(**{**WORDS, "max_length": 40}, choices=[("a", "A")]), []),
        ("price", models.DecimalField(max_digits=12, decimal_places=6), ["holds less"]),
        ("price", models.DecimalField(max_digits=12, decimal_places=3), ["holds less"]),
        ("price", models.DecimalField(max_digits=14, decimal_places=6, null=True), []),
    ],
)
def test_the_rule_sees_a_column_that_takes_less(name: str, field: Field, demands: list[str]) -> None:
    altered = migrations.AlterField("order", name, field)

    assert told(altered) == [f"AlterField order.{name} {demand}" for demand in demands]


def test_the_rule_sees_what_refuses_rows_and_what_cannot_be_told() -> None:
    one = models.UniqueConstraint(fields=["words"], name="one_of_each")
    made = migrations.CreateModel(
        "order", [("id", models.BigAutoField(primary_key=True)), ("words", models.TextField())]
    )
    constrained = migrations.AddConstraint("order", one)

    assert told(constrained) == ["AddConstraint one_of_each"]
    assert faults_of(changed(made, constrained), ProjectState()) == []
    assert told(migrations.RunSQL("DROP TABLE trades_order")) == ["RunSQL"]
    assert told(migrations.RunPython(migrations.RunPython.noop)) == ["RunPython"]
    assert told(migrations.SeparateDatabaseAndState()) == ["SeparateDatabaseAndState"]
    assert told(migrations.AlterUniqueTogether("order", {("words",)})) == ["AlterUniqueTogether order"]
