"""Whether every secret opens, and under which keys they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .fields import sealed_under
from .holders import Holder, holders, name_of
from .places import Place
from .refusals import SecretError

CHUNK = 200


@dataclass
class Found:
    """Of one column: how many texts, how many under each key (by its id), and rows by primary key."""

    column: str
    under: Counter[str] = field(default_factory=Counter)
    unopened: dict[str, str] = field(default_factory=dict)
    """Row → why, without any value."""

    @property
    def texts(self) -> int:
        return self.under.total()

    def not_under(self, key_id: str) -> int:
        return self.texts - self.under[key_id]


def look() -> Iterator[Found]:
    """Opens everything, and locks nothing."""
    for holder in holders():
        yield look_at(holder)


def look_at(holder: Holder) -> Found:
    found = Found(name_of(holder))
    for row in holder.model._base_manager.order_by("pk").iterator(CHUNK):

        def tried(stored: str, place: Place, row_id: str = str(row.pk)) -> str:
            found.under[sealed_under(stored)] += 1
            try:
                holder.open(stored, place)
            except SecretError as error:
                found.unopened[row_id] = str(error)
            return stored

        holder.changed(row, tried)
    return found
