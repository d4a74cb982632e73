"""Moves every secret under the newest key: a batch, a commit; who is killed goes on behind the last batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models, transaction

from .envelope import seal
from .fields import sealed_under
from .holders import Holder, holders, name_of
from .keys import keyring
from .models import Rotation
from .places import Place
from .refusals import SecretError

BATCH = 100


@dataclass(frozen=True, slots=True)
class Step:
    """What one batch did: texts that were moved, and the last row it looked at."""

    column: str
    moved: int
    after: str


def rotate(batch: int = BATCH) -> Iterator[Step]:
    """Yields after each commit. What does not open is left as it is; `queries.look` names it."""
    for holder in holders():
        while done := step(holder, batch):
            yield done


@transaction.atomic
def step(holder: Holder, batch: int) -> Step | None:
    """One batch, its rows locked; None at the end of a round. Two at a time take turns."""
    newest = keyring().newest.id
    Rotation.objects.get_or_create(column=name_of(holder), defaults={"key_id": newest})
    progress = Rotation.objects.select_for_update().get(column=name_of(holder))
    if progress.key_id != newest:
        progress.key_id, progress.after = newest, ""
    rows = rows_of(holder, progress.after).select_for_update()[:batch]
    moved, last = 0, ""
    for row in rows:
        moved += move(holder, row, newest)
        last = str(row.pk)
    progress.after = last
    progress.save()
    return Step(progress.column, moved, last) if last else None


def rows_of(holder: Holder, after: str) -> models.QuerySet[models.Model]:
    rows = holder.model._base_manager.order_by("pk")
    return rows.filter(pk__gt=after) if after else rows


def move(holder: Holder, row: models.Model, newest: str) -> int:
    """How many texts of the row were sealed anew, each under a data key of its own."""
    moved = 0

    def anew(stored: str, place: Place) -> str:
        nonlocal moved
        if sealed_under(stored) == newest:
            return stored
        try:
            text = holder.open(stored, place)
        except SecretError:
            return stored
        moved += 1
        return seal(text, place)

    value = holder.changed(row, anew)
    if moved:
        holder.model._base_manager.filter(pk=row.pk).update(**{holder.column: value})
    return moved
