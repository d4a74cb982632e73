"""Decimal columns stored as whole numbers, so that SQLite and PostgreSQL compare and sum them exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable

from apps.desk.money import decimal_of


class ScaledField(models.BigIntegerField):  # type: ignore[type-arg]
    """A Decimal with fixed `places`, kept as an integer of 10**-places units."""

    places = 0
    if TYPE_CHECKING:  # what the mypy plugin takes as the types of an attribute set and read
        _pyi_private_set_type: Decimal | Combinable  # type: ignore[assignment]
        _pyi_private_get_type: Decimal  # type: ignore[assignment]
        _pyi_lookup_exact_type: Decimal | int  # type: ignore[assignment]

    def get_prep_value(self, value: Any) -> Any:
        if value is None or hasattr(value, "resolve_expression"):
            return value
        scaled = decimal_of(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{self.name}: {value} has more than {self.places} decimal places")
        return int(scaled)

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> Decimal | None:
        return None if value is None else Decimal(int(value)).scaleb(-self.places)

    def to_python(self, value: Any) -> Decimal | None:
        try:
            return None if value is None else decimal_of(value)
        except (TypeError, ValueError) as error:
            raise ValidationError(str(error)) from error

    def value_to_string(self, obj: models.Model) -> str:
        value = self.value_from_object(obj)
        return "" if value is None else str(value)

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(
            self, **{"form_class": forms.DecimalField, "decimal_places": self.places, **kwargs}
        )

    @property
    def validators(self) -> list[Any]:
        return []  # BigIntegerField's range is that of the scaled integer, not of the Decimal


class MoneyField(ScaledField):
    """USD, or a local amount, to the cent."""

    places = 2


class PriceField(ScaledField):
    """A price in its instrument's currency, or a rate, to eight places."""

    places = 8


class PercentField(ScaledField):
    """Per cent, to two places."""

    places = 2


class QuantityField(ScaledField):
    """Shares, to eight places."""

    places = 8
