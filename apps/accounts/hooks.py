"""What else ends when a user is suspended, in the same transaction: apps that stand above this one register here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

suspend_hooks: list[Callable[[Any, datetime], str]] = []


def on_suspend(hook: Callable[[Any, datetime], str]) -> None:
    """Called with the user; says in words what it has ended, for the audit log."""
    if hook not in suspend_hooks:
        suspend_hooks.append(hook)
