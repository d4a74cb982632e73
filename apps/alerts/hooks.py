"""Who else wants to know, in the same transaction: apps that stand above this one register here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from .models import Alert

alert_hooks: list[Callable[[Alert, datetime], Any]] = []
look_hooks: list[Callable[[Mapping[str, Any], datetime, datetime | None], Any]] = []


def on_alert(hook: Callable[[Alert, datetime], Any]) -> None:
    """Called with each alert that was raised or resolved."""
    alert_hooks.append(hook)


def on_look(hook: Callable[[Mapping[str, Any], datetime, datetime | None], Any]) -> None:
    """Called with what each look was told, its moment, and that of the look before (None of the first), once every
    rule is judged by it."""
    look_hooks.append(hook)
