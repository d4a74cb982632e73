"""A secret is typed, and never shown again: a form says that there is one, and how it ends."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db import models

from .refusals import SecretError

LEAST_FOR_AN_END = 12
SHOWN = 4


class SecretInput(forms.PasswordInput):
    """Empty whatever is stored, and no browser offers to fill it in."""

    def __init__(self, attrs: dict[str, Any] | None = None, render_value: bool = False) -> None:
        super().__init__({"autocomplete": "new-password", **(attrs or {})}, render_value=False)


class SecretField(forms.CharField):
    widget = SecretInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)


def said_of(instance: models.Model, name: str) -> str:
    """ "not set", "set, ends in …1234", "set" where four characters would be too much of it, or that it is lost."""
    try:
        text = str(getattr(instance, name))
    except SecretError:
        return "set, but it does not open: type it again"
    if not text:
        return "not set"
    return f"set, ends in …{text[-SHOWN:]}" if len(text) >= LEAST_FOR_AN_END else "set"
