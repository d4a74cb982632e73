"""A column that holds a secret: sealed for its row, read as text, found by no query and shown by nothing."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from .envelope import key_of, seal, unseal
from .keys import keyring
from .places import Place
from .refusals import Malformed, SecretError, Unbound
from .typed import SecretField, SecretInput


class Typed:
    """Text that no row has stored yet."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "[hidden]"


class Stored:
    """What a column holds. `row` is the primary key it was read with, `plain` its text once somebody has read it."""

    __slots__ = ("plain", "row", "text")

    def __init__(self, text: str, row: str | None = None, plain: str | None = None) -> None:
        self.text, self.row, self.plain = text, row, plain

    def __repr__(self) -> str:
        return "[sealed]"


class Opening(DeferredAttribute):
    """Opens when it is read. Raises SecretError where it does not open."""

    field: EncryptedTextField

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        if instance is None:
            return self
        return self.field.text_of(super().__get__(instance, cls), instance)

    def __set__(self, instance: Any, value: Any) -> None:
        if isinstance(value, Stored):
            value.row = value.row or row_of(instance)
        elif not (value is None or isinstance(value, str)):
            raise TypeError(f"{self.field.name} takes text")
        instance.__dict__[self.field.attname] = value if isinstance(value, Stored) else Typed(value or "")


def row_of(instance: models.Model) -> str | None:
    """Its primary key as text, without asking the database for it."""
    key = instance.__dict__.get(str(instance._meta.pk.attname))
    return None if key is None else str(key)


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]
    """Its model is a `HoldsSecrets`. Fixtures and `values()` hold no text of it, and no lookup finds it.

    Empty is stored as empty, so that whether there is a secret can be seen without a key.
    """

    descriptor_class = Opening

    def place(self, row: str) -> Place:
        return Place(self.model._meta.label_lower, row, self.attname)

    def text_of(self, held: Typed | Stored, instance: models.Model) -> str:
        """Raises SecretError."""
        if isinstance(held, Typed):
            return held.text
        if held.plain is None:
            row = held.row or row_of(instance)
            if held.text and row is None:
                raise Unbound(f"{self.name} was read without its row")
            held.plain = unseal(held.text, self.place(str(row))) if held.text else ""
        return held.plain

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """Seals what is new, and what an older key sealed: a row that was read before a rotation must not undo it."""
        held, row = model_instance.__dict__[self.attname], row_of(model_instance)
        at_home = isinstance(held, Stored) and held.row == row
        if at_home and (not held.text or sealed_under(held.text) == keyring().newest.id):
            return held
        try:
            text = self.text_of(held, model_instance)
        except SecretError:
            if at_home:
                return held  # the key may come back; until then it stays as it is
            raise
        if text and row is None:
            raise Unbound(f"{self.name} is sealed for its row, and this one has no number yet")
        fresh = Stored(seal(text, self.place(str(row))) if text else "", row, text)
        model_instance.__dict__[self.attname] = fresh
        return fresh

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Stored):
            return value.text
        if not value or hasattr(value, "resolve_expression"):
            return value or ""
        raise Unbound(f"{self.name} is sealed for its row: save the row")

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Stored:
        return Stored(value or "")

    def value_from_object(self, obj: models.Model) -> str:
        return ""  # what forms begin with, and what dumpdata writes

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Nothing typed keeps what is there."""
        if data:
            setattr(instance, self.attname, data)

    def get_lookup(self, lookup_name: str) -> Any:
        return None

    def get_transform(self, lookup_name: str) -> Any:
        return None

    def formfield(self, **kwargs: Any) -> Any:
        own = {"form_class": SecretField, "widget": SecretInput, "required": False, "max_length": self.max_length}
        return models.Field.formfield(self, **{**kwargs, **own})


def sealed_under(stored: str) -> str:
    """The id of its key; nothing for what is no sealed text."""
    try:
        return key_of(stored)
    except Malformed:
        return ""
