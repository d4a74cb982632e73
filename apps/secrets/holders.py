"""Everything that is sealed: each encrypted column, and what other apps seal within columns that are not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from django.apps import apps
from django.db import models

from .envelope import unseal
from .fields import EncryptedTextField, Stored
from .places import Place

Change = Callable[[str, Place], str]


class Holder(Protocol):
    """A column with sealed texts in it."""

    @property
    def model(self) -> type[models.Model]: ...

    @property
    def column(self) -> str: ...

    def changed(self, row: Any, change: Change) -> Any:
        """The column's value with each sealed text put through `change`."""

    def open(self, stored: str, place: Place) -> str:
        """Opens what this column may hold, former formats too. Raises SecretError."""


@dataclass(frozen=True)
class FieldHolder:
    """An EncryptedTextField."""

    field: EncryptedTextField

    @property
    def model(self) -> type[models.Model]:
        return self.field.model

    @property
    def column(self) -> str:
        return self.field.attname

    def changed(self, row: models.Model, change: Change) -> Stored:
        held: Stored = row.__dict__[self.column]
        place = self.field.place(str(row.pk))
        return Stored(change(held.text, place), place.row) if held.text else held

    def open(self, stored: str, place: Place) -> str:
        return unseal(stored, place)


registered: list[Holder] = []


def register(holder: Holder) -> None:
    """Once, when the apps are ready."""
    registered.append(holder)


def holders() -> list[Holder]:
    found: list[Holder] = [
        FieldHolder(field)
        for model in apps.get_models()
        for field in model._meta.local_concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
    return sorted(found + registered, key=name_of)


def name_of(holder: Holder) -> str:
    """ "alerts.channel.sealed_address"."""
    return f"{holder.model._meta.label_lower}.{holder.column}"
